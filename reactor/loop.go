package reactor

import (
	"sync/atomic"
	"time"

	"quoll/reactor/door"
	"quoll/reactor/leftover"
)

// What a loop is told from outside, as bits of loop.signals.
const (
	sigWake  uint32 = 1 << iota // the lane's mailbox has something
	sigTurn                     // end the turn that has begun
	sigTick                     // look at deadlines and pending output
	sigProbe                    // count what is pending, for Handle.Drain
	sigBusy                     // a turn is running; it sees to what comes meanwhile
)

// loop is what both transports share of an event loop: the lane and the order of a turn. All of
// it belongs to the loop's goroutine, but signals and need.
type loop struct {
	r    *reactor
	lane Lane
	// poke has the transport call turn soon, on the loop. Any goroutine; called once for each
	// time that signals leaves zero.
	poke func()
	// pokeLater is poke at the end of a turn, for another one after the sockets that are ready: who
	// asks for turns without end must not keep the loop from reading.
	pokeLater func()
	signals   atomic.Uint32
	// need is what the clock must do for this loop: see reactor.runClock.
	need  atomic.Int32
	conns atomic.Int32

	turnNumber uint64
	work       bool    // a stream was called since the last Turn
	dirty      []*Conn // have output, or a change of state to carry out
	ready      []*Conn // want Input without new bytes
	readySpare []*Conn
	inLine     int     // of ready, while inputReady has taken them out
	pending    []*Conn // have output that the kernel did not take
	shares     shares
	early      earlyLists
	small      leftover.Spare
	tally      tally
	unfinished unfinishedList
}

func newLoop(r *reactor) *loop {
	l := &loop{r: r, turnNumber: 1, small: leftover.NewSpare()}
	l.unfinished.init()
	return l
}

// clock is the monotonic time since the reactor started.
func (l *loop) clock() time.Duration { return time.Since(l.r.start) }

// signal asks for a turn. Any goroutine. Signals coalesce: between two turns the transport is
// poked once, however many ask.
func (l *loop) signal(bits uint32) {
	if l.signals.Load()&bits == bits {
		return
	}
	if l.signals.Or(bits) == 0 {
		l.poke()
	}
}

func (l *loop) wake() { l.signal(sigWake) }

// turn runs what ends every turn of the loop, in the order that doc.go draws.
func (l *loop) turn() {
	bits := l.signals.Swap(sigBusy)
	if bits&sigTick != 0 {
		l.scan()
	}
	if bits&sigWake != 0 {
		l.tally.wakes++
		l.lane.Drain()
	}
	l.inputReady()
	called := l.work
	l.work = false
	if l.lane.Turn != nil && (called || bits&sigWake != 0) {
		l.lane.Turn()
	}
	if called {
		l.lane.Drain()
	}
	l.flush()
	l.wakeResting()
	l.turnNumber++
	l.tally.turns++
	l.tally.publish(l.r.stats)
	if bits&sigProbe != 0 {
		busy := len(l.pending)
		if l.lane.Busy != nil {
			busy += l.lane.Busy()
		}
		l.r.probes <- busy
	}
	l.setNeed()
	if len(l.ready) > 0 || l.work || len(l.dirty) > 0 || len(l.shares.resting) > 0 {
		l.signals.Or(sigTurn)
	}
	if l.signals.And(^sigBusy) != sigBusy {
		l.pokeLater()
	}
}

// flush settles every connection that the turn touched. Settling may end a connection, whose
// Closed may write to others: the list grows under the loop.
//
// Of thousands that end at once some are closed now and the others in the next turns, so that those
// who stay are served in between: a close is a system call that takes long.
func (l *loop) flush() {
	l.shares.closes = 0
	left := 0
	for i := 0; i < len(l.dirty); i++ {
		if c := l.dirty[i]; !l.settle(c) {
			l.dirty[left] = c
			left++
		}
	}
	clear(l.dirty[left:])
	l.dirty = l.dirty[:left]
}

// closesPerTurn bounds how many connections are closed at the end of a turn.
const closesPerTurn = 64

// shares counts what is bounded a turn or a scan.
type shares struct {
	stalls  int // found by this scan
	resumes int // since the last scan
	closes  int // by this turn
	large   int // bytes of unfinished large frames that came in this turn
	resting []*Conn
}

// setNeed tells the clock how often this loop wants to be ticked.
func (l *loop) setNeed() {
	need := needNothing
	switch {
	case len(l.pending) > 0:
		need = needScan
	case l.early.any(), l.unfinished.oldest != nil:
		need = needDeadlines
	}
	if was := l.need.Load(); was != need {
		l.need.Store(need)
		if need > was {
			l.r.clockChanged()
		}
	}
}

// opened introduces a connection to its lane. It returns false if the lane refused it; the
// transport then closes the socket, and nothing else was kept.
func (l *loop) opened(c *Conn) bool {
	l.conns.Add(1)
	l.work = true
	c.stream = l.lane.Open(c)
	if c.stream == nil {
		c.gone = true
		l.conns.Add(-1)
		c.out.drop()
		l.early.of(c).remove(c)
		l.r.door.Leave(c.remote.Addr(), c.guest)
		l.r.turnedAway(door.ByLane, c.remote, nil)
		return false
	}
	l.r.stats.Accepted.Add(1)
	l.r.stats.Open.Add(1)
	if !c.established {
		c.connectBy = l.clock() + l.r.cfg.ConnectDeadline
		if c.guest {
			c.connectBy = l.clock() + min(door.GuestDeadline, l.r.cfg.ConnectDeadline)
		}
		l.early.of(c).add(c)
	}
	return true
}

// ended takes a connection out, whoever closed it. It is idempotent: a write that fails inside a
// close comes back here.
func (l *loop) ended(c *Conn, err error) {
	if c.gone {
		return
	}
	c.gone = true
	if c.out.slot != 0 {
		l.setPending(c, false)
	}
	l.r.stats.PendingBytes.Add(-int64(c.out.counted))
	c.out.counted = 0
	c.out.drop()
	l.dropInput(c)
	c.in.Drop(&l.small)
	l.early.of(c).remove(c)
	l.conns.Add(-1)
	l.r.door.Leave(c.remote.Addr(), c.guest)
	reason, told := c.reasonOf(err)
	l.r.stats.Closed[reason].Add(1)
	l.r.stats.Open.Add(-1)
	l.work = true
	c.stream.Closed(told)
}

// earlyLists is the strangers and the guests, who have less time.
type earlyLists struct{ strangers, guests earlyList }

func (e *earlyLists) of(c *Conn) *earlyList {
	if c.guest {
		return &e.guests
	}
	return &e.strangers
}

func (e *earlyLists) any() bool { return e.strangers.oldest != nil || e.guests.oldest != nil }

// earlyList is the connections that have not called Established, oldest first, which is the order
// of their deadlines.
type earlyList struct{ oldest, newest *Conn }

func (e *earlyList) add(c *Conn) {
	c.older, c.newer = e.newest, nil
	if e.newest != nil {
		e.newest.newer = c
	} else {
		e.oldest = c
	}
	e.newest = c
}

func (e *earlyList) remove(c *Conn) {
	if c.older == nil && c.newer == nil && e.oldest != c {
		return
	}
	if c.older != nil {
		c.older.newer = c.newer
	} else {
		e.oldest = c.newer
	}
	if c.newer != nil {
		c.newer.older = c.older
	} else {
		e.newest = c.older
	}
	c.older, c.newer = nil, nil
}
