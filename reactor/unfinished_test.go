package reactor

import (
	"errors"
	"math"
	"testing"
	"time"

	"quoll/reactor/socket"
)

// hungry is a lane whose streams wait for frames that never end, and tell why they were closed. A
// frame is whole behind a 'y', and a 'p' parks the connection.
func hungry(why map[*Conn]error) Lane {
	return Lane{Open: func(c *Conn) Stream {
		return &stream{
			input: func(in []byte) int {
				if len(in) > 0 && in[len(in)-1] == 'y' {
					return len(in)
				}
				if len(in) > 0 && in[len(in)-1] == 'p' {
					c.Park()
				}
				return 0
			},
			closed: func(err error) { why[c] = err },
		}
	}}
}

func endless(kib int) []byte { return make([]byte, kib<<10) }

// feed is a turn in which a connection sent something.
func (f *fakeLink) feed(p []byte) {
	f.c.loop.received(f.c, p)
	f.c.loop.turn()
}

func open(why map[*Conn]error, f *fakeLink) bool {
	_, closed := why[f.c]
	return !closed
}

// Above the budget the connection is closed whose frame has gone longest without a byte. Nobody
// else is: not who sends on, nor who has sent little, nor who is parked with a frame that is whole.
func TestTheFrameThatWentLongestWithoutAByteIsClosed(t *testing.T) {
	why := map[*Conn]error{}
	const budget = 1200 << 10
	l := fakeLoop(t, Config{InputBudget: budget}, hungry(why))
	conns := make([]*fakeLink, 6)
	for i := range conns {
		conns[i] = l.fakeConn(t)
		conns[i].c.Established()
	}
	parked, small, one, two, three, late := conns[0], conns[1], conns[2], conns[3], conns[4], conns[5]
	parked.feed(append(endless(600), 'p'))
	small.feed(endless(63))
	equal(t, int64(0), l.r.stats.InputBytes.Load(), "bytes that count")
	for _, f := range []*fakeLink{one, two, three} {
		f.feed(endless(200))
	}
	holds(t, l.r.stats.InputBytes.Load() >= 600<<10, "600 KiB count")
	one.c.Again() // its next byte comes while it waits for its share of a turn
	one.feed([]byte{0})
	l.turn() // now two is the one
	late.feed(endless(500))
	holds(t, errors.Is(why[two.c], ErrInputBudget), "closed: %v", why[two.c])
	for i, f := range conns {
		holds(t, f == two || open(why, f), "%d is open", i)
	}
	holds(t, l.r.stats.InputBytes.Load() <= budget, "the budget is kept")
	three.feed([]byte("y"))
	small.feed(endless(63)) // three is not there any more: the next is one
	late.feed(endless(400))
	holds(t, errors.Is(why[one.c], ErrInputBudget), "closed: %v", why[one.c])
	holds(t, open(why, three) && open(why, late), "the others are open")
	equal(t, int64(2), l.r.stats.Closed[ClosedUnfinished].Load(), "closed")
	for _, f := range conns {
		l.ended(f.c, nil)
	}
	equal(t, int64(0), l.r.stats.InputBytes.Load(), "bytes at the end")
	holds(t, l.unfinished.oldest == nil && l.unfinished.newest == nil, "the list is empty")
	equal(t, int64(math.MaxInt64), l.unfinished.oldestAt.Load(), "the oldest")
}

// In a long turn everyone's next bytes wait in the kernel. Who is served last in it is not closed
// for that; but somebody is, also when all of them go on.
func TestBytesInTheKernelHaveCome(t *testing.T) {
	for name, c := range map[string]struct {
		more   func(i int) bool
		closed int
	}{
		"the first goes on": {func(i int) bool { return i == 0 }, 1},
		"all go on":         {func(int) bool { return true }, looksAtOnce},
	} {
		t.Run(name, func(t *testing.T) {
			why := map[*Conn]error{}
			l := fakeLoop(t, Config{InputBudget: 20 * 110 << 10}, hungry(why))
			conns := make([]*fakeLink, 20)
			for i := range conns {
				conns[i] = l.fakeConn(t)
				conns[i].c.Established()
				conns[i].feed(endless(100))
				conns[i].more = c.more(i)
			}
			equal(t, 0, len(why), "closed while the budget is kept")
			late := l.fakeConn(t)
			late.c.Established()
			late.feed(endless(300))
			for i, f := range conns[:c.closed] {
				holds(t, open(why, f), "%d went on and is open", i)
			}
			holds(t, errors.Is(why[conns[c.closed].c], ErrInputBudget), "closed: %v", why)
			holds(t, l.r.stats.InputBytes.Load() <= l.r.cfg.InputBudget, "the budget is kept")
		})
	}
}

// Who cannot be read from waits for us: its frame does not count, until it can go on.
func TestWhoIsNotReadFromDoesNotCount(t *testing.T) {
	for name, stop := range map[string]func(*fakeLink){
		"output full": func(f *fakeLink) {
			f.room = 0
			f.c.Write(make([]byte, 2<<20))
			f.c.loop.turn()
			holds(t, f.c.out.high, "blocked")
		},
		"closing":   func(f *fakeLink) { f.c.CloseAfterFlush() },
		"closed":    func(f *fakeLink) { f.c.Close() },
		"finished":  func(f *fakeLink) { f.feed([]byte("y")) },
		"then park": func(f *fakeLink) { f.feed([]byte("p")) },
	} {
		t.Run(name, func(t *testing.T) {
			why := map[*Conn]error{}
			l := fakeLoop(t, Config{}, hungry(why))
			f := l.fakeConn(t)
			f.c.Established()
			f.feed(endless(200))
			holds(t, l.r.stats.InputBytes.Load() > 0, "it counts")
			stop(f)
			equal(t, int64(0), l.r.stats.InputBytes.Load(), "bytes that count")
			if name == "output full" {
				f.room = 4 << 20
				l.scan()
				l.turn()
				holds(t, l.r.stats.InputBytes.Load() > 0, "it counts again")
			}
		})
	}
}

// The next to be closed may be another loop's, which is told to do it.
func TestTheOldestFrameMayBeAnotherLoops(t *testing.T) {
	why := map[*Conn]error{}
	l := fakeLoop(t, Config{InputBudget: 1 << 20}, hungry(why))
	other := newLoop(l.r)
	other.poke, other.pokeLater = func() {}, func() {}
	other.lane = l.lane
	l.r.loops = []*loop{l, other}
	old, young := other.fakeConn(t), l.fakeConn(t)
	for _, f := range []*fakeLink{old, young} {
		f.c.Established()
		f.feed(endless(600))
	}
	holds(t, open(why, young), "the young one stays")
	equal(t, sigTick, other.signals.Load(), "the other loop is told")
	other.turn()
	holds(t, errors.Is(why[old.c], ErrInputBudget), "closed: %v", why[old.c])
	holds(t, open(why, young), "the young one stays")
}

// A frame that gets no byte for a session's timeout ends its connection; each has its own timeout.
func TestAFrameThatGetsNoByteIsClosed(t *testing.T) {
	why := map[*Conn]error{}
	l := fakeLoop(t, Config{}, hungry(why))
	patient, hasty, going := l.fakeConn(t), l.fakeConn(t), l.fakeConn(t)
	for f, timeout := range map[*fakeLink]time.Duration{
		patient: time.Hour, hasty: 10 * time.Second, going: 10 * time.Second,
	} {
		f.c.Established()
		f.c.SetStallTimeout(timeout)
	}
	for _, f := range []*fakeLink{patient, hasty, going} {
		f.feed(endless(100))
	}
	equal(t, needDeadlines, l.need.Load(), "the clock")
	later := func(d time.Duration) {
		l.r.start = l.r.start.Add(-d)
		l.signal(sigTick)
		l.turn()
	}
	later(9 * time.Second)
	going.feed([]byte{0})
	equal(t, 0, len(why), "closed")
	later(2 * time.Second)
	holds(t, errors.Is(why[hasty.c], ErrInputStalled), "closed: %v", why[hasty.c])
	holds(t, open(why, going) && open(why, patient), "the others are open")
	later(time.Hour)
	equal(t, 3, len(why), "closed")
	equal(t, needNothing, l.need.Load(), "the clock")
}

// A thousand clients may send large frames at once: a turn takes a share of them, and the others are
// not read from meanwhile, so that those who ask for little are served in between. All come on, in
// their order.
func TestLargeFramesShareTheTurn(t *testing.T) {
	why := map[*Conn]error{}
	l := fakeLoop(t, Config{}, hungry(why))
	const perTurn = largeTurnBytes / socket.ChunkBytes
	conns := make([]*fakeLink, 3*perTurn)
	for i := range conns {
		conns[i] = l.fakeConn(t)
		conns[i].c.Established()
		l.received(conns[i].c, endless(64)) // not yet above 64 KiB
	}
	small := l.fakeConn(t)
	l.turn()
	for _, f := range conns {
		l.received(f.c, endless(64))
	}
	l.received(small.c, endless(1))
	rested := func() (n int) {
		for _, f := range conns {
			if f.mode == readHeld {
				n++
			}
		}
		return n
	}
	equal(t, 2*perTurn, rested(), "rest")
	equal(t, readOn, small.mode, "small frames pass")
	for turn := 1; turn <= 2; turn++ {
		l.turn()
		equal(t, (2-turn)*perTurn, rested(), "rest")
		equal(t, readOn, conns[(turn+1)*perTurn-1].mode, "the first in line goes on")
		again := l.signals.Load()&sigTurn != 0
		equal(t, turn < 2, again, "another turn is asked for")
	}
	for _, f := range conns[:perTurn] {
		l.received(f.c, endless(64))
	}
	equal(t, 0, rested(), "the next turn has a share of its own")
	l.received(conns[perTurn].c, endless(64))
	equal(t, 1, rested(), "rest")
	l.ended(conns[perTurn].c, nil)
	l.turn()
	equal(t, 0, len(l.shares.resting), "who is gone rests no more")
}

// That a connection which rests gets no byte is our doing: another one is closed, be it younger.
func TestWhoRestsIsNotClosed(t *testing.T) {
	why := map[*Conn]error{}
	const budget = 1 << 20
	l := fakeLoop(t, Config{InputBudget: budget}, hungry(why))
	rests, silent, greedy := l.fakeConn(t), l.fakeConn(t), l.fakeConn(t)
	for _, f := range []*fakeLink{rests, silent, greedy} {
		f.c.Established()
	}
	l.shares.large = largeTurnBytes
	l.received(rests.c, endless(100))
	equal(t, readHeld, rests.mode, "it rests")
	l.shares.large = 0
	l.received(silent.c, endless(400))
	l.received(greedy.c, endless(700))
	holds(t, errors.Is(why[silent.c], ErrInputBudget) || silent.c.closing == closeNow, "closed")
	holds(t, rests.c.closing == stayOpen, "who rests is open")
	l.turn()
	equal(t, readOn, rests.mode, "it goes on")
	holds(t, l.unfinished.oldest == greedy.c && l.unfinished.newest == rests.c, "as the youngest")
	l.shares.large = largeTurnBytes
	l.received(rests.c, endless(1))
	l.ended(rests.c, nil)
	holds(t, l.unfinished.oldest == greedy.c && l.unfinished.newest == greedy.c, "greedy is there")
	for _, f := range []*fakeLink{rests, silent, greedy} {
		l.ended(f.c, nil)
	}
	equal(t, int64(0), l.r.stats.InputBytes.Load(), "bytes at the end")
	holds(t, l.unfinished.oldest == nil, "the list is empty")
	equal(t, int64(math.MaxInt64), l.unfinished.oldestAt.Load(), "the oldest")
}
