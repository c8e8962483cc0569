package processor

import (
	"quoll/jute"
	"quoll/processor/mail"
	"quoll/processor/tell"
	"quoll/processor/throttle"
)

// throttled says whether requests must wait in front of Prep: too many writes are in flight, or
// this server does not lead, or its reign has no zxids left.
func (c *Chain) throttled() bool {
	most := c.rules.Throttle.MaxRequests
	return most > 0 && c.commit.Len() >= most || c.prep == nil || c.prep.Spent()
}

// unthrottle lets waiting requests in, as far as there is room.
func (c *Chain) unthrottle() {
	if c.queue.Len() == 0 {
		return
	}
	for !c.throttled() {
		r, ok := c.queue.Pop()
		if !ok {
			break
		}
		c.readmit(&r)
	}
	c.final.out.Publish()
	c.final.out.Wake()
}

// throttlable says whether a request may be refused because it has waited (Request.isThrottlable).
// A ping and a closeSession may not: a session must be able to live and to end.
func throttlable(op jute.OpCode) bool { return op != jute.OpPing && op != jute.OpCloseSession }

// readmit sends on a request that has waited, if anyone still waits for its answer.
func (c *Chain) readmit(r *mail.Request) {
	timeout := int64(0)
	if s := c.sessions.Find(r.Session); s != nil {
		timeout = int64(s.TimeoutMillis)
	}
	gone := r.Conn != nil && r.Conn.Gone()
	verdict, stale := c.rules.Throttle.Judge(c.mono-r.ReceivedMillis, timeout, gone)
	if verdict == throttle.Drop {
		c.rules.Counts.StaleDropped.Add(1)
		tellOf(c.rules.Teller, r, tell.Event{Kind: tell.Stale})
		c.drop(r, mail.Kicked) // later requests of the connection would overtake it
		return
	}
	if stale {
		c.rules.Counts.Stale.Add(1)
	}
	if verdict == throttle.Refuse && r.Connect == nil && r.Refused == jute.OK &&
		throttlable(r.Type) {
		c.rules.Counts.ThrottledOps.Add(1)
		tellOf(c.rules.Teller, r, tell.Event{Kind: tell.Throttled})
		r.Refused = jute.ThrottledOp
	}
	c.request(r)
}
