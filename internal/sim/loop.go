package sim

import (
	"io"
	"slices"
	"time"

	"quoll/internal/sim/lease"
	"quoll/jute"
	"quoll/processor/lane"
)

// loop is an event loop with its lane, in the order of reactor.loop's turn: mail when it was woken,
// streams that asked for input, the lane's batch, mail again, then output.
type loop struct {
	p       *process
	lane    *lane.Lane
	sockets []*socket // that stand
	dirty   []*socket
	ready   []*socket // want Input without new bytes
	woken   bool
	planned bool // a turn is planned
	called  bool // a stream was called since the last turn
}

func newLoop(p *process) *loop {
	l := &loop{p: p}
	l.lane = lane.New(p.shared, l.wake)
	return l
}

// wake is called by the core.
func (l *loop) wake() {
	l.woken = true
	l.plan()
}

// plan has a turn happen soon.
func (l *loop) plan() {
	if !l.planned {
		l.planned = true
		l.p.after(l.p.w.Between(1, 100), l.turn)
	}
}

func (l *loop) turn() {
	l.planned = false
	if l.woken {
		l.woken = false
		l.lane.Drain()
		l.called = true
	}
	todo := l.ready
	l.ready = nil
	for _, s := range todo {
		s.ready(false)
		if !s.gone && !s.held() && (s.again || len(s.in) > 0) {
			s.input(nil)
		}
	}
	if l.called {
		l.called = false
		l.lane.Turn()
		l.p.w.at(pointTurn)
		l.lane.Drain()
	}
	for i := 0; i < len(l.dirty); i++ {
		l.dirty[i].settle()
	}
	l.dirty = nil
	if len(l.ready) > 0 || l.called || l.woken {
		l.plan()
	}
}

// socket is the server's end of a connection (lane.Output).
type socket struct {
	loop   *loop
	link   *link
	stream *lane.Stream

	kernel []byte // arrived, not read
	fin    bool   // behind kernel: the client has closed
	in     []byte // read, not consumed
	out    []byte // not taken by the network
	given  int64  // bytes of output, ever
	stall  int64  // µs without progress after which it is closed; 0: never
	moved  int64  // world time of the last progress
	came   int64  // server's ms at which bytes arrived last
	wire   *lease.Wire
	flags
}

// flags are the states of a socket.
type flags struct {
	parked, again, isReady, isDirty bool
	high                            bool // too much output: not read from
	closing, atOnce, gone, timed    bool
}

// accept takes a connection.
func (l *loop) accept(k *link) *socket {
	s := &socket{loop: l, link: k, moved: l.p.w.Now, wire: l.p.leases.NewWire()}
	l.sockets = append(l.sockets, s)
	l.called = true
	s.stream = l.lane.Open(s, k.peer)
	l.plan()
	return s
}

// arrive is bytes, or the end of them, coming out of the network.
func (s *socket) arrive(p []byte, fin bool) {
	s.kernel = append(s.kernel, p...)
	if len(p) > 0 {
		s.came = s.now()
		s.wire.Arrived(s.came, s.crowded())
	}
	if fin {
		s.fin = true
		s.wire.Ended(s.now())
	}
	s.read()
}

// read takes from the kernel what is there, at times only a part, unless reading is off.
func (s *socket) read() {
	w := s.loop.p.w
	for !s.gone && !s.held() && len(s.kernel) > 0 {
		n := len(s.kernel)
		if w.plan.faults.shortReads && w.Chance(2) {
			n = 1 + w.Rand.IntN(n)
		}
		fresh := s.kernel[:n:n]
		s.kernel = s.kernel[n:]
		if !s.crowded() {
			s.wire.Emptied(s.now())
		}
		w.at(pointInput)
		s.input(fresh)
	}
	if s.fin && !s.gone && !s.held() && len(s.kernel) == 0 {
		s.end(io.EOF)
	}
	s.loop.plan()
}

// crowded: the kernel has no room for more.
func (s *socket) crowded() bool { return len(s.kernel) >= s.loop.p.w.plan.limits.receive }

// now is the server's ms.
func (s *socket) now() int64 { return s.loop.p.clock.millis() }

// ready puts the socket among those that get input without new bytes, or takes it out.
func (s *socket) ready(is bool) {
	s.isReady = is
	s.wire.Waits(s.now(), is || s.parked)
}

// HungUp implements lane.Output.
func (s *socket) HungUp() bool {
	if !s.fin || !s.held() {
		return false
	}
	if len(s.kernel)+len(s.in)+len(s.out) == 0 {
		s.loop.p.w.Counts.Add("connection", "hung up while it was parked")
		s.shut()
	}
	return true
}

// Silent implements lane.Output.
func (s *socket) Silent() (ago time.Duration, known bool) {
	if !s.loop.p.w.plan.limits.kernelTells || s.crowded() {
		return 0, false
	}
	return time.Duration(s.now()-s.came) * time.Millisecond, true
}

// Progress implements lane.Output.
func (s *socket) Progress() int64 {
	taken := s.given - int64(len(s.out))
	return 2*taken - int64(len(s.link.wire))
}

func (s *socket) held() bool { return s.parked || s.high || s.closing }

// input calls the stream with all that is not consumed.
func (s *socket) input(fresh []byte) {
	s.loop.called, s.again = true, false
	hello := &s.link.record.Hello
	s.loop.p.leases.Asked(hello.SessionID, hello.TimeOut, s.wire)
	s.in = append(s.in, fresh...)
	// A copy that is spoilt behind the call: the stream may keep nothing of it.
	in := slices.Clone(s.in)
	used := s.stream.Input(in)
	for i := range in {
		in[i] = 0xee
	}
	s.in = s.in[used:]
	s.wire.Took(s.now(), len(fresh) > 0, used > 0)
	if len(s.in) > s.loop.p.w.plan.limits.maxFrame+4 && used == 0 && !s.again && !s.held() {
		s.shut()
	}
}

// Write implements lane.Output.
func (s *socket) Write(b []byte) {
	if s.gone || s.closing {
		return
	}
	if s.given == 0 {
		s.opened(b)
	}
	s.link.note(s.given, s.loop.p.tree.Peek().LastZxid())
	s.given += int64(len(b))
	s.out = append(s.out, b...)
	s.queue()
}

// opened looks at the answer to the connect request, to know whose connection it is.
func (s *socket) opened(b []byte) {
	var r jute.ConnectResponse
	frame, _ := cutFrame(b)
	if _, err := jute.Decode(frame, &r); err != nil || r.SessionID == 0 {
		return
	}
	s.link.record.Session = r.SessionID
	s.loop.p.leases.Opened(r.SessionID, r.TimeOut, s.wire, s.now())
}

// Pending implements lane.Output.
func (s *socket) Pending() int { return len(s.out) }
func (s *socket) Room() int    { return s.loop.p.w.plan.limits.batchBytes }

// Park implements lane.Output.
func (s *socket) Park() {
	s.parked = true
	s.wire.Waits(s.now(), true)
	s.loop.p.w.Counts.Add("connection", "parked")
}

// Unpark implements lane.Output.
func (s *socket) Unpark() {
	if s.parked {
		s.parked = false
		s.wire.Waits(s.now(), false)
		s.resume()
	}
}

// Again implements lane.Output.
func (s *socket) Again() {
	s.again = true
	s.loop.p.w.Counts.Add("connection", "input again")
	s.resume()
}

// resume has input called, or the kernel read, in the next turn.
func (s *socket) resume() {
	if s.held() {
		return
	}
	if (s.again || len(s.in) > 0) && !s.isReady {
		s.ready(true)
		s.loop.ready = append(s.loop.ready, s)
		s.loop.plan()
	}
	if len(s.kernel) > 0 || s.fin {
		s.loop.p.after(1, s.read)
	}
}

// Established implements lane.Output.
func (s *socket) Established() {}

// SetStallTimeout implements lane.Output.
func (s *socket) SetStallTimeout(d time.Duration) { s.stall = d.Microseconds() }

// Close implements lane.Output.
func (s *socket) Close() {
	s.byServer()
	s.shut()
}

// shut closes at once.
func (s *socket) shut() {
	s.closing, s.atOnce = true, true
	s.wire.Ended(s.now())
	s.queue()
}

// byServer notes that the server closes, of its own will.
func (s *socket) byServer() {
	r, p := s.link.record, s.loop.p
	if !s.gone && !r.Closed {
		r.Closed, r.ClosedAt, r.Early = true, p.tree.Peek().LastZxid(), !p.serving.Load()
		r.ClosedTime = p.w.Now
	}
}

// CloseAfterFlush implements lane.Output.
func (s *socket) CloseAfterFlush() {
	s.byServer()
	s.closing = true
	s.wire.Ended(s.now())
	s.queue()
}

func (s *socket) queue() {
	if !s.isDirty && !s.gone {
		s.isDirty = true
		s.loop.dirty = append(s.loop.dirty, s)
		s.loop.plan()
	}
}

// settle ends a turn for a connection: output leaves as far as the network takes it.
func (s *socket) settle() {
	s.isDirty = false
	if s.gone {
		return
	}
	w, l := s.loop.p.w, &s.loop.p.w.plan.limits
	w.at(pointOutput)
	if n := s.link.take(s.out); n > 0 {
		s.out = s.out[n:]
		s.moved = w.Now
		s.wire.Moved(s.now())
		w.at(pointSent)
	}
	wasHigh := s.high
	switch {
	case s.atOnce, s.closing && len(s.out) == 0:
		s.end(nil)
		return
	case len(s.out) > l.outputCap:
		w.Counts.Add("connection", "closed at the cap of its output")
		s.end(nil)
		return
	case len(s.out) >= l.outputPause:
		s.high = true
	case len(s.out) <= l.outputPause/2:
		s.high = false
	}
	if s.high && !wasHigh {
		w.Counts.Add("connection", "not read because of its output")
	}
	if wasHigh != s.high {
		s.wire.Full(s.now(), s.high)
		s.stream.OutputFull(s.high)
	}
	if wasHigh && !s.high {
		s.resume()
	}
	if len(s.out) > 0 {
		s.watchStall()
	}
}

// watchStall closes a connection whose output does not move for its session's timeout.
func (s *socket) watchStall() {
	if s.timed {
		return
	}
	s.timed = true
	since := s.moved
	limit := s.stall
	if limit == 0 || s.closing {
		limit = 2_000_000
	}
	s.loop.p.after(since+limit-s.loop.p.w.Now, func() {
		s.timed = false
		switch {
		case s.gone || len(s.out) == 0:
		case s.moved == since:
			s.loop.p.w.Counts.Add("connection", "closed because its output stalled")
			s.end(nil)
		default:
			s.watchStall()
		}
	})
}

// end takes a connection out, whoever closed it.
func (s *socket) end(err error) {
	if s.gone {
		return
	}
	s.gone = true
	s.wire.Ended(s.now())
	l := s.loop
	l.sockets = slices.DeleteFunc(l.sockets, func(x *socket) bool { return x == s })
	l.called = true
	s.stream.Closed(err)
	s.link.serverClosed()
	l.plan()
}
