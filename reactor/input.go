package reactor

import (
	"slices"
	"time"

	"quoll/reactor/leftover"
	"quoll/reactor/socket"
)

// inbox is what a stream has not consumed, and whether it waits for more bytes or for us.
type inbox struct {
	leftover.Buffer
	// again: the stream asked to be called without new bytes.
	again bool
	// ready: the connection is in loop.ready, put there in turn readyIn.
	ready   bool
	readyIn uint64
	part    unfinished
	stashed bool // bytes have come in since the last Input
}

// full tells that no more should be read: Input will be called anyhow, with as much as one read
// brings.
func (b *inbox) full() bool { return (b.again || b.ready) && b.Len() >= socket.ChunkBytes }

// received takes what the transport read. p is the transport's again when it returns.
func (l *loop) received(c *Conn, p []byte) {
	l.tally.bytesIn += int64(len(p))
	if c.gone || c.closing != stayOpen {
		return
	}
	held := c.held()
	if !held && !c.in.ready && !c.out.heavy(l) {
		l.input(c, p)
		l.restLarge(c, len(p))
		return
	}
	c.in.Stash(&l.small, p)
	c.in.stashed = true
	if c.in.Len() > l.r.hardInputBytes {
		c.fail(ErrInputCap)
	}
	if !held {
		// It waits for its share like the others in l.ready; more bytes do not get it a second one.
		l.makeReady(c, l.turnNumber)
		c.applyReading()
	}
}

// input calls the stream with everything unconsumed. fresh may be empty.
func (l *loop) input(c *Conn, fresh []byte) {
	l.work = true
	l.tally.inputs++
	c.in.again = false
	data := c.in.Join(fresh)
	used := c.stream.Input(data)
	if used < 0 || used > len(data) {
		panic("reactor: a stream consumed bytes that it was not given")
	}
	c.in.Keep(&l.small, data, used)
	if used == 0 && !c.in.again && !c.held() {
		switch {
		case !c.established && c.in.Len() > earlyInputBytes:
			c.fail(ErrEarlyInput)
		case c.in.Len() > l.r.cfg.MaxFrame:
			c.fail(ErrInputCap)
		}
	}
	l.gaugeInput(c, len(fresh) > 0 || c.in.stashed)
	c.in.stashed = false
	// Not left to the end of the turn: the transport may look at the socket before that, and must
	// not find a FIN behind input that is parked.
	c.applyReading()
}

// makeReady has input called without new bytes in the first turn after the given one.
func (l *loop) makeReady(c *Conn, turn uint64) {
	if !c.in.ready {
		c.in.ready, c.in.readyIn = true, turn
		l.ready = append(l.ready, c)
	}
}

// readyShare is how long a turn serves connections that want Input without new bytes. Thousands
// that ask for much must not hold up one that asks for little: it is served when its bytes arrive.
const readyShare = 250 * time.Microsecond

// inputReady serves the connections that asked for Input before this turn began, in the order in
// which they asked, as many as the share allows and at least one.
func (l *loop) inputReady() {
	if len(l.ready) == 0 {
		return
	}
	todo := l.ready
	l.ready = l.readySpare[:0]
	until := l.clock() + readyShare
	for i, c := range todo {
		l.inLine = len(todo) - i - 1
		if !c.gone && (c.in.readyIn == l.turnNumber || c.out.heavy(l)) {
			l.ready = append(l.ready, c)
			continue
		}
		if l.serveReady(c) && l.clock() >= until {
			// Those that were not served stand before those that were and want more.
			l.ready = slices.Insert(l.ready, 0, todo[i+1:]...)
			break
		}
	}
	l.inLine = 0
	clear(todo)
	l.readySpare = todo[:0]
}

// serveReady takes a connection out of l.ready; it returns false if there was nothing to do.
func (l *loop) serveReady(c *Conn) bool {
	c.in.ready = false
	if c.gone {
		return false
	}
	if c.held() || !c.in.again && c.in.Len() == 0 {
		c.applyReading()
		return false
	}
	l.input(c, nil)
	return true
}

// lastInput runs when the client has sent FIN: what it sent before, and what no limit holds back,
// is still handled, as if the FIN came after the turns that this takes.
func (l *loop) lastInput(c *Conn) {
	wanted := c.in.ready || c.in.again
	for wanted && !c.gone && !c.held() && c.in.Len() > 0 && !c.out.heavy(l) {
		before := c.in.Len()
		l.input(c, nil)
		wanted = c.in.again && c.in.Len() < before
	}
}
