package processor

import (
	"quoll/processor/auth"
	"quoll/processor/mail"
	"quoll/processor/session"
	"quoll/processor/tell"
)

// serverIdentity is who asks in the server's own requests.
//
// read-only: an Identity never changes.
var serverIdentity = auth.Server()

// connect opens a new session, or attaches a connection to the one it asks for
// (ZooKeeperServer.processConnectRequest; the lane has looked at lastZxidSeen and the timeout).
func (c *Chain) connect(r *mail.Request) {
	if r.Connect.SessionID == 0 {
		if most := c.rules.MaxSessions; most > 0 && c.sessions.Len() >= most {
			c.rules.Counts.SessionsRefused.Add(1)
			c.refuse(r, tell.TooManySessions, int64(most))
			return
		}
		s := c.sessions.Create(r.Connect.TimeOut, r.Conn.Owner, &r.Conn.Heard)
		r.Session = s.ID
		c.final.attached[s.ID] = r.Conn
		c.write(r, s)
		return
	}
	c.rules.Counts.Revalidated.Add(1)
	id := r.Connect.SessionID
	if old := c.final.attached[id]; old != nil && old != r.Conn {
		// As in Apache, before the password is looked at.
		delete(c.final.attached, id)
		c.final.out.Kick(old)
	}
	s := c.sessions.Find(id)
	if !session.CheckPassword(id, r.Connect.Passwd) {
		c.refuse(r, tell.WrongPassword, 0)
		return
	}
	if c.sessions.Attach(s, r.Connect.TimeOut, r.Conn.Owner, &r.Conn.Heard) != session.Attached {
		c.refuse(r, tell.UnknownSession, 0)
		return
	}
	c.final.attached[id] = r.Conn
	r.Session = id
	// What the session sent over its old connection is still in flight: the answer waits for it,
	// so that the new connection sees all of it.
	if !c.commit.wait(r, s.LastWrite) {
		c.final.connected(r)
	}
}

// refuse tells a client that its session is gone, or never was. The log hears why.
func (c *Chain) refuse(r *mail.Request, why tell.Kind, limit int64) {
	tellOf(c.rules.Teller, r, tell.Event{Kind: why, A: limit})
	d := c.final.out.To(r.Conn)
	from := len(d.Buf)
	gone := *r.Connect
	gone.TimeOut = 0
	d.Buf = session.AppendResponse(d.Buf, &gone, 0)
	c.final.out.Send(r.Conn, from, mail.Last, r)
}
