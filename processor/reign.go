package processor

import (
	"quoll/jute"
	"quoll/processor/mail"
	"quoll/processor/prep"
)

// Lead begins a reign: from now on this server makes the transactions, and the first has the zxid
// behind last. All that was proposed before is applied by now, otherwise Lead panics.
//
// The first reign behind another role gives every session its full timeout. It proposes the end of
// sessions that nobody knows and that own ephemerals.
func (c *Chain) Lead(last jute.Zxid) {
	if c.commit.Len() > 0 {
		panic("processor: a reign begins with transactions in flight")
	}
	c.prep = prep.New(c.rules.Prep, c.rules.Counts, c.final.tree, c.sessions, last)
	c.prep.Time(c.wall)
	c.final.prep = c.prep
	if c.role != leads {
		c.begin(leads)
		c.sessions.Lead(c.mono)
		c.endOrphans()
	}
	c.unthrottle()
}

// endOrphans proposes the end of every session that has ephemerals and is not in the table. Such
// sessions come from the files of careless servers.
func (c *Chain) endOrphans() {
	for _, id := range c.final.tree.Peek().Sessions() {
		if c.sessions.Find(id) == nil {
			c.write(closing(id), nil)
		}
	}
}

// closing is the server's own request to end a session.
func closing(id jute.SessionID) *mail.Request {
	return &mail.Request{
		Origin: mail.FromServer, Session: id, Type: jute.OpCloseSession,
		Identity: serverIdentity,
	}
}

// Resign ends the reign, and another will follow at once. Prep goes with its journal; writes wait
// for the next reign.
func (c *Chain) Resign() { c.prep, c.final.prep = nil, nil }

// Spent says that the reign must end soon, because few zxids of its epoch are left. Requests wait
// until the next reign.
func (c *Chain) Spent() bool { return c.prep != nil && c.prep.Spent() }
