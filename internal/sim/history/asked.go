package history

import (
	"bytes"
	"slices"

	"quoll/internal/model"
	"quoll/jute"
)

// request names a write. A client may begin its xids anew on each connection of a session, so that
// several writes have one name.
type request struct {
	session jute.SessionID
	xid     int32
}

// place is where a request was sent.
type place struct {
	conn *conn
	sent int
}

// answered is how a request was answered. A learner answers a write that cannot be read by itself,
// with the last zxid that it has applied.
type answered struct {
	zxid jute.Zxid
	code jute.ErrorCode
}

// index lists the writes of a connection by their names, and the zxids by which they were answered.
func (c *checker) index(k *conn) {
	if k.session == 0 {
		return
	}
	for i := range k.Sent {
		if model.IsWrite(k.Sent[i].Op) {
			name := request{k.session, k.Sent[i].Xid}
			c.asked[name] = append(c.asked[name], place{k, i})
		}
	}
	k.answers = map[int32]answered{}
	for i := 1; i < len(k.Got); i++ {
		var h jute.ReplyHeader
		if _, err := jute.Decode(k.Got[i].Bytes, &h); err == nil && h.Xid > 0 {
			k.answers[h.Xid] = answered{h.Zxid, h.Err}
		}
	}
}

// askedBy is the request that a transaction carries out. Of several that have its name it is one of
// the node from which it came to the leader: the one that was answered with its zxid, else that of
// the connection which got the session last.
func (c *checker) askedBy(t *Txn) (place, bool) {
	h := &t.Entry.Header
	all := c.asked[request{h.ClientID, h.Cxid}]
	if len(all) <= 1 {
		return first(all)
	}
	var left []place
	for _, p := range all {
		if t.From != 0 && p.conn.Node != t.From {
			continue
		}
		answer, answered := p.conn.answers[h.Cxid]
		if answered && answer.zxid == h.Zxid &&
			(answer.code == jute.MarshallingError) == (code(t) == jute.MarshallingError) {
			return p, true
		}
		open := !answered || c.mistaken(p.conn, h.Cxid)
		if open && !p.conn.logged[p.sent] && p.conn.Granted <= t.At &&
			p.conn.Sent[p.sent].At <= t.At {
			left = append(left, p)
		}
	}
	slices.SortStableFunc(left, func(a, b place) int {
		return int(max(-1, min(1, b.conn.Granted-a.conn.Granted)))
	})
	if len(left) == 0 {
		return first(all)
	}
	return first(left)
}

// mistaken says whether the answer to a write was made for one of the same name that a newer
// connection of the session had sent to another node. The older connection's node knows its own
// writes by session and xid alone, and nobody has told it that the session has moved.
func (c *checker) mistaken(k *conn, xid int32) bool {
	at, known := c.owners[k.answers[xid].zxid]
	return known && at.conn.session == k.session && at.conn.Sent[at.sent].Xid == xid &&
		at.conn.Node != k.Node && at.conn.Granted > k.Granted
}

func first(all []place) (place, bool) {
	if len(all) == 0 {
		return place{}, false
	}
	return all[0], true
}

// code is the error that a transaction records, OK for none.
func code(t *Txn) jute.ErrorCode {
	var txn jute.ErrorResponse
	if t.Entry.Header.Type != jute.OpError {
		return jute.OK
	}
	_, _ = jute.Decode(t.Entry.Body, &txn)
	return txn.Err
}

// is says whether a transaction is what the model makes of its request. That a multi has failed,
// where and why, is in its operations: the first error among them is that of the one that failed.
func is(t *Txn, out *model.Outcome) bool {
	var txn jute.MultiTxn
	if t.Entry.Header.Type != jute.OpMulti {
		return out.Code == code(t) && out.Failed == (t.Entry.Header.Type == jute.OpError)
	}
	_, _ = jute.Decode(t.Entry.Body, &txn)
	for i := range txn.Txns {
		if op := &txn.Txns[i]; op.Type == jute.OpError {
			var why jute.ErrorResponse
			_, _ = jute.Decode(op.Data, &why)
			return out.Failed && bytes.Equal(out.Body, model.FailedMulti(len(txn.Txns), i, why.Err))
		}
	}
	return out.Code == jute.OK && !out.Failed
}

// late judges a write that a leader took from a learner when the session was gone, or was somebody
// else's. It must become a transaction nevertheless, because the learner waits for it; but nothing
// may change. false: it is not such a one.
func (c *checker) late(t *Txn, at place) bool {
	if !c.h.Ensemble {
		return false
	}
	h, alive := &t.Entry.Header, c.tree.Sessions[t.Entry.Header.ClientID]
	switch why := code(t); {
	case why == jute.SessionExpired:
		if alive {
			c.report(at.conn, "late write", "xid %d: its session %v lives", h.Cxid, h.ClientID)
		}
	case why == jute.SessionMoved:
		if !c.hasMoved(at.conn, t.At) {
			c.report(at.conn, "late write", "xid %d: its session %v has not moved", h.Cxid,
				h.ClientID)
		}
	case h.Type != jute.OpCloseSession || alive:
		return false
	}
	c.tree.Nothing(h.Zxid)
	c.result.Code = code(t)
	return true
}

// hasMoved says whether another connection had asked for the session of one by then.
func (c *checker) hasMoved(k *conn, by int64) bool {
	return slices.ContainsFunc(c.conns, func(other *conn) bool {
		return other != k && other.Hello.SessionID == k.session && other.HelloAt <= by
	})
}

// unreadable says whether a write fails however the tree looks. A learner answers it by itself: its
// leader might be one that cannot.
func (c *checker) unreadable(k *conn, i int) bool {
	if !c.h.Ensemble {
		return false
	}
	is, known := k.unreadable[i]
	if !known {
		is = c.trips(k, i)
		k.unreadable[i] = is
	}
	return is
}

// trips says whether a write has no path where it needs one, or is a multi that makes no sense.
func (c *checker) trips(k *conn, i int) bool {
	body := k.Sent[i].Body
	switch k.Sent[i].Op {
	case jute.OpCreate, jute.OpCreate2, jute.OpCreateContainer, jute.OpCreateTTL:
		var in jute.CreateRequest
		_, err := jute.Decode(body, &in)
		return err == nil && in.Path == nil
	case jute.OpDelete:
		var in jute.PathVersion
		_, err := jute.Decode(body, &in)
		return err == nil && in.Path == nil
	case jute.OpDeleteContainer:
		var in jute.PathBuffer
		_, err := jute.Decode(body, &in)
		return err == nil && in.Path == nil
	case jute.OpMulti:
		out := c.tree.Clone().Write(k.request(i), c.tree.Zxid+1, 0, c.tree.Zxid)
		return out.Code == jute.MarshallingError
	}
	return false
}
