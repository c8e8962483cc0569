package history

import (
	"bytes"
	"fmt"
	"slices"

	"quoll/internal/model"
	"quoll/jute"
)

// maxViolations ends a check early: the violations behind the first mostly follow from it.
const maxViolations = 10

// Check goes through a history and lists its violations.
func Check(h *History) []Violation {
	c := &checker{
		h: h, tree: model.New(h.Options),
		born: map[jute.SessionID]jute.Zxid{}, died: map[jute.SessionID]jute.Zxid{},
		asked:  map[request][]place{},
		owners: map[jute.Zxid]place{}, holders: map[jute.SessionID]*conn{},
		starts: newStarts(h.Recoveries),
	}
	c.prepare()
	c.tree.Nothing(h.Begin)
	reigns := h.Reigns
	c.arrive()
	for i := range h.Txns {
		if len(c.found) >= maxViolations {
			break
		}
		t := &h.Txns[i]
		for len(reigns) > 0 && reigns[0] <= t.Entry.Header.Zxid.Epoch() {
			c.reign(reigns[0])
			reigns = reigns[1:]
		}
		c.txn(t)
		c.arrive()
	}
	for _, epoch := range reigns {
		c.reign(epoch)
	}
	if len(c.found) == 0 {
		if h.Quiet == 0 {
			c.quiet()
		}
		c.end()
	}
	return c.found
}

// arrive judges what belongs to the present place: frames, and servers that start here.
func (c *checker) arrive() {
	c.frames()
	c.starting()
	if c.h.Quiet != 0 && c.h.Quiet == c.tree.Zxid {
		c.quiet()
	}
}

// reign is the place at which a leader's reign begins: nothing changes there.
func (c *checker) reign(epoch int64) {
	c.tree.Nothing(jute.Zxid(epoch<<32) + jute.Zxid(c.h.Front))
	c.result, c.owner = model.Outcome{}, place{}
	c.arrive()
}

type checker struct {
	h     *History
	tree  *model.Tree
	conns []*conn
	found []Violation

	born, died map[jute.SessionID]jute.Zxid // of the log
	asked      map[request][]place
	owners     map[jute.Zxid]place      // of the transactions that clients asked for
	holders    map[jute.SessionID]*conn // whose writes are logged now
	starts

	result model.Outcome // of the transaction at tree.Zxid
	owner  place         // the request that asked for it
	early  []early       // refusals whose reason is not found yet
}

func (c *checker) report(conn *conn, rule, format string, args ...any) {
	v := Violation{Zxid: c.tree.Zxid, Rule: rule, Text: fmt.Sprintf(format, args...)}
	if conn != nil {
		v.Conn = conn.ID
	}
	c.found = append(c.found, v)
}

// prepare indexes what was asked for, and when sessions came and went.
func (c *checker) prepare() {
	for i := range c.h.Txns {
		h := &c.h.Txns[i].Entry.Header
		switch h.Type {
		case jute.OpCreateSession:
			c.born[h.ClientID] = h.Zxid
		case jute.OpCloseSession:
			c.died[h.ClientID] = h.Zxid
		}
	}
	for _, raw := range c.h.Conns {
		conn := newConn(raw, c)
		c.conns = append(c.conns, conn)
		if c.h.Eager {
			c.findEarly(conn)
		}
		c.index(conn)
	}
}

// txn carries out one transaction of the log.
func (c *checker) txn(t *Txn) {
	h := &t.Entry.Header
	zxid := h.Zxid
	c.result, c.owner = model.Outcome{}, place{}
	if !Follows(zxid, c.tree.Zxid, c.h.Front) {
		c.report(nil, "log order", "%v stands in the log behind %v", zxid, c.tree.Zxid)
	}
	switch at, asked := c.askedBy(t); {
	case asked:
		c.write(t, at)
	case h.Type == jute.OpCreateSession && h.Cxid == 0:
		c.tree.Open(h.ClientID, zxid)
	case h.Type == jute.OpCloseSession && h.Cxid == 0:
		c.expire(t)
	case h.ClientID == 0 && h.Cxid == 0:
		c.reap(t)
	default:
		c.report(nil, "unasked", "%v of session %v, xid %d: nobody asked for it",
			h.Type, h.ClientID, h.Cxid)
		c.tree.Nothing(zxid)
	}
	if t.Entry.HasDigest == c.h.NoDigest {
		c.report(nil, "digest", "the transaction has one: %v", t.Entry.HasDigest)
	}
	if t.Entry.HasDigest && t.Entry.Digest.TreeDigest != c.tree.Digest() {
		c.report(nil, "digest", "the transaction says %x, the model has %x",
			t.Entry.Digest.TreeDigest, c.tree.Digest())
	}
	if orphans := c.tree.Orphans(); len(orphans) > 0 {
		c.report(nil, "orphan", "ephemerals without a session: %q", orphans)
	}
	c.spread()
}

// write carries out what a client asked for.
func (c *checker) write(t *Txn, at place) {
	h, sent := &t.Entry.Header, &at.conn.Sent[at.sent]
	if at.conn.logged[at.sent] {
		c.report(at.conn, "exactly once", "xid %d is in the log twice", h.Cxid)
	}
	if at.conn.lastLogged >= at.sent {
		c.report(at.conn, "write order", "xid %d is logged behind a later one", h.Cxid)
	}
	c.skipped(at)
	at.conn.logged[at.sent] = true
	at.conn.lastLogged = at.sent
	c.owner, c.owners[h.Zxid] = at, at
	if c.late(t, at) {
		return
	}
	k := c.holders[h.ClientID]
	// An older connection may still end the session: its client wanted that before it moved.
	if k != nil && k.Granted > at.conn.Granted && h.Type != jute.OpCloseSession {
		c.report(at.conn, "write order", "xid %d is logged behind one of connection %d, which got "+
			"the session later", h.Cxid, k.ID)
	}
	c.holders[h.ClientID] = at.conn
	if !c.tree.Sessions[h.ClientID] {
		c.report(at.conn, "closed session", "xid %d is logged after its session's end", h.Cxid)
	}
	r := at.conn.request(at.sent)
	c.result = c.tree.Write(r, h.Zxid, h.Time, c.lookedAt(t, r))
	c.compareTxn(t, sent)
}

// lookedAt is the last transaction that was applied when a write was looked at. A leader hears
// requests and acknowledgements in one step, so it may have been any from the beginning of the step
// to its end; quotas tell the difference.
func (c *checker) lookedAt(t *Txn, r *model.Request) jute.Zxid {
	h := &t.Entry.Header
	for _, seen := range slices.Backward(c.h.Txns.UpTo(t.Applied)) {
		applied := seen.Entry.Header.Zxid
		if applied <= t.Before || !c.h.Options.EnforceQuota {
			break
		}
		tree := c.tree.Clone()
		result := tree.Write(r, h.Zxid, h.Time, applied)
		if is(t, &result) && (c.h.NoDigest || t.Entry.Digest.TreeDigest == tree.Digest()) {
			return applied
		}
	}
	return t.Before
}

// skipped: a write that was sent before this one must have become a transaction before it, or never
// becomes one.
func (c *checker) skipped(at place) {
	for i := at.conn.lastLogged + 1; i < at.sent; i++ {
		r := at.conn.request(i)
		if !model.IsWrite(r.Op) || at.conn.logged[i] || !model.Written(r) ||
			c.h.Eager || c.h.Throttled || c.unreadable(at.conn, i) {
			continue
		}
		c.report(at.conn, "write order", "xid %d is logged, xid %d before it is not",
			at.conn.Sent[at.sent].Xid, at.conn.Sent[i].Xid)
	}
}

// compareTxn compares the logged transaction with the outcome.
func (c *checker) compareTxn(t *Txn, sent *Sent) {
	op := t.Entry.Header.Type
	want := "a " + sent.Op.String()
	switch {
	case c.result.Code != jute.OK:
		want = c.result.Code.String()
		var txn jute.ErrorResponse
		_, err := jute.Decode(t.Entry.Body, &txn)
		if op == jute.OpError && err == nil && txn.Err == c.result.Code {
			return
		}
	case op == sent.Op:
		return
	}
	c.report(c.owner.conn, "transaction", "xid %d, %v %q: logged is %v %x, the model says %s",
		sent.Xid, sent.Op, sent.Body, op, t.Entry.Body, want)
}

// expire judges the end of a session that did not ask for it.
func (c *checker) expire(t *Txn) {
	h := &t.Entry.Header
	if !c.tree.Sessions[h.ClientID] {
		c.report(nil, "closed session", "session %v ends twice", h.ClientID)
	}
	if x := t.Expiry; x == nil {
		c.report(nil, "unasked", "nothing tells why session %v ended", h.ClientID)
	} else if x.At < x.Deadline() {
		c.report(nil, "early expiry", "session %v, heard at %d, timeout %d, stood %d, ended at %d",
			h.ClientID, x.Heard, x.Timeout, x.Stood, x.At)
	} else if x.At > x.Latest {
		c.report(nil, "late expiry", "session %v, heard at %d, timeout %d, ended at %d, not by %d",
			h.ClientID, x.Heard, x.Timeout, x.At, x.Latest)
	}
	var txn jute.CloseSessionTxn
	if _, err := jute.Decode(t.Entry.Body, &txn); err != nil {
		c.report(nil, "transaction", "closeSession: %v", err)
	}
	want := c.tree.Ephemerals(h.ClientID)
	if !txn.Empty && !slices.EqualFunc(txn.Paths2Delete, want, func(a []byte, b string) bool {
		return string(a) == b
	}) {
		c.report(nil, "ephemerals", "session %v has %q, its end names %q",
			h.ClientID, want, txn.Paths2Delete)
	}
	c.result.Events = c.tree.Expire(h.ClientID, h.Zxid)
}

// reap is the server's delete of a container or TTL node.
func (c *checker) reap(t *Txn) {
	h := &t.Entry.Header
	switch h.Type {
	case jute.OpError: // the node was not to be deleted any more
		c.tree.Nothing(h.Zxid)
		return
	case jute.OpDeleteContainer:
	default:
		c.report(nil, "unasked", "the server did a %v", h.Type)
		c.tree.Nothing(h.Zxid)
		return
	}
	var txn jute.PathOnly
	_, _ = jute.Decode(t.Entry.Body, &txn)
	events, why := c.tree.Reap(txn.Path, h.Zxid, h.Time)
	if why != "" {
		c.report(nil, "reaped", "%q is deleted, but %s", txn.Path, why)
	}
	c.result.Events = events
}

// spread gives the transaction's events to the connections that must get them.
func (c *checker) spread() {
	for i := range c.result.Events {
		e := &c.result.Events[i]
		conn := c.conns[e.To-1]
		if e.Seen(conn.seenBy(e.Zxid)) {
			conn.expected = append(conn.expected, *e)
		}
	}
}

// frames takes from every connection what belongs to the present place.
func (c *checker) frames() {
	for _, conn := range c.conns {
		if !conn.done && !c.waits[conn.Server] {
			c.advance(conn)
		}
	}
	c.settleEarly()
}

func sameBody(op jute.OpCode, a, b []byte) bool {
	return bytes.Equal(a, b) || bytes.Equal(model.Canonical(op, a), model.Canonical(op, b))
}
