package node

import (
	"io"
	"slices"
	"time"

	"quoll/internal/sim/fuse"
	"quoll/internal/sim/history"
	"quoll/internal/sim/lease"
	"quoll/internal/sim/pipe"
	"quoll/jute"
	"quoll/processor/lane"
	"quoll/quorum"
)

// socket is the server's end of a connection (lane.Output).
type socket struct {
	loop   *loop
	link   *pipe.End
	tape   *history.Tape
	stream *lane.Stream

	in    []byte // read, not consumed
	out   []byte // not taken by the network
	given int64  // bytes of output, ever
	stall int64  // µs without progress after which it is closed; 0: never
	moved int64  // world time of the last progress
	came  int64  // server's ms at which bytes arrived last
	wire  *lease.Wire
	flags
}

// flags are the states of a socket.
type flags struct {
	parked, again, isReady, isDirty bool
	high                            bool // too much output: not read from
	closing, atOnce, gone, timed    bool
}

// accept takes a connection.
func (l *loop) accept(k *pipe.End) pipe.Reader {
	s := &socket{
		loop: l, link: k, tape: l.p.n.record.Tape(k), moved: l.p.n.Now, wire: l.p.leases.NewWire(),
	}
	l.sockets = append(l.sockets, s)
	l.called = true
	s.stream = l.lane.Open(s, k.Remote())
	l.plan()
	return s
}

// Arrived implements pipe.Reader: bytes, or the end of them, come out of the network.
func (s *socket) Arrived(bytes int) {
	if bytes > 0 {
		s.came = s.now()
		s.wire.Arrived(s.came, s.crowded())
	}
	if s.link.Ending() {
		s.wire.Ended(s.now())
	}
	s.read()
	if s.link.Ending() && s.link.Cut() {
		s.end(io.ErrUnexpectedEOF) // it can no longer be written to
	}
}

// Taken implements pipe.Reader.
func (s *socket) Taken() {
	if len(s.out) > 0 && !s.gone {
		s.wire.Moved(s.now())
		s.queue()
	}
}

// read takes the bytes that the kernel has, at times only a part, unless reading is off.
func (s *socket) read() {
	n := s.loop.p.n
	for !s.gone && !s.held() && s.link.Arrived() > 0 {
		fresh := s.link.Read()
		if !s.crowded() {
			s.wire.Emptied(s.now())
		}
		n.fuse.At(fuse.Input)
		s.input(fresh)
	}
	if s.link.Ended() && !s.gone && !s.held() {
		s.end(io.EOF)
	}
	s.loop.plan()
}

// crowded says whether the kernel has no room for more bytes.
func (s *socket) crowded() bool { return s.link.Arrived() >= s.loop.p.n.set.Limits.Receive }

// now is the server's ms.
func (s *socket) now() int64 { return s.loop.p.clock.millis() }

// ready puts the socket among those that get input without new bytes, or takes it out.
func (s *socket) ready(is bool) {
	s.isReady = is
	s.wire.Waits(s.now(), is || s.parked)
}

// HungUp implements lane.Output.
func (s *socket) HungUp() bool {
	if !s.link.Ending() || !s.held() {
		return false
	}
	if s.link.Arrived()+len(s.in)+len(s.out) == 0 {
		s.loop.p.n.Counts.Add("connection", "hung up while it was parked")
		s.shut()
	}
	return true
}

// Silent implements lane.Output.
func (s *socket) Silent() (ago time.Duration, known bool) {
	if !s.loop.p.n.set.Limits.KernelTells || s.crowded() {
		return 0, false
	}
	return time.Duration(s.now()-s.came) * time.Millisecond, true
}

// Progress implements lane.Output.
func (s *socket) Progress() int64 {
	taken := s.given - int64(len(s.out))
	return 2*taken - int64(s.link.Unread())
}

func (s *socket) held() bool { return s.parked || s.high || s.closing }

// input calls the stream with all bytes that are not consumed.
func (s *socket) input(fresh []byte) {
	s.loop.called, s.again = true, false
	hello := &s.tape.Conn.Hello
	s.loop.p.leases.Asked(hello.SessionID, hello.TimeOut, s.wire)
	s.in = append(s.in, fresh...)
	// The stream gets a copy that is spoilt after the call, because it may keep nothing of it.
	in := slices.Clone(s.in)
	used := s.stream.Input(in)
	for i := range in {
		in[i] = 0xee
	}
	s.in = s.in[used:]
	s.wire.Took(s.now(), len(fresh) > 0, used > 0)
	if len(s.in) > s.loop.p.n.set.Limits.MaxFrame+4 && used == 0 && !s.again && !s.held() {
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
	s.tape.Wrote(s.given, s.loop.p.tree.Peek().Shown(), s.loop.p.n.Now)
	s.given += int64(len(b))
	s.out = append(s.out, b...)
	s.queue()
}

// opened looks at the answer to the connect request, to know whose connection it is.
func (s *socket) opened(b []byte) {
	var r jute.ConnectResponse
	if len(b) < 4 {
		return
	}
	if _, err := jute.Decode(b[4:], &r); err != nil || r.SessionID == 0 {
		return
	}
	s.tape.Conn.Session, s.tape.Conn.Granted = r.SessionID, s.loop.p.n.Now
	s.loop.p.leases.Opened(r.SessionID, r.TimeOut, s.wire, s.now())
}

// Pending implements lane.Output.
func (s *socket) Pending() int { return len(s.out) }
func (s *socket) Room() int    { return s.loop.p.n.set.Limits.BatchBytes }

// Park implements lane.Output.
func (s *socket) Park() {
	s.parked = true
	s.wire.Waits(s.now(), true)
	s.loop.p.n.Counts.Add("connection", "parked")
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
	s.loop.p.n.Counts.Add("connection", "input again")
	s.resume()
}

// resume lets input be called, or the kernel be read, in the next turn.
func (s *socket) resume() {
	if s.held() {
		return
	}
	if (s.again || len(s.in) > 0) && !s.isReady {
		s.ready(true)
		s.loop.ready = append(s.loop.ready, s)
		s.loop.plan()
	}
	if s.link.Arrived() > 0 || s.link.Ending() {
		s.loop.p.after(1, s.read)
	}
}

// Established implements lane.Output.
func (s *socket) Established() {}

// SetStallTimeout implements lane.Output.
func (s *socket) SetStallTimeout(d time.Duration) { s.stall = d.Microseconds() }

// shut closes at once.
func (s *socket) shut() {
	s.closing, s.atOnce = true, true
	s.wire.Ended(s.now())
	s.queue()
}

// byServer notes that the server closes the connection of its own will. A lane learns late whether
// the server serves, so the request for a session may have come to a server that served nobody, and
// the close when it serves again.
func (s *socket) byServer() {
	r, p := s.tape.Conn, s.loop.p
	if !s.gone && !r.Closed {
		r.Closed, r.ClosedAt = true, p.tree.Peek().Shown()
		r.Early = p.serving.Load() == lane.NoService || !p.replica.Status().Stands ||
			r.Session == 0 && r.HelloAt <= p.changed
		r.ClosedTime = p.n.Now
		switch p.replica.Status().Role {
		case quorum.Leading, quorum.Following, quorum.Observing:
			r.Silence = s.wire.Silence(s.now())
		}
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
	n, l := s.loop.p.n, &s.loop.p.n.set.Limits
	n.fuse.At(fuse.Output)
	if taken := s.link.Write(s.out); taken > 0 {
		s.out = s.out[taken:]
		s.moved = n.Now
		s.wire.Moved(s.now())
		n.fuse.At(fuse.Sent)
	}
	wasHigh := s.high
	switch {
	case s.atOnce, s.closing && len(s.out) == 0:
		s.end(nil)
		return
	case len(s.out) > l.OutputCap:
		n.Counts.Add("connection", "closed at the cap of its output")
		s.end(nil)
		return
	case len(s.out) >= l.OutputPause:
		s.high = true
	case len(s.out) <= l.OutputPause/2:
		s.high = false
	}
	if s.high && !wasHigh {
		n.Counts.Add("connection", "not read because of its output")
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
	s.loop.p.after(since+limit-s.loop.p.n.Now, func() {
		s.timed = false
		switch {
		case s.gone || len(s.out) == 0:
		case s.moved == since:
			s.loop.p.n.Counts.Add("connection", "closed because its output stalled")
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
	s.link.Close()
	l.plan()
}
