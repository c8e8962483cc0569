package reactor

import (
	"time"

	"github.com/valyala/bytebufferpool"
)

// outbox is a connection's output and what is known of its progress. The buffer is borrowed from
// the reactor's pool while it holds something, so an idle connection has none.
//
//	Write -> buf --(end of turn, one write)--> transport's leftover -> kernel -> client
//	         \______________ Pending ____________________________/    \_unacked_/
type outbox struct {
	pool *bytebufferpool.Pool
	buf  *bytebufferpool.ByteBuffer // nil when empty

	// slot is the place in loop.pending plus one; 0: not there.
	slot int
	// counted is this connection's share in Stats.PendingBytes.
	counted int
	// given is all that write was given, ever; given - buffered has moved.
	given int64

	acked int64 // of given, as Conn.Progress saw it last

	high       bool  // at the high-water mark: not read from, Input not called
	flood      int64 // given while high
	moved      int64
	movedAt    time.Duration
	unacked    int           // as last seen while nothing moved; -1: not looked yet
	lookedAt   time.Duration // at unacked
	stallAfter time.Duration
	closeBy    time.Duration // of CloseAfterFlush
}

func (o *outbox) len() int {
	if o.buf == nil {
		return 0
	}
	return len(o.buf.B)
}

// heavy tells that this turn has made so much output that it must have its chance to leave before
// there is more: a connection may be served twice in a turn.
func (o *outbox) heavy(l *loop) bool { return o.len() >= l.r.cfg.OutputHighWater }

func (o *outbox) append(p []byte) {
	if o.buf == nil {
		o.buf = o.pool.Get()
	}
	o.buf.B = append(o.buf.B, p...)
}

// take moves the buffer out, for a write that may end the connection under its hands.
func (o *outbox) take() *bytebufferpool.ByteBuffer {
	buf := o.buf
	o.buf = nil
	return buf
}

func (o *outbox) giveBack(buf *bytebufferpool.ByteBuffer) {
	if buf != nil && cap(buf.B) <= retainedBytes {
		o.pool.Put(buf)
	}
}

func (o *outbox) drop() { o.giveBack(o.take()) }

// send hands the output to the transport: the only place where bytes leave.
func (l *loop) send(c *Conn) {
	buf := c.out.take()
	if buf == nil {
		return
	}
	l.tally.writes++
	l.tally.bytesOut += int64(len(buf.B))
	c.out.given += int64(len(buf.B))
	if c.out.high {
		c.out.flood += int64(len(buf.B))
	}
	c.link.write(buf.B)
	c.out.giveBack(buf)
}

// settle is the end of the turn for one connection: its output leaves, and what the turn decided
// about its reading and its end is done. It is false when the end is left for a later turn.
func (l *loop) settle(c *Conn) bool {
	c.queued = false
	if c.gone {
		return true
	}
	l.send(c)
	if c.gone {
		return true
	}
	left := l.gauge(c)
	if l.aboveCap(c) {
		c.fail(ErrOutputCap)
	}
	if c.closing == closeNow || c.closing == closeFlushed && left == 0 {
		if l.shares.closes == closesPerTurn {
			c.queued = true
			return false
		}
		l.shares.closes++
		c.link.close()
		return true
	}
	c.applyReading()
	return true
}

// aboveCap tells that a connection that is not read from was still given, by watch events and
// the like, more than memory allows.
func (l *loop) aboveCap(c *Conn) bool {
	cfg := &l.r.cfg
	return c.out.flood > int64(cfg.OutputCap) || c.out.flood > int64(cfg.OutputHighWater) &&
		l.r.stats.PendingBytes.Load() > 2*cfg.OutputBudget
}

// gauge measures what the transport still holds, returns it, and moves the connection over the
// water marks and in and out of the list that scan looks at.
func (l *loop) gauge(c *Conn) int {
	left := c.link.buffered()
	if left == 0 && c.out.slot == 0 && c.closing == stayOpen {
		return 0 // the hot path: the kernel took everything
	}
	o := &c.out
	if d := left - o.counted; d != 0 {
		o.counted = left
		l.r.stats.PendingBytes.Add(int64(d))
	}
	if moved := o.given - int64(left); o.slot == 0 || moved != o.moved {
		o.moved, o.movedAt, o.unacked = moved, l.clock(), -1
	}
	if wait := left > 0 || c.closing == closeFlushed; wait != (o.slot != 0) {
		l.setPending(c, wait)
	}
	l.mark(c, left)
	return left
}

// mark moves a connection over the water marks.
func (l *loop) mark(c *Conn, left int) {
	cfg := &l.r.cfg
	overBudget := left > 0 && l.r.stats.PendingBytes.Load() > cfg.OutputBudget
	high := c.out.high
	switch {
	case left >= cfg.OutputHighWater || overBudget:
		high = true
	case left <= cfg.OutputLowWater:
		high = false
	}
	if high == c.out.high || !high && left > 0 && l.shares.resumes == resumesPerScan {
		return
	}
	if !high {
		l.shares.resumes++
	}
	c.out.high, c.out.flood = high, 0
	l.gaugeInput(c, false) // who is not read from cannot go on with a frame
	c.queue()
	c.stream.OutputFull(high)
	if !c.held() && (c.in.again || c.in.Len() > 0) {
		l.makeReady(c, l.turnNumber-1)
	}
}

// setPending puts a connection into the list of those with output pending, or takes it out.
func (l *loop) setPending(c *Conn, in bool) {
	if in {
		l.pending = append(l.pending, c)
		c.out.slot = len(l.pending)
		return
	}
	last := len(l.pending) - 1
	moved := l.pending[last]
	l.pending[c.out.slot-1] = moved
	moved.out.slot = c.out.slot
	l.pending[last] = nil
	l.pending = l.pending[:last]
	c.out.slot = 0
}

// scan looks at every connection with output pending, and at the connect deadlines. It runs each
// 10 ms while there is output pending anywhere, else each second or so.
func (l *loop) scan() {
	now := l.clock()
	l.shares.stalls, l.shares.resumes = 0, 0
	for i := len(l.pending) - 1; i >= 0; i-- {
		l.review(l.pending[i], now)
	}
	for _, early := range []*earlyList{&l.early.strangers, &l.early.guests} {
		for c := early.oldest; c != nil && now >= c.connectBy; c = early.oldest {
			early.remove(c)
			c.fail(ErrConnectDeadline)
		}
	}
	l.expireInput(now)
	l.relieveInput()
}

// stallsPerScan bounds how many connections a scan finds stalled: thousands that fell silent
// together are closed within a second, and nobody waits for it.
const stallsPerScan = 64

// resumesPerScan bounds how many are read from again between two scans while they still have output
// pending: when the output of all falls below the budget, thousands have waited for that.
const resumesPerScan = 64

// review takes one look at a connection with output pending.
func (l *loop) review(c *Conn, now time.Duration) {
	if c.gone {
		return
	}
	c.link.push()
	if c.gone {
		return
	}
	left := l.gauge(c)
	switch {
	case c.closing == closeFlushed && left == 0:
		c.Close()
	case l.shares.stalls == stallsPerScan:
	case c.closing == closeFlushed && now >= c.out.closeBy:
		l.shares.stalls++
		c.Close()
	case left > 0 && c.stalled(now):
		l.shares.stalls++
		c.fail(ErrStalled)
	}
}

// stalled tells that the output has not moved for the stall timeout. Bytes that the client
// acknowledges count as movement even if the kernel asks for no more: on a long send queue it
// does that only when a third has drained, and a slow reader may need minutes for it.
func (c *Conn) stalled(now time.Duration) bool {
	o := &c.out
	still := now - o.movedAt
	if still < o.stallAfter/4 {
		return false
	}
	// A look is a system call, and thousands may be deaf at once.
	if now-o.lookedAt < o.stallAfter/16 && still < o.stallAfter {
		return false
	}
	o.lookedAt = now
	if unacked := c.link.unacked(); unacked >= 0 {
		if o.unacked >= 0 && unacked < o.unacked {
			o.movedAt = now
		}
		o.unacked = unacked
	}
	return now-o.movedAt >= o.stallAfter
}
