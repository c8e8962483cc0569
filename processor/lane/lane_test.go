package lane

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"quoll/datatree"
	"quoll/jute"
	"quoll/processor/auth"
	"quoll/processor/mail"
	"quoll/processor/reads"
	"quoll/processor/stats"
	"quoll/processor/throttle"
)

// output is a connection that takes everything.
type output struct {
	out    []byte
	parked bool
	closed bool
}

func (o *output) Write(p []byte)                { o.out = append(o.out, p...) }
func (o *output) Pending() int                  { return 0 }
func (o *output) Room() int                     { return 64 << 10 }
func (o *output) HungUp() bool                  { return false }
func (o *output) Silent() (time.Duration, bool) { return 0, false }
func (o *output) Progress() int64               { return 0 }
func (o *output) Park()                         { o.parked = true }
func (o *output) Unpark()                       { o.parked = false }
func (o *output) Again()                        {}
func (o *output) Established()                  {}
func (o *output) SetStallTimeout(time.Duration) {}
func (o *output) CloseAfterFlush()              { o.closed = true }

// xids are those of the frames that were written, in order.
func (o *output) xids() (xids []int32) {
	for rest := o.out; len(rest) > 0; {
		n := int(binary.BigEndian.Uint32(rest))
		xids = append(xids, int32(binary.BigEndian.Uint32(rest[4:])))
		rest = rest[4+n:]
	}
	return xids
}

// sink is a core that keeps what it gets.
type sink struct{ requests []mail.Request }

func (k *sink) Submit(_ *Lane, b *mail.Batch) { k.requests = append(k.requests, b.Requests...) }

// testLane makes a lane over a tree with /list of so many children and /big of so many bytes.
func testLane(t *testing.T, children, bigBytes int) (*Lane, *sink) {
	tree := datatree.New(datatree.Options{})
	zxid := jute.Zxid(0)
	var result datatree.Result
	create := func(path string, data []byte) {
		zxid++
		txn := jute.CreateTxn{Path: []byte(path), Data: data, ACL: []jute.ACL{{
			Perms: jute.PermAll, ID: jute.ID{Scheme: "world", ID: "anyone"},
		}}, ParentCVersion: -1}
		tree.Lock()
		defer tree.Unlock()
		tree.Apply(&jute.Entry{
			Header: jute.TxnHeader{Zxid: zxid, Type: jute.OpCreate}, Body: jute.Append(nil, &txn),
		}, &result)
	}
	create("/big", make([]byte, bigBytes))
	create("/list", nil)
	for i := range children {
		create(fmt.Sprintf("/list/%d", i), nil)
	}
	core := &sink{}
	serving := new(Serving)
	serving.Store(ReadWrite)
	return New(&Shared{
		Tree: tree, Conns: mail.NewConns(), Core: core, Serving: serving, Counts: new(stats.Counts),
		Clock: func() int64 { return 1 }, Large: new(throttle.Large),
		Rules: Rules{
			Auth: &auth.Rules{DigestEnabled: true}, MaxFrameBytes: 4 << 20, FirstFrameBytes: 64 << 10,
			MaxInFlight: 1000, MaxInFlightBytes: 512 << 10, OutputPauseBytes: 1 << 20,
			OutstandingLimit: 1000, MaxBatchRequests: 16, MaxBatchBytes: 64 << 10,
			MaxInputRequests: 1024, BulkBytes: 64 << 10, MaxBulkBytes: 1 << 20,
			Reads: reads.Limits{ChunkNames: 2, ChunkBytes: 8},
		},
	}, func() {}), core
}

// client is a connection with a session.
func client(l *Lane, session jute.SessionID) (*Stream, *output) {
	out := &output{}
	s := l.Open(out, netip.MustParseAddrPort("10.0.0.1:4444"))
	s.phase, s.session = serving, session
	return s, out
}

func request(xid int32, op jute.OpCode, body jute.Record) []byte {
	frame := jute.Append(jute.FrameStart(nil), &jute.RequestHeader{Xid: xid, Type: op})
	if body != nil {
		frame = jute.Append(frame, body)
	}
	jute.FrameEnd(frame, 0)
	return frame
}

// A long answer gives the lock back on the way and takes mail. By then the replies that were ready
// before have been written: an event must not overtake the reply of the read that set the watch,
// and if another connection ends it must not be given them.
func TestMailDuringALongAnswerStaysBehindTheReplies(t *testing.T) {
	multi := &jute.MultiRequest{Ops: []jute.MultiOp{{
		MultiHeader: jute.MultiHeader{Type: jute.OpGetChildren, Err: -1},
		Read:        &jute.PathWatch{Path: []byte("/list")},
	}}}
	for op, body := range map[jute.OpCode]jute.Record{
		jute.OpMultiRead:    multi,
		jute.OpGetChildren:  &jute.PathWatch{Path: []byte("/list")},
		jute.OpGetChildren2: &jute.PathWatch{Path: []byte("/list")},
	} {
		t.Run(op.String(), func(t *testing.T) {
			l, _ := testLane(t, 10, 1)
			s, out := client(l, 1)
			other, otherOut := client(l, 2)
			breaths := 0
			l.breathe = func() datatree.View {
				if breaths++; breaths == 1 {
					d := l.box.Blank()
					d.Buf = jute.AppendWatcherEvent(nil, 9, jute.EventDataChanged, []byte("/big"))
					d.Items = append(d.Items, mail.Item{Conn: &s.Conn, To: len(d.Buf), Kind: mail.Event},
						mail.Item{Conn: &other.Conn, Kind: mail.Kicked})
					l.box.Put(d)
				}
				return l.renew()
			}
			in := request(1, jute.OpGetData, &jute.PathWatch{Path: []byte("/big"), Watch: true})
			in = append(in, request(2, op, body)...)
			require.Equal(t, len(in), s.Input(in))
			require.NotZero(t, breaths)
			require.Equal(t, []int32{1, jute.XidNotification, 2}, out.xids())
			require.True(t, otherOut.closed)
			require.Empty(t, otherOut.out, "replies of another client")
		})
	}
}

// The core answers a read that waits behind a write, whether or not the client takes its replies.
// There the length of the reply counts.
func TestAReadBehindAWriteWeighsItsReply(t *testing.T) {
	const big = 300 << 10
	l, core := testLane(t, 0, big)
	s, out := client(l, 1)
	var in []byte
	in = append(in, request(1, jute.OpSetData, &jute.SetDataRequest{Path: []byte("/list")})...)
	for i := range 100 {
		in = append(in, request(int32(2+i), jute.OpGetData, &jute.PathWatch{Path: []byte("/big")})...)
	}
	used := s.Input(in)
	l.Turn()
	require.Less(t, used, len(in))
	require.True(t, out.parked)
	require.Len(t, core.requests, 3, "a set, and reads of 512 KiB")
	require.Empty(t, out.out)
	l.answerAll(core)
	require.False(t, out.parked)
	require.Zero(t, s.inFlightBytes)
	require.Zero(t, l.bulk.Inside)
	in = in[used:]
	for len(in) > 0 {
		n := s.Input(in)
		require.NotZero(t, n, "nothing is in flight: the loop answers, within its limits")
		in = in[n:]
	}
	require.Len(t, out.xids(), 3+98)
}

// A write in flight may make a node as large as itself.
func TestAReadBehindALargeWriteWeighsThat(t *testing.T) {
	l, core := testLane(t, 0, 1)
	s, out := client(l, 1)
	in := request(1, jute.OpSetData, &jute.SetDataRequest{
		Path: []byte("/big"), Data: bytes.Repeat([]byte("x"), 200<<10), Version: -1,
	})
	for i := range 100 {
		in = append(in, request(int32(2+i), jute.OpGetData, &jute.PathWatch{Path: []byte("/big")})...)
	}
	s.Input(in)
	l.Turn()
	require.Len(t, core.requests, 3)
	require.True(t, out.parked)
}

// A read waits in line because of its weight on the core. Once nothing of its connection is in
// flight the loop answers it. It must leave the line then, or nobody behind it comes.
func TestAReadLeavesTheLineWhenTheLoopAnswersIt(t *testing.T) {
	l, core := testLane(t, 0, 900<<10)
	busy, _ := client(l, 1)
	large := request(1, jute.OpSetData, &jute.SetDataRequest{
		Path: []byte("/list"), Data: make([]byte, 900<<10), Version: -1,
	})
	require.Equal(t, len(large), busy.Input(large))
	s, out := client(l, 2)
	in := request(1, jute.OpSetData, &jute.SetDataRequest{Path: []byte("/list")})
	in = append(in, request(2, jute.OpGetData, &jute.PathWatch{Path: []byte("/big")})...)
	used := s.Input(in)
	require.Less(t, used, len(in))
	require.True(t, out.parked)
	require.Equal(t, 1, l.bulk.Len())
	l.Turn()
	l.answerAll(core)
	require.False(t, out.parked)
	require.Equal(t, len(in)-used, s.Input(in[used:]))
	require.Equal(t, []int32{1, 2}, out.xids())
	require.Zero(t, l.bulk.Len())
}

// answerAll answers everything that the core has with an empty reply.
func (l *Lane) answerAll(core *sink) {
	d := l.box.Blank()
	for i := range core.requests {
		r := &core.requests[i]
		from := len(d.Buf)
		d.Buf = reads.AppendError(d.Buf, r.Xid, 1, jute.OK)
		d.Items = append(d.Items, mail.Item{
			Conn: r.Conn, From: from, To: len(d.Buf), Kind: mail.Reply, Weight: r.Weight,
			BodyBytes: int32(len(r.Body)),
		})
	}
	core.requests = nil
	l.box.Put(d)
	l.Drain()
}
