package reactor

import (
	"errors"
	"math"
	"slices"
	"sync/atomic"
	"time"

	"quoll/reactor/socket"
)

// Errors by which a connection is closed that does not go on with a frame.
var (
	// ErrInputBudget is given when the frames that are not whole take more than
	// Config.InputBudget, to the connection that has gone longest without a byte.
	ErrInputBudget = errors.New("reactor: too many bytes of unfinished frames")
	// ErrInputStalled is given when a frame that is not whole has got no byte for the stall
	// timeout.
	ErrInputStalled = errors.New("reactor: unfinished frame")
)

// unfinishedBytes is how much of a frame a connection may have sent without being counted: pings
// and nearly all requests are shorter.
const unfinishedBytes = 64 << 10

// unfinished is a connection's place among those whose frame is not whole. Who is parked, or has
// input left that is whole, is not among them: it waits for us, and not we for it.
type unfinished struct {
	older, newer *Conn
	counted      int64         // in Stats.InputBytes; 0: it is not in the list
	at           time.Duration // of the last byte
	resting      bool          // not read from until a later turn, see restLarge
}

// unfinishedList is those of a loop, the one first that has gone longest without a byte.
type unfinishedList struct {
	oldest, newest *Conn
	oldestAt       atomic.Int64  // of oldest; MaxInt64: the list is empty. For the other loops
	lookedAt       time.Duration // by expireInput
}

func (u *unfinishedList) init() { u.oldestAt.Store(math.MaxInt64) }

func (u *unfinishedList) add(c *Conn, now time.Duration) {
	p := &c.in.part
	p.older, p.newer, p.at = u.newest, nil, now
	if u.newest != nil {
		u.newest.in.part.newer = c
	} else {
		u.oldest = c
	}
	u.newest = c
	u.publish()
}

func (u *unfinishedList) remove(c *Conn) {
	p := &c.in.part
	if p.older != nil {
		p.older.in.part.newer = p.newer
	} else {
		u.oldest = p.newer
	}
	if p.newer != nil {
		p.newer.in.part.older = p.older
	} else {
		u.newest = p.older
	}
	p.older, p.newer = nil, nil
	u.publish()
}

func (u *unfinishedList) publish() {
	at := int64(math.MaxInt64)
	if u.oldest != nil {
		at = int64(u.oldest.in.part.at)
	}
	if u.oldestAt.Load() != at {
		u.oldestAt.Store(at)
	}
}

// gaugeInput counts what a connection holds of a frame that is not whole, by the memory it takes.
// fresh tells that a byte has come in.
func (l *loop) gaugeInput(c *Conn, fresh bool) {
	p, size := &c.in.part, int64(0)
	if c.in.Len() > unfinishedBytes && !c.in.again && !c.gone && !c.held() {
		size = int64(c.in.Cap())
	}
	if size == p.counted && (size == 0 || !fresh) {
		return
	}
	if p.counted > 0 && !p.resting && (size == 0 || fresh) {
		l.unfinished.remove(c)
	}
	if size > 0 && !p.resting && (p.counted == 0 || fresh) {
		l.unfinished.add(c, l.clock())
	}
	l.r.stats.InputBytes.Add(size - p.counted)
	p.counted = size
	if size > 0 {
		l.relieveInput()
	}
}

// dropInput takes a connection out whose end is decided.
func (l *loop) dropInput(c *Conn) {
	if p := &c.in.part; p.counted > 0 {
		if !p.resting {
			l.unfinished.remove(c)
		}
		l.r.stats.InputBytes.Add(-p.counted)
		p.counted = 0
	}
}

// looksAtOnce is how many connections are asked, each with a system call, before one is closed.
const looksAtOnce = 16

// relieveInput closes connections, those first that have gone longest without a byte, until the
// budget is kept. When another loop has the next of them, that loop is told to do it. Bytes that
// the kernel holds have come: in a long turn everyone's wait there, and who is served last in it
// has not gone longest without one.
func (l *loop) relieveInput() {
	for looks := 0; l.r.stats.InputBytes.Load() > l.r.cfg.InputBudget; {
		first := l
		for _, other := range l.r.loops {
			if other.unfinished.oldestAt.Load() < first.unfinished.oldestAt.Load() {
				first = other
			}
		}
		if first != l {
			first.signal(sigTick)
			return
		}
		c := l.unfinished.oldest
		if c == nil {
			return
		}
		if looks < looksAtOnce && c.link.unread() {
			looks++
			l.unfinished.remove(c)
			l.unfinished.add(c, l.clock())
			continue
		}
		l.dropInput(c)
		c.fail(ErrInputBudget)
	}
}

// expireInput closes connections whose frame has got no byte for the stall timeout, which is the
// session's. It looks at all of them, a few times a second.
func (l *loop) expireInput(now time.Duration) {
	u := &l.unfinished
	if now-u.lookedAt < 10*scanEvery {
		return
	}
	u.lookedAt = now
	for c := u.oldest; c != nil; {
		next := c.in.part.newer
		if now-c.in.part.at >= c.out.stallAfter {
			l.dropInput(c)
			c.fail(ErrInputStalled)
		}
		c = next
	}
}

// largeTurnBytes of unfinished large frames are taken in a turn, about. What more is there waits in
// the kernel: when a thousand clients send a megabyte each, a turn in which all are read takes a
// tenth of a second, and everybody else waits for it.
const largeTurnBytes = 8 * socket.ChunkBytes

// restLarge counts what came of an unfinished large frame, and lets the connection rest when the
// share of the turn is used up. Its bytes count on, but it is not the one to be closed: that it has
// got no byte is our doing.
func (l *loop) restLarge(c *Conn, bytes int) {
	if c.gone || c.in.part.counted == 0 {
		return
	}
	if l.shares.large < largeTurnBytes {
		l.shares.large += bytes
		return
	}
	l.unfinished.remove(c)
	c.in.part.resting = true
	l.shares.resting = append(l.shares.resting, c)
	c.applyReading()
}

// wakeResting lets as many be read from again as a turn has a share for, first come, first served.
func (l *loop) wakeResting() {
	l.shares.large = 0
	n := min(len(l.shares.resting), largeTurnBytes/socket.ChunkBytes)
	for _, c := range l.shares.resting[:n] {
		c.in.part.resting = false
		if c.in.part.counted > 0 {
			l.unfinished.add(c, l.clock())
		}
		if !c.gone {
			c.applyReading()
		}
	}
	l.shares.resting = slices.Delete(l.shares.resting, 0, n)
}
