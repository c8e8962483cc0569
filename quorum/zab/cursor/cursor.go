package cursor

import (
	"time"

	"quoll/jute"
	"quoll/jute/ensemble"
	"quoll/quorum/effects"
	"quoll/quorum/zab/history"
)

// Log is the leader's log, as all cursors see it.
type Log struct {
	History *history.History
	// Committed is the commit point. Until the reign stands that is the end of the log.
	Committed jute.Zxid
	// Durable is the last transaction on the leader's own disk.
	Durable jute.Zxid
}

// Sender takes packets for a connection.
type Sender interface {
	Send(t ensemble.PacketType, zxid jute.Zxid, data []byte)
	// Full reports that enough is on its way.
	Full() bool
}

// Cursor is the place of one learner.
type Cursor struct {
	observer bool
	sent     jute.Zxid // the last transaction that has left
	open     jute.Zxid // the first one whose COMMIT has not left; 0 when all have
	goal     jute.Zxid // NEWLEADER leaves behind it
	entered  bool      // NEWLEADER has left
	syncs    []jute.Zxid
	read     logRead
	acks     acks
}

// Begin says that DIFF, TRUNC or SNAP has left: what is above from follows. NEWLEADER leaves behind
// the transaction goal.
func (c *Cursor) Begin(from, goal jute.Zxid, observer bool) {
	c.sent, c.goal, c.observer = from, goal, observer
}

// Sent is the last transaction that has left.
func (c *Cursor) Sent() jute.Zxid { return c.sent }

// Told is the last transaction of which the learner knows that it is committed.
func (c *Cursor) Told() jute.Zxid {
	if c.open != 0 {
		return c.open - 1
	}
	return c.sent
}

// AtGoal reports that NEWLEADER may leave.
func (c *Cursor) AtGoal() bool { return c.sent >= c.goal }

// Enter says that NEWLEADER leaves now. What was not committed in front of it is acknowledged
// behind UPTODATE.
func (c *Cursor) Enter() {
	c.entered = true
	if c.open != 0 {
		c.acks = acks{next: c.open, oldest: c.open, owed: c.sent}
	}
}

// Feed sends what the learner may have by now, while there is room. An error says that the log on
// disk has a hole.
func (c *Cursor) Feed(l *Log, to Sender, out *effects.Pending, now time.Duration) error {
	c.settle(l, to)
	for !to.Full() {
		e, err := c.next(l, out)
		if e == nil || err != nil {
			return err
		}
		c.send(e, to, now)
		c.settle(l, to)
	}
	return nil
}

// Starves reports that the cursor waits for what is not durable yet.
func (c *Cursor) Starves(l *Log) bool {
	_, ok := l.History.Behind(c.sent)
	return !ok
}

// next is the transaction behind the cursor; nil when there is none to be sent now.
func (c *Cursor) next(l *Log, out *effects.Pending) (*jute.Entry, error) {
	i, ok := l.History.Behind(c.sent)
	if !ok {
		return c.nextOfLog(l, out)
	}
	c.CloseLog(out)
	if i == l.History.Len() {
		return nil, nil
	}
	if e := l.History.At(i); !c.observer || e.Header.Zxid <= l.Committed {
		return e, nil
	}
	return nil, nil
}

func (c *Cursor) send(e *jute.Entry, to Sender, now time.Duration) {
	c.sent = e.Header.Zxid
	if c.observer && c.entered {
		to.Send(ensemble.PacketInform, c.sent, e.Payload)
		return
	}
	to.Send(ensemble.PacketProposal, c.sent, e.Payload)
	if c.open == 0 {
		c.open = c.sent
	}
	if c.entered {
		c.acks.owe(c.sent, now)
	}
}

// settle sends the COMMITs that are due, and answers the syncs between them. If more than one
// transaction is open, all are of this reign: their zxids can be counted up.
func (c *Cursor) settle(l *Log, to Sender) {
	c.answerSyncs(to)
	for c.open != 0 && c.open <= l.Committed {
		to.Send(ensemble.PacketCommit, c.open, nil)
		if c.open++; c.open > c.sent {
			c.open = 0
		}
		c.answerSyncs(to)
	}
}

// Sync takes a sync of the learner. place is the last transaction that is proposed.
func (c *Cursor) Sync(place jute.Zxid, to Sender) {
	c.syncs = append(c.syncs, place)
	c.answerSyncs(to)
}

// Syncs is how many syncs of the learner are not answered.
func (c *Cursor) Syncs() int { return len(c.syncs) }

func (c *Cursor) answerSyncs(to Sender) {
	for len(c.syncs) > 0 && c.syncs[0] <= c.Told() {
		c.syncs = c.syncs[1:]
		to.Send(ensemble.PacketSync, 0, nil)
	}
}
