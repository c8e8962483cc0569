package reactor

import (
	"slices"
	"time"

	"quoll/reactor/socket"
)

// inbox holds what a stream has not consumed. It owns memory only while there is something in it,
// and no more than the bytes that arrived call for: ten thousand connections that sent a length
// and fell silent cost a few hundred bytes each.
type inbox struct {
	buf []byte // nil when everything is consumed
	off int    // buf[:off] is consumed
	// again: the stream asked to be called without new bytes.
	again bool
	// ready: the connection is in loop.ready, put there in turn readyIn.
	ready   bool
	readyIn uint64
	part    unfinished
	stashed bool // bytes have come in since the last Input
}

// smallBytes is the size of the leftovers that loops recycle: the tail of a frame that straddles
// two reads is nearly always shorter.
const smallBytes = 512

func (b *inbox) len() int { return len(b.buf) - b.off }

// full tells that no more should be read: Input will be called anyhow, with as much as one read
// brings.
func (b *inbox) full() bool { return (b.again || b.ready) && b.len() >= socket.ChunkBytes }

// join returns all that is unconsumed, fresh bytes last. It copies only if there is a leftover;
// otherwise fresh itself is returned.
func (b *inbox) join(fresh []byte) []byte {
	if b.buf == nil {
		return fresh
	}
	if len(fresh) > 0 {
		b.grow(len(fresh))
		b.buf = append(b.buf, fresh...)
	}
	return b.buf[b.off:]
}

// grow makes room for n bytes: at the front if that is enough, else in twice the memory.
func (b *inbox) grow(n int) {
	if len(b.buf)+n <= cap(b.buf) {
		return
	}
	left := b.buf[b.off:]
	if len(left)+n > cap(b.buf) || b.off < len(left) {
		b.buf = make([]byte, 0, max(2*cap(b.buf), len(left)+n))
	}
	b.buf, b.off = append(b.buf[:0], left...), 0
}

// keep notes that used bytes of data, which join returned, are consumed.
func (b *inbox) keep(l *loop, data []byte, used int) {
	switch {
	case b.buf != nil:
		b.off += used
		left := b.buf[b.off:]
		switch {
		case len(left) == 0:
			b.drop(l)
		case used > 0 && cap(b.buf) > socket.ChunkBytes && len(left) < cap(b.buf)/4:
			// A large frame is done: a client that falls silent now keeps no more than it sent.
			b.buf, b.off = append(l.smallBuffer(len(left)), left...), 0
		}
	case used < len(data):
		b.buf = append(l.smallBuffer(len(data)-used), data[used:]...)
	}
}

// drop gives the memory back.
func (b *inbox) drop(l *loop) {
	if cap(b.buf) == smallBytes && len(l.small) < cap(l.small) {
		l.small = append(l.small, b.buf[:0])
	}
	b.buf, b.off = nil, 0
}

func (l *loop) smallBuffer(n int) []byte {
	if n > smallBytes {
		return make([]byte, 0, n)
	}
	if last := len(l.small) - 1; last >= 0 {
		b := l.small[last]
		l.small = l.small[:last]
		return b
	}
	return make([]byte, 0, smallBytes)
}

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
	c.in.stash(l, p)
	c.in.stashed = true
	if c.in.len() > l.r.hardInputBytes {
		c.fail(ErrInputCap)
	}
	if !held {
		// It waits for its share like the others in l.ready; more bytes do not get it a second one.
		l.makeReady(c, l.turnNumber)
		c.applyReading()
	}
}

// stash keeps bytes that arrived while Input must not be called.
func (b *inbox) stash(l *loop, p []byte) {
	if b.buf == nil {
		b.buf = append(l.smallBuffer(len(p)), p...)
		return
	}
	b.join(p)
}

// input calls the stream with everything unconsumed. fresh may be empty.
func (l *loop) input(c *Conn, fresh []byte) {
	l.work = true
	l.tally.inputs++
	c.in.again = false
	data := c.in.join(fresh)
	used := c.stream.Input(data)
	if used < 0 || used > len(data) {
		panic("reactor: a stream consumed bytes that it was not given")
	}
	c.in.keep(l, data, used)
	if used == 0 && !c.in.again && !c.held() {
		switch {
		case !c.established && c.in.len() > earlyInputBytes:
			c.fail(ErrEarlyInput)
		case c.in.len() > l.r.cfg.MaxFrame:
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
	if c.held() || !c.in.again && c.in.len() == 0 {
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
	for wanted && !c.gone && !c.held() && c.in.len() > 0 && !c.out.heavy(l) {
		before := c.in.len()
		l.input(c, nil)
		wanted = c.in.again && c.in.len() < before
	}
}
