package history

import (
	"slices"

	"quoll/jute"
)

// closed judges a connection that the server closed: the history must show a reason.
func (c *checker) closed(k *conn) {
	if !k.Closed || k.Nonsense || k.Word || k.Early {
		return
	}
	if k.session == 0 && c.mayRefuse(k) || c.endedBy(k.session, k.ClosedTime) || c.isMoved(k) ||
		slices.ContainsFunc(k.Sent, c.closes) || c.isDenied(k) || c.isStale(k) || c.isTaken(k) ||
		isSilent(k) {
		return
	}
	c.report(k, "closed", "the server closed it at %v, of session %v, for no reason that the "+
		"history shows", k.ClosedAt, k.session)
}

// endedBy says whether the end of a session was proposed by then, or at a time that nobody knows.
func (c *checker) endedBy(id jute.SessionID, at int64) bool {
	if zxid, died := c.died[id]; died && c.h.Txns.At(zxid).At > at {
		return c.h.Lost[id] // another end of it
	}
	return c.sessionGone(id)
}

// sessionGone says whether a session was ended, for good or until a crash lost its end.
func (c *checker) sessionGone(id jute.SessionID) bool {
	_, died := c.died[id]
	return id != 0 && (died || c.h.Lost[id] || c.h.Orphaned[id])
}

// isMoved says whether another connection had asked for the session, with the right password or a
// wrong one.
func (c *checker) isMoved(k *conn) bool {
	id := k.session
	if id == 0 {
		id = k.Hello.SessionID
	}
	return id != 0 && slices.ContainsFunc(c.conns, func(other *conn) bool {
		return other != k && other.Hello.SessionID == id && other.HelloAt <= k.ClosedTime &&
			(other.Node != k.Node || other.Life == k.Life)
	})
}

// isTaken says whether a write that an older connection of the session had sent may have been taken
// for one of its own. The older write reached the leader when the session had moved, and was
// refused for that. A learner knows a transaction of another leader by session and xid alone, and a
// client may begin its xids anew on each connection.
func (c *checker) isTaken(k *conn) bool {
	for i := range c.h.Txns {
		t := &c.h.Txns[i]
		h := &t.Entry.Header
		refused := h.ClientID == k.session && code(t) == jute.SessionMoved
		if refused && h.Zxid <= k.ClosedAt && k.HelloAt <= t.At && t.At <= k.ClosedTime &&
			slices.ContainsFunc(k.Sent, func(s Sent) bool { return s.Xid == h.Cxid }) {
			return true
		}
	}
	return false
}

// isSilent says whether its server had not heard its client for as long as its timeout. The session
// may live on: only the leader ends sessions, and a learner may have heard the client.
func isSilent(k *conn) bool { return k.Silence != nil && k.Silence.At >= k.Silence.Deadline() }

// mayRefuse says whether the connect request asked for something that it may not have.
func (c *checker) mayRefuse(k *conn) bool {
	id := k.Hello.SessionID
	_, born := c.born[id]
	switch {
	case k.Hello.LastZxidSeen > k.ClosedAt:
		return true // ahead of the server
	case id == 0:
		return c.h.MaxSessions > 0 || c.h.Throttled // a stale one is dropped
	}
	return !born || c.sessionGone(id) || !c.password(id, k.Hello.Passwd)
}

// closes says whether a request ends its connection, whoever sends it.
func (c *checker) closes(s Sent) bool {
	large := c.h.LargeBytes > 0 && len(s.Body) > c.h.LargeBytes && s.Op != jute.OpAuth
	tooLong := c.h.MaxFrame > 0 && jute.RequestHeaderBytes+len(s.Body) > c.h.MaxFrame
	return s.Op == jute.OpCloseSession || large || tooLong || !known(s.Op)
}

// isStale says whether a request of it was not answered, and such a request may be dropped with its
// connection.
func (c *checker) isStale(k *conn) bool {
	waits := func(s Sent) bool { return !isAside(s.Op) }
	return c.h.DropsStale && slices.ContainsFunc(k.Sent[min(k.asking, len(k.Sent)):], waits)
}

// isDenied says whether the client did not authenticate, or could not.
func (c *checker) isDenied(k *conn) bool {
	for i := range k.Sent {
		s := &k.Sent[i]
		switch {
		case s.Op == jute.OpAuth:
			var in jute.AuthPacket
			_, err := jute.Decode(s.Body, &in)
			_, ok := c.tree.Authenticate(k.who[i], string(in.Scheme), in.Auth)
			if !ok || err != nil {
				return true
			}
		case isAside(s.Op):
		case len(c.h.Enforce) > 0 && !slices.ContainsFunc(c.h.Enforce, k.who[i].Has):
			return true
		}
	}
	return false
}

// graceMicros is how long before the proposal of its end a session may be refused: of many that
// expire in one tick, each step ends one.
const graceMicros = 50_000

// endsSoon says whether the end of a session was proposed when a frame was written, or right after.
// Time in which the proposing process stood still does not count.
func (c *checker) endsSoon(id jute.SessionID, f *Frame) bool {
	zxid, died := c.died[id]
	if !died {
		return false
	}
	end := c.h.Txns.At(zxid)
	after := end.At - f.Written
	for _, p := range c.h.Pauses {
		if p.Node == end.Node {
			after -= max(0, min(p.To, end.At)-max(p.From, f.Written))
		}
	}
	return after <= graceMicros
}
