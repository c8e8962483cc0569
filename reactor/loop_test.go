package reactor

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"quoll/reactor/socket"
)

// fakeLink is a transport that takes what it is told to take, for tests that need to say exactly
// what happens in which turn.
type fakeLink struct {
	c      *Conn
	room   int // what the kernel takes of the next write
	left   int
	mode   reading
	wrote  int
	queue  int // sent and not acknowledged
	end    error
	more   bool // unread
	closed bool
}

func (f *fakeLink) write(p []byte) {
	f.wrote++
	taken := min(f.room, len(p))
	f.room -= taken
	f.left += len(p) - taken
}

func (f *fakeLink) push() {
	taken := min(f.room, f.left)
	f.room -= taken
	f.left -= taken
}

func (f *fakeLink) buffered() int           { return f.left }
func (f *fakeLink) unacked() int            { return f.queue }
func (f *fakeLink) ended() error            { return f.end }
func (f *fakeLink) unread() bool            { return f.more }
func (f *fakeLink) setReading(mode reading) { f.mode = mode }

func (f *fakeLink) silent() (time.Duration, bool) { return 0, false }

func (f *fakeLink) close() {
	f.closed = true
	f.c.loop.ended(f.c, nil)
}

// fakeLoop is one loop without a transport, whose turns the test runs.
func fakeLoop(t *testing.T, cfg Config, lane Lane) *loop {
	t.Helper()
	cfg, err := cfg.withDefaults()
	noError(t, err)
	r := newReactor(cfg)
	r.door = r.newDoor()
	l := newLoop(r)
	l.poke, l.pokeLater = func() {}, func() {}
	if lane.Drain == nil {
		lane.Drain = func() {}
	}
	l.lane = lane
	return l
}

func (l *loop) fakeConn(t *testing.T) *fakeLink {
	t.Helper()
	c := &Conn{loop: l}
	f := &fakeLink{c: c, room: 1 << 30}
	remote := netip.MustParseAddrPort("192.0.2.1:7")
	l.r.initConn(c, f, remote)
	holds(t, l.opened(c), "opened")
	return f
}

// TestAgainIsForTheNextTurn, not for the one that asked.
func TestAgainIsForTheNextTurn(t *testing.T) {
	inputs := 0
	l := fakeLoop(t, Config{}, Lane{Open: func(c *Conn) Stream {
		return &stream{input: func(in []byte) int {
			inputs++
			c.Again()
			return 1
		}}
	}})
	f := l.fakeConn(t)
	l.turn()
	l.received(f.c, []byte("abc"))
	for n := 1; n <= 3; n++ {
		l.turn()
		equal(t, n, inputs, "inputs at the end of the turn")
	}
	equal(t, sigTurn, l.signals.Load(), "another turn is asked for")
}

// TestInputWaitsWhileHeld, whatever a transport hands over meanwhile.
func TestInputWaitsWhileHeld(t *testing.T) {
	var got strings.Builder
	l := fakeLoop(t, Config{OutputHighWater: 100, OutputLowWater: 50}, Lane{
		Open: func(c *Conn) Stream {
			return &stream{input: func(in []byte) int { got.Write(in); return len(in) }}
		}})
	f := l.fakeConn(t)
	f.c.Park()
	l.received(f.c, []byte("while parked "))
	l.turn()
	equal(t, readHeld, f.mode, "mode")
	equal(t, "", got.String(), "input")
	f.c.Unpark()
	l.turn()
	equal(t, "while parked ", got.String(), "input")
	equal(t, readOn, f.mode, "mode")
	f.room = 0
	f.c.Write(make([]byte, 100))
	l.turn()
	equal(t, readDraining, f.mode, "mode")
	l.received(f.c, []byte("while full "))
	l.turn()
	f.room = 49
	l.signal(sigTick)
	l.turn()
	equal(t, readDraining, f.mode, "mode above the low-water mark")
	f.room = 1
	l.signal(sigTick)
	l.turn()
	equal(t, readOn, f.mode, "mode at the low-water mark")
	l.received(f.c, []byte("and after"))
	equal(t, "while parked while full and after", got.String(), "input")
}

// TestFullInboxIsNotReadFrom: a stream that takes its time over a whole frame is not closed for it,
// and not sent more.
func TestFullInboxIsNotReadFrom(t *testing.T) {
	idle := true
	l := fakeLoop(t, Config{MaxFrame: 100}, Lane{Open: func(c *Conn) Stream {
		return &stream{input: func(in []byte) int {
			if idle {
				c.Again()
				return 0
			}
			return len(in)
		}}
	}})
	f := l.fakeConn(t)
	l.received(f.c, make([]byte, 99))
	l.turn()
	equal(t, readOn, f.mode, "mode below a read")
	l.received(f.c, make([]byte, socket.ChunkBytes))
	l.turn()
	equal(t, readHeld, f.mode, "mode above a read")
	idle = false
	l.turn()
	equal(t, readOn, f.mode, "mode after the frame")
	holds(t, !f.closed, "open")
}

// TestHeldInputHasACap where a transport cannot stop reading.
func TestHeldInputHasACap(t *testing.T) {
	l := fakeLoop(t, Config{}, Lane{Open: func(c *Conn) Stream { return &stream{} }})
	f := l.fakeConn(t)
	f.c.Park()
	l.feedToTheCap(t, f)
}

// TestInputInLineHasACap, too.
func TestInputInLineHasACap(t *testing.T) {
	l := fakeLoop(t, Config{}, Lane{Open: func(c *Conn) Stream {
		return &stream{input: func([]byte) int { c.Again(); return 0 }}
	}})
	l.feedToTheCap(t, l.fakeConn(t))
}

// feedToTheCap sends what a connection may have at most, and one chunk more.
func (l *loop) feedToTheCap(t *testing.T, f *fakeLink) {
	t.Helper()
	chunk := make([]byte, 1<<20)
	for range 16 {
		l.received(f.c, chunk)
		l.turn()
		holds(t, !f.closed, "open at the cap")
	}
	l.received(f.c, chunk)
	l.turn()
	holds(t, f.closed, "closed above the cap")
	equal(t, 1, l.r.stats.Closed[ClosedForInput].Load(), "counted")
}

// TestParkAndUnparkInOneTurnIsNothing: the transport hears of neither.
func TestParkAndUnparkInOneTurnIsNothing(t *testing.T) {
	l := fakeLoop(t, Config{}, Lane{Open: func(c *Conn) Stream {
		return &stream{input: func(in []byte) int {
			c.Park()
			c.Unpark()
			return len(in)
		}}
	}})
	f := l.fakeConn(t)
	f.mode = 99
	l.received(f.c, []byte("x"))
	l.turn()
	equal(t, reading(99), f.mode, "mode")
	equal(t, 0, l.r.stats.Paused.Load(), "pauses")
}

// pass moves the loop's clock and ticks it.
func (l *loop) pass(d time.Duration) {
	l.r.start = l.r.start.Add(-d)
	l.signal(sigTick)
	l.turn()
}

// TestStallTimeout: a connection lives as long as anything of its output moves, be it a byte that
// the kernel takes or one that the client acknowledges, and not longer.
func TestStallTimeout(t *testing.T) {
	const stall = 10 * time.Second
	l := fakeLoop(t, Config{StallTimeout: stall}, Lane{Open: func(*Conn) Stream {
		return &stream{}
	}})
	f := l.fakeConn(t)
	f.c.Established()
	l.pass(10 * stall) // with no output nothing stalls
	f.room, f.queue = 0, 500
	f.c.Write(make([]byte, 1000))
	l.turn()
	for range 5 {
		l.pass(stall - time.Second)
		f.room = 1
		l.pass(time.Second / 2)
		holds(t, !f.closed, "closed although the kernel took a byte")
	}
	for range 5 {
		l.pass(stall - time.Second)
		f.queue--
		l.pass(time.Second / 2)
		holds(t, !f.closed, "closed although the client acknowledged a byte")
	}
	f.queue += 100 // of no meaning: a queue does not grow by the client's doing
	l.pass(stall - time.Second)
	holds(t, !f.closed, "closed before its time")
	l.pass(time.Second)
	holds(t, f.closed, "open after its time")
	equal(t, 1, l.r.stats.Closed[ClosedStalled].Load(), "counted")
	equal(t, 0, len(l.pending), "pending")
}

// TestEarlyListKeepsOrder under removals at both ends and in the middle.
func TestEarlyListKeepsOrder(t *testing.T) {
	conns := make([]Conn, 5)
	for skip := range conns {
		var e earlyList
		for i := range conns {
			conns[i] = Conn{id: uint64(i)}
			e.add(&conns[i])
		}
		e.remove(&conns[skip])
		e.remove(&conns[skip])
		last := -1
		for n := 0; e.oldest != nil; n++ {
			holds(t, int(e.oldest.id) > last && int(e.oldest.id) != skip, "order")
			last = int(e.oldest.id)
			e.remove(e.oldest)
		}
		holds(t, e.newest == nil, "empty")
	}
}

// TestManyEndsTakeManyTurns: of thousands that end at once some are closed a turn, and the others
// are served in between. None is forgotten.
func TestManyEndsTakeManyTurns(t *testing.T) {
	for name, end := range map[string]func(*Conn){
		"close": (*Conn).Close, "after the flush": (*Conn).CloseAfterFlush,
		"too much output": func(c *Conn) { c.out.flood = 1 << 40 },
	} {
		t.Run(name, func(t *testing.T) {
			inputs := 0
			l := fakeLoop(t, Config{}, Lane{Open: func(c *Conn) Stream {
				return &stream{input: func(in []byte) int { inputs++; return len(in) }}
			}})
			live := l.fakeConn(t)
			ending := make([]*fakeLink, 3*closesPerTurn+1)
			for i := range ending {
				ending[i] = l.fakeConn(t)
			}
			l.turn()
			for _, f := range ending {
				f.c.Write([]byte("bye"))
				f.c.out.slot = 0
				end(f.c)
			}
			for turn := 1; turn <= 4; turn++ {
				l.received(live.c, []byte("x"))
				l.turn()
				equal(t, turn, inputs, "who stays is served")
				closed := 0
				for _, f := range ending {
					equal(t, 1, f.wrote, "the output leaves at once")
					if f.closed {
						closed++
					}
				}
				equal(t, min(turn*closesPerTurn, len(ending)), closed, "closed")
				holds(t, l.signals.Load()&sigTurn != 0, "another turn is asked for")
			}
			equal(t, 0, len(l.dirty), "left over")
			holds(t, !live.closed, "who stays is open")
		})
	}
}
