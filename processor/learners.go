package processor

import (
	"quoll/datatree"
	"quoll/jute"
	"quoll/processor/auth"
	"quoll/processor/op"
	"quoll/processor/prep"
	"quoll/processor/session"
)

// The methods in this file are for a leader. A learner's link stands for all clients that the
// learner has: it owns their sessions.

// LearnerRequest takes a request that a learner has forwarded (REQUEST). Exactly one transaction
// comes of it, whatever it is: an Apache learner answers nobody any more once one of its requests
// got none. Therefore our limits do not count here, and a request that is refused is a transaction
// of type error.
func (c *Chain) LearnerRequest(link session.Owner, r *jute.LearnerRequest) {
	w := prep.Write{
		Session: r.Session, Cxid: r.Cxid, Type: r.Type, Body: r.Body, Identity: auth.Of(r.IDs),
	}
	s := c.sessions.Find(r.Session)
	code := c.judge(&w, s, link)
	var e jute.Entry
	if code == jute.OK {
		made := c.prep.Prepare(&w)
		if e, code = made.Entry, made.Code; made.Proposed {
			code = jute.OK // the entry says what became of it
		}
	}
	if code != jute.OK {
		e = c.prep.Refuse(&w, code)
	} else if s != nil {
		s.LastForeign = e.Header.Zxid
	}
	c.commit.propose(e, foreign)
	c.master.Propose(e)
}

// judge says why a learner's request is refused before Prep sees it; OK: it is not. A session is
// opened here, as Prep needs it. The end of a session is refused to nobody who has one: it is the
// last that its client sends.
//
// That a session has moved is the first reason. Where its client is now, a learner may take the
// transaction for the answer to a request of its own that looks like this one (Commit.answers).
// SessionMoved only ends the connection there; any other code would be a wrong answer.
func (c *Chain) judge(w *prep.Write, s *session.Session, link session.Owner) jute.ErrorCode {
	switch {
	case c.final.tree.Options().Kind(w.Session) != datatree.KindEphemeral:
		return jute.SessionExpired // this owner marks nodes that belong to no session
	case w.Type == jute.OpCloseSession:
		return jute.OK
	case w.Type == jute.OpCreateSession:
		return c.open(w, link)
	case s == nil || s.Closing || s.Local:
		return jute.SessionExpired
	case !s.Claim(link):
		return jute.SessionMoved
	case op.Of(w.Type).Kind != op.Write:
		return jute.Unimplemented
	}
	return jute.OK
}

// open puts in a session that a learner has made for its client.
func (c *Chain) open(w *prep.Write, link session.Owner) jute.ErrorCode {
	var txn jute.CreateSessionTxn
	if _, err := jute.Decode(w.Body, &txn); err != nil {
		return jute.MarshallingError
	}
	c.sessions.Open(w.Session, txn.TimeOut, link)
	return jute.OK
}

// Revalidate answers a learner's question (REVALIDATE): does a session live? If it does it is the
// link's from now on. Requests of its client that come by other ways are refused.
func (c *Chain) Revalidate(link session.Owner, s jute.SessionTimeout) (lives bool) {
	if !c.sessions.Revalidate(s.Session, s.TimeOut, link, c.mono) {
		return false
	}
	c.letGo(s.Session)
	return true
}

// Touch takes a learner's word that a session was heard, with the timeout that its client has. The
// connection that has it here may have asked late, and be closed.
func (c *Chain) Touch(link session.Owner, s jute.SessionTimeout) {
	if conn := c.final.attached[s.Session]; conn != nil && conn.Gone() {
		c.sessions.OwnerGone(s.Session)
	}
	c.sessions.Touch(s.Session, s.TimeOut, link, c.mono)
}

// LinkGone takes the news that a learner's link has ended. It stays the owner of its sessions, as
// in Apache: a client that comes back asks for its session anew.
func (c *Chain) LinkGone(link session.Owner) { c.sessions.LinkGone(link) }
