package processor

import (
	"quoll/processor/mail"
	"quoll/processor/session"
	"quoll/processor/tell"
)

// tellOf tells what happened to a request. It is for the core.
func tellOf(t tell.Teller, r *mail.Request, e tell.Event) {
	if t == nil {
		return
	}
	if r.Conn != nil {
		e.Peer = r.Conn.Peer
	}
	e.Session = r.Session
	t.Tell(e)
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
