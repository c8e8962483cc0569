package lane

import (
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"quoll/jute"
	"quoll/processor/flow"
	"quoll/processor/mail"
)

// crowd opens n connections of one lane, each with a session.
func crowd(l *Lane, n int) (streams []*Stream, outs []*output) {
	for i := range n {
		out := &output{}
		s := l.Open(out, netip.MustParseAddrPort("10.0.0.1:4444"))
		s.phase, s.session, s.timeoutMillis = serving, jute.SessionID(i+1), 4000
		streams, outs = append(streams, s), append(outs, out)
	}
	return streams, outs
}

// Ten thousand connections with large requests come in the order in which they asked, one for each
// that is answered, although newcomers ask all the time.
func TestTheLastOfTenThousandGetsItsBulkTurn(t *testing.T) {
	const n = 10_000
	l, core := testLane(t, 0, 1)
	l.Rules.BulkBytes, l.bulk.Most = 100, 100
	streams, outs := crowd(l, 2*n)
	in := request(1, jute.OpSetData, &jute.SetDataRequest{
		Path: []byte("/big"), Data: make([]byte, 200), Version: -1,
	})
	try := func(i int) bool { return !outs[i].parked && streams[i].Input(in) > 0 }
	require.True(t, try(0))
	for i := 1; i < n; i++ {
		require.False(t, try(i))
	}
	l.Turn()
	require.Equal(t, n-1, l.bulk.Len())
	for i := 1; i < n; i++ {
		require.False(t, try(n+i-1), "a newcomer")
		l.answerAll(core)
		require.False(t, outs[i].parked, "%d is called", i)
		require.True(t, outs[i+1].parked, "and not the next")
		require.True(t, try(i), "%d comes", i)
		l.Turn()
		require.Len(t, core.requests, 1)
	}
}

// The same for globalOutstandingLimit. Each connection waits with one request in the core that is
// not answered, so that nothing but the line lets it go on.
func TestTheLastOfTenThousandComesBelowTheGlobalLimit(t *testing.T) {
	const n, most = 10_000, 1000
	l, core := testLane(t, 0, 1)
	l.Rules.OutstandingLimit = n + most - 1
	streams, outs := crowd(l, n+1)
	greedy, greedyOut := streams[n], outs[n]
	set := request(1, jute.OpSetData, &jute.SetDataRequest{Path: []byte("/big"), Version: -1})
	for _, s := range streams[:n] {
		require.Equal(t, len(set), s.Input(set))
	}
	for range most {
		require.Equal(t, len(set), greedy.Input(set), "up to the limit")
	}
	l.Turn()
	require.Len(t, core.requests, n+most)
	answerable := core.requests[n:]
	for i, s := range streams[:n] {
		require.Zero(t, s.Input(set))
		require.True(t, outs[i].parked)
	}
	for i, s := range streams[:n] {
		core.requests = nil
		l.answerAll(&sink{requests: answerable[:1]})
		answerable = answerable[1:]
		if i == 0 {
			require.Zero(t, greedy.Input(set), "there is room, and others wait for it")
			require.True(t, greedyOut.parked)
		}
		require.False(t, outs[i].parked, "%d is called", i)
		if i+1 < n {
			require.True(t, outs[i+1].parked, "and not the next")
		}
		require.Equal(t, len(set), s.Input(set), "%d comes", i)
		l.Turn()
		answerable = append(answerable, core.requests...)
	}
	require.False(t, greedyOut.parked, "it has nothing in the core any more")
	require.Equal(t, len(set), greedy.Input(set))
	require.Zero(t, l.global.Len())
}

// A connection that is called comes later than it may. If the room is gone by then it waits again
// at its place, and no connection behind it comes before it.
func TestWhoIsCalledTooEarlyKeepsHisPlace(t *testing.T) {
	l, core := testLane(t, 0, 1)
	l.Rules.OutstandingLimit = 3
	streams, outs := crowd(l, 4)
	set := request(1, jute.OpSetData, &jute.SetDataRequest{Path: []byte("/big"), Version: -1})
	for _, s := range streams {
		require.NotZero(t, s.Input(set))
	}
	l.Turn()
	first := core.requests
	for i, s := range streams[:2] {
		require.Zero(t, s.Input(set))
		require.True(t, outs[i].parked)
	}
	l.answerAll(&sink{requests: first[2:]}) // both are called
	require.False(t, outs[0].parked || outs[1].parked)
	require.NotZero(t, streams[2].Input(set), "nothing of its own in the core: it may")
	require.NotZero(t, streams[3].Input(set))
	require.Zero(t, streams[0].Input(set), "no room any more")
	require.True(t, outs[0].parked)
	core.requests = nil
	l.Turn()
	l.answerAll(&sink{requests: core.requests[:1]})
	require.False(t, outs[0].parked, "the first is called first")
	require.Zero(t, streams[1].Input(set), "not its turn any more")
	require.True(t, outs[1].parked)
	require.NotZero(t, streams[0].Input(set))
}

// A connection that ends, is deaf or does not take its replies holds up nobody in line.
func TestWhoCannotComeLeavesTheLine(t *testing.T) {
	for name, leave := range map[string]func(s *Stream){
		"closed":      func(s *Stream) { s.Closed(nil) },
		"output full": func(s *Stream) { s.OutputFull(true) },
		"deaf": func(s *Stream) {
			d := s.Box.Blank()
			d.Items = append(d.Items, mail.Item{Conn: &s.Conn, Kind: mail.Dropped})
			s.Box.Put(d)
			s.lane.outstanding.Add(1)
			s.inFlight++
			s.lane.Drain()
		},
	} {
		t.Run(name, func(t *testing.T) {
			l, core := testLane(t, 0, 1)
			woken := false
			l.box = mail.NewBox(func() { woken = true })
			l.Rules.BulkBytes, l.bulk.Most = 100, 100
			streams, outs := crowd(l, 3)
			in := request(1, jute.OpSetData, &jute.SetDataRequest{
				Path: []byte("/big"), Data: make([]byte, 200), Version: -1,
			})
			for _, s := range streams {
				s.Input(in)
			}
			l.Turn()
			l.answerAll(core)
			require.False(t, outs[1].parked, "called")
			require.True(t, outs[2].parked)
			woken = false
			leave(streams[1])
			require.True(t, woken, "the lane looks whom to call")
			l.Drain()
			require.False(t, outs[2].parked)
		})
	}
}

// looking counts the looks at it.
type looking struct {
	output
	looks int
}

func (o *looking) HungUp() bool { o.looks++; return false }

// A tick looks at the connections that wait, some a turn, and at no others. A lane without any is
// not even woken.
func TestATickLooksAtThoseThatWait(t *testing.T) {
	const idle, waiting = 10_000, 2*looksPerTurn + 10
	l, _ := testLane(t, 0, 1)
	wakes := 0
	l.box = mail.NewBox(func() { wakes++ })
	crowd(l, idle)
	l.Tick()
	require.Zero(t, wakes, "nobody waits")
	var outs []*looking
	var streams []*Stream
	for range waiting {
		out := &looking{}
		s := l.Open(out, netip.MustParseAddrPort("10.0.0.1:4444"))
		s.phase = serving
		s.wait(flow.InFlight)
		outs, streams = append(outs, out), append(streams, s)
	}
	look := func() (turns int) {
		for l.Tick(); wakes > 0; turns++ {
			wakes = 0
			l.Drain()
		}
		return turns
	}
	require.Equal(t, 3, look())
	for _, out := range outs {
		require.Equal(t, 1, out.looks)
	}
	for i, s := range streams {
		if i%3 == 0 {
			s.release(flow.InFlight)
		} else if i%3 == 1 {
			s.Closed(nil)
		}
	}
	look()
	for i, out := range outs {
		want := 1
		if i%3 == 2 {
			want = 2
		}
		require.Equal(t, want, out.looks, i)
	}
	for _, s := range streams {
		s.release(flow.InFlight)
	}
	look()
	require.Zero(t, look(), "nobody waits any more")
	streams[2].wait(flow.InFlight)
	require.Equal(t, 1, look(), "and again")
}

// New bytes and taken requests count as heard; an Input without either does not.
func TestWhatIsHeard(t *testing.T) {
	l, _ := testLane(t, 0, 1)
	now := int64(1)
	l.Clock = func() int64 { return now }
	streams, _ := crowd(l, 1)
	l.Turn()
	s := streams[0]
	in := request(1, jute.OpSetData, &jute.SetDataRequest{Path: []byte("/big"), Version: -1})
	heard := func(p []byte) bool {
		now++
		s.Input(p)
		l.Turn()
		return s.Heard.Load() == now
	}
	require.True(t, heard(in[:9]), "new bytes")
	require.False(t, heard(in[:9]), "the same")
	require.True(t, heard(in[:10]), "one more")
	require.True(t, heard(in), "the rest")
	require.False(t, heard(nil))
	l.Rules.MaxInFlight = 1
	require.True(t, heard(in), "new bytes, although it must wait")
	s.release(flow.InFlight)
	l.Rules.MaxInFlight = 2
	require.True(t, heard(in), "a request that came before is taken")
}

// cons shows that a connection is not read from, although no request is taken.
func TestConsShowsWhoIsNotReadFrom(t *testing.T) {
	l, _ := testLane(t, 0, 1)
	l.Rules.MaxInFlight = 1
	streams, _ := crowd(l, 1)
	s := streams[0]
	in := request(1, jute.OpSetData, &jute.SetDataRequest{Path: []byte("/big"), Version: -1})
	s.Input(in)
	l.Turn()
	require.True(t, s.Stats().Reading)
	s.Input(in)
	l.Turn()
	require.False(t, s.Stats().Reading)
	s.release(flow.InFlight)
	l.Turn()
	require.True(t, s.Stats().Reading)
}

// A connection that waited in line when its output became full stands in no line. When its client
// has taken the replies it is read from again, and joins at the end.
func TestWhoTookHisRepliesMayAskAgain(t *testing.T) {
	l, core := testLane(t, 0, 1)
	l.Rules.BulkBytes, l.bulk.Most = 100, 100
	streams, outs := crowd(l, 2)
	in := request(1, jute.OpSetData, &jute.SetDataRequest{
		Path: []byte("/big"), Data: make([]byte, 200), Version: -1,
	})
	require.NotZero(t, streams[0].Input(in))
	l.Turn()
	bulk := core.requests
	require.Zero(t, streams[1].Input(in))
	streams[1].OutputFull(true)
	l.answerAll(&sink{requests: bulk})
	require.True(t, outs[1].parked, "nobody calls it")
	streams[1].OutputFull(false)
	require.False(t, outs[1].parked)
	require.NotZero(t, streams[1].Input(in))

	l.Rules.OutstandingLimit = 0
	small := request(1, jute.OpSetData, &jute.SetDataRequest{Path: []byte("/big"), Version: -1})
	require.Zero(t, streams[1].Input(small), "one is there")
	require.True(t, outs[1].parked)
	streams[1].OutputFull(true)
	streams[1].OutputFull(false)
	require.False(t, outs[1].parked)
	require.Zero(t, streams[1].Input(small), "still")
	require.Equal(t, 1, l.global.Len())
}

// silent is a connection whose last byte came some time ago, unread.
type silent struct {
	output
	agoMillis int64
}

func (o *silent) Silent() (time.Duration, bool) {
	return time.Duration(o.agoMillis) * time.Millisecond, true
}

// Bytes that came in unread count when the connection ends, or its client takes no more replies,
// before a tick has looked at it.
func TestWhatCameUnreadCountsAtTheEnd(t *testing.T) {
	for name, end := range map[string]func(s *Stream){
		"closed":      func(s *Stream) { s.Closed(nil) },
		"output full": func(s *Stream) { s.OutputFull(true) },
	} {
		t.Run(name, func(t *testing.T) {
			l, _ := testLane(t, 0, 1)
			l.Clock = func() int64 { return 5000 }
			out := &silent{agoMillis: 100}
			s := l.Open(out, netip.MustParseAddrPort("10.0.0.1:4444"))
			s.phase, s.timeoutMillis = serving, 4000
			s.Heard.Store(4000)
			s.wait(flow.InFlight)
			end(s)
			require.Equal(t, int64(4900), s.Heard.Load())
			s.Heard.Store(4000)
			s.Closed(nil)
			require.Equal(t, int64(4000), s.Heard.Load(), "once")
		})
	}
}
