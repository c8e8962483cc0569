package processor

import (
	"math"

	"quoll/jute"
	"quoll/processor/mail"
	"quoll/processor/session"
)

// role is what the chain does with the writes of its clients.
type role uint8

const (
	noRole  role = iota // nobody is served
	leads               // they become transactions here; without Prep they wait for the next reign
	follows             // they go to the leader
)

// Follow begins the role of a follower or observer, whose clients' writes go to the leader.
func (c *Chain) Follow() { c.begin(follows) }

// Serve says that requests are taken from now on, until the role ends: everything in the tree is
// committed, and the leader takes requests. Before, every request ends its connection.
func (c *Chain) Serve() {
	if c.role == noRole {
		panic("processor: clients are served without a role")
	}
	c.serves = true
}

// begin begins a role. The one before it was left.
func (c *Chain) begin(r role) {
	if c.role != noRole {
		panic("processor: a role begins before the last one is left")
	}
	c.role = r
}

// Leave ends the role, whatever it was. Connections end, but for those that ask for a four-letter
// word. Requests that have no answer yet get none, and nobody is told what became of them. What is
// proposed and not committed is dropped: it may be cut from the history, and is proposed again if
// it is not.
//
// The kicks are in the mailboxes before the tree's lock is given back. A lane empties its mailbox
// when it has the lock, so no connection sees a tree that takes the place of this one.
func (c *Chain) Leave() {
	c.final.tree.Lock()
	c.final.conns.Each(c.final.out.RoleOver)
	c.dropAll()
	c.final.out.Publish()
	c.final.tree.DropAllWatches()
	c.final.tree.Unlock()
	c.final.out.Wake()
	c.sessions.Leave()
	clear(c.final.attached)
	c.prep, c.final.prep = nil, nil
	c.role, c.serves = noRole, false
}

// dropAll forgets every request that is under way or waits.
func (c *Chain) dropAll() {
	drop := c.final.out.Drop
	c.commit.abandon(drop)
	c.syncs.abandon(drop)
	c.asked.abandon(drop)
	for c.queue.Len() > 0 {
		r, _ := c.queue.Pop()
		drop(&r)
	}
}

// turnAway ends the connections of a batch that comes while nobody is served. Its lane has not yet
// heard of the end of the role in which it took the requests.
func (c *Chain) turnAway(batch *mail.Batch) {
	for i := range batch.Requests {
		c.drop(&batch.Requests[i], mail.Kicked)
	}
}

// Heard appends the sessions of this server's connections that were heard since the last call, for
// the answer of a learner to its leader's ping. A leader takes no packet that is longer than a
// transaction may be; sessions for which there is no room come with the next answer. Connections
// whose clients are silent for longer than their timeout end, as in Apache's
// ConnectionExpirerThread.
func (c *Chain) Heard(to []jute.SessionTimeout) []jute.SessionTimeout {
	most := math.MaxInt
	if bytes := c.rules.Prep.MaxTxnBytes; bytes > 0 {
		most = max(1, bytes/jute.SessionTimeoutBytes)
	}
	to = c.sessions.AppendHeard(to, most)
	c.endSilent()
	return to
}

// Tick moves the clock of the sessions to this step's time (session.Table.Tick), and ends the
// connections that it finds silent at a leader whose learners keep the sessions alive. Other silent
// connections of a leader end with their sessions.
func (c *Chain) Tick(
	expectedMillis int64, expired []*session.Session,
) (_ []*session.Session, late int64) {
	expired, late = c.sessions.Tick(c.mono, expectedMillis, expired)
	for _, id := range c.sessions.Elsewhere() {
		c.letGo(id)
	}
	return expired, late
}

// endSilent ends the connections of a learner whose clients are silent.
func (c *Chain) endSilent() {
	for _, s := range c.sessions.DetachSilent(nil) {
		c.letGo(s.ID)
	}
}
