package processor

import (
	"quoll/jute"
	"quoll/processor/mail"
	"quoll/processor/op"
	"quoll/processor/session"
	"quoll/processor/tell"
	"quoll/processor/throttle"
)

// Requests takes a lane's batch.
func (c *Chain) Requests(batch *mail.Batch) {
	if c.serves {
		c.take(batch)
	} else {
		c.turnAway(batch)
	}
	batch.Done()
	c.publish()
}

// take sends a batch's requests their way, unless they must wait in front of Prep.
func (c *Chain) take(batch *mail.Batch) {
	for i := range batch.Requests {
		if c.queue.Len() > 0 || c.throttled() {
			if c.queue.Len() == 0 {
				c.rules.Counts.ThrottleWaits.Add(1)
			}
			c.queue.Push(batch.Requests[i])
			continue
		}
		c.request(&batch.Requests[i])
	}
}

// publish ends a batch of work: what it has made for the lanes is theirs.
func (c *Chain) publish() {
	if len(c.asked.news) > 0 {
		c.askSync()
	}
	c.final.out.Publish()
	c.final.out.Wake()
}

// request sends one request its way.
func (c *Chain) request(r *mail.Request) {
	if r.Connect != nil {
		c.connect(r)
		return
	}
	s := c.sessions.Find(r.Session)
	kind := op.Of(r.Type).Kind
	switch {
	case !c.takes(r, s), c.syncs.hold(r):
	case s.Local && r.Type == jute.OpCloseSession:
		c.closeLocal(r)
	case r.Refused == jute.OK && kind == op.Write:
		c.write(r, s)
	case r.Refused == jute.OK && kind == op.Barrier && c.master.Sync():
		c.syncs.begin(r)
	default:
		c.inOrder(r, s)
	}
}

// takes says whether a request is taken: its session lives, and is attached to its connection.
// Otherwise the request is dropped.
func (c *Chain) takes(r *mail.Request, s *session.Session) bool {
	switch {
	case s == nil || s.Closing:
		c.drop(r, mail.Dropped)
	case r.Origin == mail.FromClient && !s.Claim(r.Conn.Owner):
		c.drop(r, mail.Kicked)
	default:
		return true
	}
	return false
}

// publishBytes is how many bytes of replies and events end a hold of the tree's lock.
const publishBytes = 1 << 20

// Committed applies every transaction up to zxid, in order, and answers what waited for it.
func (c *Chain) Committed(zxid jute.Zxid) {
	for more := true; more; {
		c.final.tree.Lock()
		for n := 1; ; n++ {
			e, of := c.commit.next(zxid)
			if more = e != nil; !more {
				break
			}
			c.final.apply(e, of)
			*e = jute.Entry{} // what it holds may be large, and its place is free only at compact
			if of != nil {
				*of = flight{}
			}
			if n == c.rules.MaxApplyBatch || c.final.out.Bytes() >= publishBytes {
				break
			}
		}
		c.final.out.Publish()
		c.final.tree.Unlock()
		c.final.out.Wake()
	}
	if len(c.commit.granted) > 0 {
		c.commit.grants(c.final.connected)
		c.publish()
	}
	c.commit.compact()
	c.unthrottle()
}

// Synced takes the leader's answer to the first sync that it was asked for: what was committed then
// is applied now. The sync is answered at its place, and the requests behind it go on. An answer to
// which there is no sync is none of ours.
func (c *Chain) Synced() {
	b := c.syncs.end()
	if b == nil {
		return
	}
	c.syncedFor(b.connects)
	if b.connects == nil {
		r := &b.request
		if s := c.sessions.Find(r.Session); c.takes(r, s) {
			c.inOrder(r, s)
		}
	}
	for i := range b.behind {
		c.request(&b.behind[i])
	}
	c.publish()
}

// Reap deletes a container or TTL node that nobody needs any more. Only a server that leads may.
func (c *Chain) Reap(path []byte) {
	body := jute.Append(nil, &jute.PathBuffer{Path: path})
	r := mail.Request{
		Origin: mail.FromServer, Type: jute.OpDeleteContainer, Body: body,
		Identity: serverIdentity,
	}
	c.write(&r, nil)
}

// throttled says whether requests must wait in front of Prep: too many writes of this server's
// clients are in flight, or its reign has no zxids left, or is over and the next has not begun.
func (c *Chain) throttled() bool {
	if most := c.rules.Throttle.MaxRequests; most > 0 && c.commit.flights.len() >= most {
		return true
	}
	if c.prep == nil {
		return c.role != follows
	}
	return c.prep.Spent()
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
	c.publish()
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
