package processor

import (
	"maps"
	"slices"

	"quoll/jute"
	"quoll/processor/mail"
	"quoll/processor/prep"
	"quoll/processor/session"
)

// forward sends a client's write to the leader. Requests go in the order in which they came, so
// their transactions come back in this order too, whatever lies between them (Commit.answers).
//
// A write that the leader could not read is answered here: see prep.Readable. What nobody forwards
// needs no transaction.
func (c *Chain) forward(r *mail.Request, s *session.Session) {
	out := jute.LearnerRequest{
		Session: r.Session, Cxid: r.Xid, Type: r.Type, Body: r.Body, IDs: r.Identity.IDs(),
	}
	switch {
	case r.Connect != nil: // as Apache's learner sends it: nobody asks but the server itself
		out.Body, out.IDs = timeoutBody(r), nil
	case r.Type == jute.OpCloseSession:
		s.Closing = true // no later request of it may reach the leader
		out.Body = nil
	case !prep.Readable(r.Type, r.Body):
		r.Refused = jute.MarshallingError
		c.inOrder(r, s)
		return
	}
	c.sessions.Wrote(s, c.commit.fly(r))
	c.master.Forward(&out)
}

// timeoutBody is the body of a createSession: the timeout that the client gets.
func timeoutBody(r *mail.Request) []byte {
	return jute.Append(nil, &jute.CreateSessionTxn{TimeOut: r.Connect.TimeOut})
}

// revalidations are the connects of a learner that wait for its leader. The leader says whether the
// session lives, and the answer to a sync that was sent behind the question says that everything is
// applied here which the leader had proposed for the session before. Afterwards no transaction of
// an older connection can be taken for one of the new connection, and the client sees all that it
// has done elsewhere.
//
//	of s1   [ask conn 4] [ask conn 9]       the leader answers the questions about a session in
//	of s7   [ask conn 5]                    the order in which they were asked
//	news    [ask conn 9] [ask conn 5]       not followed by a sync yet: one will serve all
type revalidations struct {
	of   map[jute.SessionID][]*revalidation
	news []*revalidation
}

// revalidation is a connect that waits.
type revalidation struct {
	request mail.Request
	lives   bool // the leader has said so
	synced  bool // the sync is answered
}

func newRevalidations() revalidations {
	return revalidations{of: make(map[jute.SessionID][]*revalidation)}
}

// revalidate asks the leader for a session that a client wants to go on with. The session's older
// connection here may send nothing more. The leader gives the session the timeout of the question.
// A PING that leaves behind the question must not take that back.
func (c *Chain) revalidate(r *mail.Request, s *session.Session) {
	if s != nil {
		s.Owner, s.TimeoutMillis = r.Conn.Owner, r.Connect.TimeOut
	}
	id := r.Connect.SessionID
	asked := &revalidation{request: *r}
	c.asked.of[id] = append(c.asked.of[id], asked)
	c.asked.news = append(c.asked.news, asked)
	c.master.Revalidate(jute.SessionTimeout{Session: id, TimeOut: r.Connect.TimeOut})
}

// askSync asks for the sync behind the questions that were just asked.
func (c *Chain) askSync() {
	news := c.asked.news
	c.asked.news = nil
	if c.master.Sync() {
		c.syncs.beginFor(news)
		return
	}
	c.syncedFor(news)
}

// Revalidated takes the leader's answer to the first question about a session that has none. An
// answer to which there is no question is none of ours.
func (c *Chain) Revalidated(id jute.SessionID, lives bool) {
	for i, asked := range c.asked.of[id] {
		if asked.lives {
			continue
		}
		if asked.lives = lives; !lives {
			c.asked.remove(id, i)
			c.unknown(&asked.request)
		} else if asked.synced {
			c.asked.remove(id, i)
			c.confirmed(&asked.request)
		}
		break
	}
	c.publish()
}

// syncedFor takes the answer to the sync behind some questions.
func (c *Chain) syncedFor(asked []*revalidation) {
	for _, a := range asked {
		a.synced = true
		if a.lives {
			id := a.request.Connect.SessionID
			c.asked.remove(id, slices.Index(c.asked.of[id], a))
			c.confirmed(&a.request)
		}
	}
}

// confirmed gives a session that lives to the connection that asked for it. The session may have
// ended after the leader's word. A connection that asked before, or an older one, ends.
func (c *Chain) confirmed(r *mail.Request) {
	id := r.Connect.SessionID
	s := c.sessions.Find(id)
	if s == nil || s.Closing {
		c.unknown(r)
		return
	}
	c.kickOld(r)
	c.sessions.Confirmed(s, r.Connect.TimeOut, r.Conn.Owner, &r.Conn.Heard)
	c.granted(r, s)
}

// remove takes out the i-th question about a session.
func (q *revalidations) remove(id jute.SessionID, i int) {
	if q.of[id] = slices.Delete(q.of[id], i, i+1); len(q.of[id]) == 0 {
		delete(q.of, id)
	}
}

// abandon forgets everything, and gives the requests to drop.
func (q *revalidations) abandon(drop func(*mail.Request)) {
	for _, id := range slices.Sorted(maps.Keys(q.of)) {
		for _, a := range q.of[id] {
			drop(&a.request)
		}
	}
	*q = newRevalidations()
}
