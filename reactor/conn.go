package reactor

import (
	"errors"
	"io"
	"net/netip"
	"time"
)

// Errors by which the reactor closes a connection. Stream.Closed is given them.

// Before a session, that is before Established was called.
var (
	// ErrConnectDeadline is given when Config.ConnectDeadline is over.
	ErrConnectDeadline = errors.New("reactor: no session before the connect deadline")
	// ErrEarlyInput is given when 64 KiB have arrived and the stream has consumed none of it.
	ErrEarlyInput = errors.New("reactor: too much input before the session")
)

// On the way in; see ErrInputBudget and ErrInputStalled too.
var (
	// ErrInputCap is given when more than Config.MaxFrame is buffered and the stream consumes none.
	ErrInputCap = errors.New("reactor: frame longer than the limit")
)

// On the way out.
var (
	// ErrOutputCap is given when the client does not read and Config.OutputCap bytes wait for it.
	ErrOutputCap = errors.New("reactor: output above the cap")
	// ErrStalled is given when not one byte of the pending output has moved for the stall timeout.
	ErrStalled = errors.New("reactor: output stalled")
)

// errStopped is how a transport reports that a connection ends because the reactor does. Streams
// never see it: to them it is nil, we closed it.
var errStopped = errors.New("reactor: stopped")

// closing is how far a connection is on its way out.
type closing uint8

const (
	stayOpen closing = iota
	closeFlushed
	closeNow
)

// Conn is one client's connection as its stream and lane see it. Every method is for the
// goroutine of its loop alone, but ID and RemoteAddr, which never change.
type Conn struct {
	loop   *loop
	link   link
	stream Stream // nil until Open returned one
	id     uint64
	remote netip.AddrPort

	in  inbox
	out outbox

	connectBy   time.Duration // on the loop's clock; meaningful while !established
	older       *Conn         // neighbours in loop.early
	newer       *Conn
	closeErr    error // what Stream.Closed will be told, when the reason is known before the end
	closing     closing
	mode        reading
	parked      bool
	established bool
	queued      bool // in loop.dirty
	guest       bool // there are no descriptors for more connections
	gone        bool // Closed was called, or is about to be
}

// ID is unique for the life of the process, never zero, never used again.
func (c *Conn) ID() uint64 { return c.id }

// RemoteAddr is the client's address, IPv4 in its short form. It stays valid after the close.
func (c *Conn) RemoteAddr() netip.AddrPort { return c.remote }

// Guest tells that the connection was let in although there are no descriptors for more: it is for
// a short question, and has a second for it.
func (c *Conn) Guest() bool { return c.guest }

// Write appends p to the output, which leaves at the end of the turn in one write. It never
// blocks and never fails; after Close or CloseAfterFlush it does nothing. p is copied.
func (c *Conn) Write(p []byte) {
	if c.gone || c.closing != stayOpen {
		return
	}
	c.out.append(p)
	c.queue()
}

// Pending is the output, in bytes, that the kernel has not taken: ours and the transport's.
func (c *Conn) Pending() int {
	if c.gone {
		return 0
	}
	return c.out.len() + c.link.buffered()
}

// Room is how much output one call of Input should make, in bytes; a stream that has more to say
// asks for Again. It is the connection's share of a turn, and less where memory is short.
func (c *Conn) Room() int {
	l := c.loop
	if l.r.stats.PendingBytes.Load() > l.r.cfg.OutputBudget/2 {
		return roomMinBytes
	}
	return min(max(turnRoomBytes/(l.inLine+len(l.ready)+1), roomMinBytes), roomMaxBytes)
}

// Park stops Input for this connection, and the socket is not read until Unpark. Who parks for long
// asks HungUp now and then: nothing else sees a FIN meanwhile.
func (c *Conn) Park() {
	if !c.parked {
		c.parked = true
		c.queue()
	}
}

// Unpark undoes Park. What is buffered goes to Input in this turn if its reads are not done yet,
// else in the next.
func (c *Conn) Unpark() {
	if !c.parked {
		return
	}
	c.parked = false
	c.queue()
	if c.in.again || c.in.Len() > 0 {
		c.loop.makeReady(c, c.loop.turnNumber-1)
	}
}

// Again asks for Input in the next turn even if no byte arrives: the stream stopped at a limit
// of its own with complete frames left.
func (c *Conn) Again() {
	c.in.again = true
	if !c.held() {
		c.loop.makeReady(c, c.loop.turnNumber)
	}
}

// Established tells that the client has said who it is: the connect deadline no longer holds and
// Config.MaxFrame bytes may be buffered.
func (c *Conn) Established() {
	if !c.established {
		c.established = true
		c.loop.early.of(c).remove(c)
	}
}

// SetStallTimeout sets how long pending output may go without one byte moving before the
// connection is closed: the session's timeout.
func (c *Conn) SetStallTimeout(d time.Duration) { c.out.stallAfter = d }

// Close ends the connection at the end of the turn: what the kernel takes at once leaves, the
// rest is dropped. Closed(nil) follows from the loop, never from inside this call.
func (c *Conn) Close() {
	if c.closing != closeNow {
		c.closing = closeNow
		c.loop.dropInput(c)
		c.queue()
	}
}

// CloseAfterFlush ends the connection when its output is gone or Config.CloseDeadline has passed.
// Nothing more is read meanwhile, so a FIN of the client's does not cut the output short.
func (c *Conn) CloseAfterFlush() {
	if c.closing == stayOpen {
		c.closing = closeFlushed
		c.loop.dropInput(c)
		c.out.closeBy = c.loop.clock() + c.loop.r.cfg.CloseDeadline
		c.queue()
	}
}

// HungUp looks whether the client has ended its side of a connection that is not read from; it may
// be a system call. A connection that is broken, or of which nothing is left, neither input nor
// output, ends with this turn; else what came before the FIN is still handled.
func (c *Conn) HungUp() bool {
	if c.gone || c.closing != stayOpen || c.mode == readOn {
		return false
	}
	err := c.link.ended()
	switch {
	case err == nil:
		return false
	case !errors.Is(err, io.EOF), c.in.Len() == 0 && c.Pending() == 0 && !c.link.unread():
		c.fail(err)
	}
	return true
}

// Silent is how long ago the client's last byte arrived, read or not; a system call. known is false
// where the kernel does not tell, and where the client may have more to send than there is room
// for. Stream.Closed may still ask.
func (c *Conn) Silent() (ago time.Duration, known bool) { return c.link.silent() }

// Progress grows with each byte of output that the kernel takes or the client acknowledges; a
// system call. It compares with an earlier Progress of the same connection and means nothing else.
func (c *Conn) Progress() int64 {
	if c.gone {
		return 0
	}
	taken := c.out.given - int64(c.link.buffered())
	if unacked := c.link.unacked(); unacked >= 0 {
		c.out.acked = max(c.out.acked, taken-int64(unacked))
	}
	return taken + c.out.acked
}

// held tells that Input must not be called now.
func (c *Conn) held() bool {
	return c.parked || c.out.high || c.closing != stayOpen || c.loop.r.draining.Load()
}

// queue puts the connection before the end of the turn, once.
func (c *Conn) queue() {
	if !c.queued && !c.gone {
		c.queued = true
		c.loop.dirty = append(c.loop.dirty, c)
	}
}

// fail closes with a reason of the reactor's own.
func (c *Conn) fail(err error) {
	if c.gone || c.closeErr != nil {
		return
	}
	c.closeErr = err
	c.Close()
}

// deaf tells that the connection ends because its client does not read: a reset takes from the
// kernel what it would else keep for minutes.
func (c *Conn) deaf() bool {
	late := c.out.closeBy > 0 && c.link.buffered() > 0
	return late || errors.Is(c.closeErr, ErrStalled) || errors.Is(c.closeErr, ErrOutputCap)
}

// applyReading tells the transport whether to read.
func (c *Conn) applyReading() {
	want := readOn
	switch {
	case c.parked || c.in.full() || c.in.part.resting:
		want = readHeld
	case c.out.high || c.closing != stayOpen:
		want = readDraining
	}
	if want == c.mode {
		return
	}
	if c.mode == readOn {
		c.loop.r.stats.Paused.Add(1)
	} else if want == readOn {
		c.loop.r.stats.Resumed.Add(1)
	}
	c.mode = want
	c.link.setReading(want)
}

// reasonOf files an ending under its counter and returns what the stream is told.
func (c *Conn) reasonOf(err error) (CloseReason, error) {
	if c.closeErr != nil {
		err = c.closeErr
	}
	switch {
	case err == nil:
		return ClosedByServer, nil
	case errors.Is(err, errStopped):
		return ClosedAtStop, nil
	case errors.Is(err, io.EOF) && c.closing != stayOpen && c.closeErr == nil:
		return ClosedByServer, nil // both sides were done
	case errors.Is(err, io.EOF):
		return ClosedByPeer, io.EOF
	case errors.Is(err, ErrConnectDeadline):
		return ClosedAtConnectDeadline, err
	case errors.Is(err, ErrEarlyInput), errors.Is(err, ErrInputCap):
		return ClosedForInput, err
	case errors.Is(err, ErrInputBudget), errors.Is(err, ErrInputStalled):
		return ClosedUnfinished, err
	case errors.Is(err, ErrOutputCap):
		return ClosedForOutput, err
	case errors.Is(err, ErrStalled):
		return ClosedStalled, err
	}
	return ClosedByError, err
}
