package processor

import (
	"quoll/jute"
	"quoll/processor/auth"
	"quoll/processor/mail"
	"quoll/processor/reads"
	"quoll/processor/session"
	"quoll/processor/tell"
)

// serverIdentity is the identity of the server's own requests.
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
		if r.ReadOnly {
			c.openLocal(r)
			return
		}
		s := c.sessions.Create(r.Connect.TimeOut, r.Conn.Owner, &r.Conn.Heard)
		r.Session = s.ID
		c.final.attached[s.ID] = r.Conn
		c.write(r, s)
		return
	}
	id := r.Connect.SessionID
	if s := c.sessions.Find(id); r.ReadOnly && s != nil && !s.Local {
		// There is no answer: a client that is told that its session is gone gives it up.
		tellOf(c.rules.Teller, r, tell.Event{Kind: tell.GlobalSession})
		c.final.out.Send(r.Conn, len(c.final.out.To(r.Conn).Buf), mail.Last, r)
		return
	}
	c.rules.Counts.Revalidated.Add(1)
	c.kickOld(r) // as in Apache, even before the password is checked
	s := c.sessions.Find(id)
	if !session.CheckPassword(id, r.Connect.Passwd) {
		c.refuse(r, tell.WrongPassword, 0)
		return
	}
	switch c.sessions.Attach(s, r.Connect.TimeOut, r.Conn.Owner, &r.Conn.Heard) {
	case session.Attached:
		c.granted(r, s)
	case session.AskLeader:
		c.revalidate(r, s)
	default:
		c.unknown(r)
	}
}

// kickOld ends the connection that had the session until now.
func (c *Chain) kickOld(r *mail.Request) {
	id := r.Connect.SessionID
	if old := c.final.attached[id]; old != nil && old != r.Conn {
		delete(c.final.attached, id)
		c.final.out.Kick(old)
	}
}

// granted answers a connect to a session, which is attached by now. Requests that the session sent
// over older connections, here or at a learner, are still in flight. The answer waits for them, so
// that the new connection sees all that they do.
func (c *Chain) granted(r *mail.Request, s *session.Session) {
	c.final.attached[s.ID] = r.Conn
	r.Session = s.ID
	if !c.commit.waitFor(r, s.LastForeign) && !c.commit.wait(r, s.LastWrite) {
		c.final.connected(r)
	}
}

// unknown tells a client that its session is gone, or never was.
func (c *Chain) unknown(r *mail.Request) { c.refuse(r, tell.UnknownSession, 0) }

// refuse tells a client that it gets no session. The log hears why.
func (c *Chain) refuse(r *mail.Request, why tell.Kind, limit int64) {
	tellOf(c.rules.Teller, r, tell.Event{Kind: why, A: limit})
	c.final.noSession(r)
}

// openLocal opens a session that only this server knows: without a quorum there is no other kind.
func (c *Chain) openLocal(r *mail.Request) {
	s := c.sessions.CreateLocal(r.Connect.TimeOut, r.Conn.Owner, &r.Conn.Heard)
	r.Session = s.ID
	c.final.attached[s.ID] = r.Conn
	c.final.connected(r)
}

// closeLocal ends a local session for its client. Nothing is logged: no other server knows it.
func (c *Chain) closeLocal(r *mail.Request) {
	c.sessions.Remove(r.Session)
	delete(c.final.attached, r.Session)
	tellOf(c.rules.Teller, r, tell.Event{Kind: tell.Closed})
	d := c.final.out.To(r.Conn)
	from := len(d.Buf)
	d.Buf = reads.AppendError(d.Buf, r.Xid, c.final.tree.Peek().Shown(), jute.OK)
	c.final.out.Send(r.Conn, from, mail.Last, r)
}

// expireLocal ends a local session whose time is up, and its connection.
func (c *Chain) expireLocal(id jute.SessionID) {
	c.sessions.Remove(id)
	c.letGo(id)
}

// letGo ends the connection of a session that has ended, lives elsewhere, or is silent here.
func (c *Chain) letGo(id jute.SessionID) {
	if conn := c.final.attached[id]; conn != nil {
		delete(c.final.attached, id)
		c.final.out.Kick(conn)
		c.final.out.Publish()
		c.final.out.Wake()
	}
}

// Expire ends a session whose time is up. Only a server that leads may end a global one.
func (c *Chain) Expire(s *session.Session) {
	c.tellExpired(s)
	if c.final.hooks.Expired != nil {
		c.final.hooks.Expired()
	}
	if s.Local {
		c.expireLocal(s.ID)
		return
	}
	c.write(closing(s.ID), s)
}

// tellExpired tells of a session whose client was silent for too long, with the address of its last
// connection. For how long is not known (-1) if no connection had the session since the server
// began.
func (c *Chain) tellExpired(s *session.Session) {
	if c.rules.Teller == nil {
		return
	}
	e := tell.Event{Kind: tell.Expired, Session: s.ID, A: int64(s.TimeoutMillis), B: -1}
	if heard := s.HeardMillis(); heard > 0 {
		e.B = c.mono - heard
	}
	if last := c.final.attached[s.ID]; last != nil {
		e.Peer = last.Peer
	}
	c.rules.Teller.Tell(e)
}
