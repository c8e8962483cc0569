package history

import (
	"bytes"
	"slices"

	"quoll/internal/model"
	"quoll/jute"
)

// conn is a connection being checked.
type conn struct {
	*Conn
	session jute.SessionID
	granted jute.ConnectResponse
	who     []*model.Who // the client's identity at each request
	shown   []shown      // the identities to which events are shown

	next       int // of Got
	asking     int // of Sent: the next request that is answered in order
	aside      int // of Sent: the next one that is answered out of order
	last       jute.Zxid
	logged     map[int]bool // of Sent
	lastLogged int
	expected   []model.Event
	missed     [][]byte // notifications that wait for their setWatches
	answers    map[int32]answered
	unreadable map[int]bool // of Sent, as far as it was asked
	over       bool         // nothing may follow
	done       bool
}

// shown is the identity of a connection for the transactions behind one.
type shown struct {
	after jute.Zxid
	who   *model.Who
}

// seenBy is the identity to which the events of a transaction are shown.
func (k *conn) seenBy(zxid jute.Zxid) *model.Who {
	i := len(k.shown) - 1
	for i > 0 && k.shown[i].after >= zxid {
		i--
	}
	return k.shown[i].who
}

func newConn(raw *Conn, c *checker) *conn {
	k := &conn{
		Conn: raw, logged: map[int]bool{}, unreadable: map[int]bool{}, lastLogged: -1,
		last: raw.Hello.LastZxidSeen, session: raw.Session,
	}
	who := model.Stranger(raw.Peer)
	k.shown = []shown{{-1, who}}
	if len(raw.Got) > 0 {
		_, _ = jute.Decode(raw.Got[0].Bytes, &k.granted) // connected looks at the error
	}
	for i := range raw.Sent {
		s := &raw.Sent[i]
		k.who = append(k.who, who)
		if s.Op == jute.OpAuth {
			who = authenticated(c.tree, who, s.Body)
		}
	}
	return k
}

func authenticated(t *model.Tree, who *model.Who, body []byte) *model.Who {
	var in jute.AuthPacket
	if _, err := jute.Decode(body, &in); err != nil {
		return who
	}
	next, _ := t.Authenticate(who, string(in.Scheme), in.Auth)
	return next
}

func (k *conn) request(i int) *model.Request {
	s := &k.Sent[i]
	return &model.Request{Op: s.Op, Session: k.session, Body: s.Body, Who: k.who[i]}
}

// isAside says whether an operation is answered at once, whatever waits.
func isAside(op jute.OpCode) bool { return op == jute.OpAuth || op == jute.OpSASL }

// advance takes the frames that belong to the model's present state.
func (c *checker) advance(k *conn) {
	for k.next < len(k.Got) && len(c.found) < maxViolations {
		f := &k.Got[k.next]
		switch {
		case k.over:
			c.report(k, "after the end", "frame %x follows the last reply", f.Bytes)
			k.next = len(k.Got)
			return
		case k.next == 0:
			if !c.connected(k, f) {
				return
			}
		default:
			if !c.frame(k, f) {
				return
			}
		}
		k.next++
	}
}

// connected judges the answer to a connect request. false: it belongs to a later place.
func (c *checker) connected(k *conn, f *Frame) bool {
	hello, r := &k.Hello, &k.granted
	if used, err := jute.Decode(f.Bytes, r); err != nil || used != len(f.Bytes) ||
		r.HasReadOnly != hello.HasReadOnly {
		c.report(k, "connect", "the answer is %x", f.Bytes)
		return true
	}
	if r.SessionID == 0 {
		c.refused(k, f)
		k.over = true
		return true
	}
	born, known := c.born[r.SessionID]
	switch {
	case known && c.tree.Zxid < born:
		return false
	case !known:
		if c.tree.Zxid < f.Applied {
			return false
		}
		c.report(k, "rollback", "session %v was granted and is not in the log", r.SessionID)
	case hello.SessionID != 0 && r.SessionID != hello.SessionID:
		c.report(k, "connect", "session %v instead of %v", r.SessionID, hello.SessionID)
	case hello.SessionID != 0 && !bytes.Equal(r.Passwd, hello.Passwd):
		c.report(k, "password", "session %v was given for a wrong password", r.SessionID)
	case r.TimeOut != min(max(hello.TimeOut, c.h.MinTimeout), c.h.MaxTimeout):
		c.report(k, "connect", "timeout %d for %d", r.TimeOut, hello.TimeOut)
	}
	died, dead := c.died[r.SessionID]
	if hello.SessionID != 0 && dead && died <= hello.LastZxidSeen {
		c.report(k, "closed session", "session %v was given after its end", r.SessionID)
	}
	return true
}

// refused: only a session that is gone, or going, or not the client's, may be refused.
func (c *checker) refused(k *conn, f *Frame) {
	id := k.Hello.SessionID
	at, born := c.born[id]
	died := c.endsSoon(id, f)
	// A leader that does not know of its successor knows no session that the successor began.
	born = born && at.Epoch() <= max(f.Applied.Epoch(), c.h.Begin.Epoch())
	if k.granted.TimeOut != 0 || !bytes.Equal(k.granted.Passwd, make([]byte, 16)) {
		c.report(k, "connect", "the refusal is %x", f.Bytes)
	}
	if id == 0 && c.manySessions(k, f) {
		return
	}
	gone := died || c.h.Lost[id] || c.h.Orphaned[id]
	if id == 0 || born && !gone && c.password(id, k.Hello.Passwd) {
		c.report(k, "connect", "session %v was refused", id)
	}
}

// manySessions says whether the server may have had as many sessions as it may have when it looked
// at a request for one. It counts the sessions that were proposed when the frame was written,
// without those whose end somebody had seen when the request was sent.
func (c *checker) manySessions(k *conn, f *Frame) bool {
	if c.h.MaxSessions == 0 {
		return false
	}
	seen := c.seenBy(k.HelloAt)
	alive := 0
	for i := range c.h.Txns {
		t := &c.h.Txns[i]
		h := &t.Entry.Header
		switch {
		case h.Type == jute.OpCreateSession && (h.Zxid <= f.Applied || t.Applied <= f.Applied):
			alive++
		case h.Type == jute.OpCloseSession && h.Zxid <= seen:
			alive--
		}
	}
	return alive+len(c.h.Lost)+c.h.Unborn >= c.h.MaxSessions
}

// seenBy is the newest zxid that a frame shows to have been applied by a world time.
func (c *checker) seenBy(at int64) jute.Zxid {
	newest := jute.Zxid(0)
	for _, k := range c.conns {
		for i := range k.Got {
			if f := &k.Got[i]; f.Written <= at {
				newest = max(newest, f.Applied)
			}
		}
	}
	return newest
}

// password says whether it is the password that was given with the session.
func (c *checker) password(id jute.SessionID, passwd []byte) bool {
	return slices.ContainsFunc(c.conns, func(k *conn) bool {
		return k.Hello.SessionID == 0 && k.granted.SessionID == id &&
			bytes.Equal(k.granted.Passwd, passwd)
	})
}

// frame judges one frame. false: it belongs to a later place.
func (c *checker) frame(k *conn, f *Frame) bool {
	var h jute.ReplyHeader
	used, err := jute.Decode(f.Bytes, &h)
	if err != nil {
		c.report(k, "frame", "%x has no header", f.Bytes)
		return true
	}
	body := f.Bytes[used:]
	switch {
	case h.Xid == jute.XidNotification:
		return c.event(k, f, &h)
	case h.Xid == jute.XidAuth:
		return c.auth(k, f, &h)
	}
	i := k.find(&h)
	if i < 0 {
		c.report(k, "reply order", "the reply to xid %d is not the next one", h.Xid)
		k.over = true
		return true
	}
	if k.Sent[i].Op == jute.OpSASL {
		if h.Zxid != 0 || h.Err != jute.OK || !bytes.Equal(body, jute.AppendBuffer(nil, nil)) {
			c.report(k, "reply", "sasl: %x", f.Bytes)
		}
		k.aside = i + 1
		return true
	}
	if c.barred(k, i, &h, body) {
		return true
	}
	switch {
	case h.Zxid > c.tree.Zxid:
		return false
	case h.Zxid < k.last || h.Zxid < c.tree.Zxid:
		c.report(k, "zxid falls", "xid %d shows %v after %v", h.Xid, h.Zxid, k.last)
	case h.Zxid > f.Applied:
		c.report(k, "too early", "xid %d shows %v when %v was applied", h.Xid, h.Zxid, f.Applied)
	case len(k.expected) > 0:
		c.report(k, "event order", "xid %d, %v is answered before the event %x", h.Xid,
			k.Sent[i].Op, k.expected[0].Bytes())
	}
	k.last = max(k.last, h.Zxid)
	k.asking = i + 1
	c.reply(k, i, &h, body)
	return true
}

// find is the request that a reply answers, -1 for none.
func (k *conn) find(h *jute.ReplyHeader) int {
	for i := k.aside; i < len(k.Sent); i++ {
		if k.Sent[i].Op == jute.OpSASL && k.Sent[i].Xid == h.Xid {
			return i
		}
	}
	for k.asking < len(k.Sent) && isAside(k.Sent[k.asking].Op) {
		k.asking++
	}
	if k.asking == len(k.Sent) || k.Sent[k.asking].Xid != h.Xid {
		return -1
	}
	return k.asking
}

// event judges a notification.
func (c *checker) event(k *conn, f *Frame, h *jute.ReplyHeader) bool {
	switch {
	case h.Zxid == -1:
		k.missed = append(k.missed, f.Bytes)
		return true
	case h.Zxid > c.tree.Zxid:
		return false
	case h.Zxid > f.Applied:
		c.report(k, "too early", "event %x when %v was applied", f.Bytes, f.Applied)
	}
	if len(k.expected) == 0 {
		c.report(k, "event", "nobody waits for %x", f.Bytes)
		return true
	}
	if want := k.expected[0].Bytes(); !bytes.Equal(want, f.Bytes) {
		c.report(k, "event", "it is %x, the model says %x", f.Bytes, want)
	}
	k.expected = k.expected[1:]
	k.last = max(k.last, h.Zxid)
	return true
}

// auth judges the reply to an auth packet, which leaves at once.
func (c *checker) auth(k *conn, f *Frame, h *jute.ReplyHeader) bool {
	i := k.aside
	for i < len(k.Sent) && k.Sent[i].Op != jute.OpAuth {
		i++
	}
	if i == len(k.Sent) {
		c.report(k, "reply order", "an auth reply that nobody waits for")
		return true
	}
	k.aside = i + 1
	var in jute.AuthPacket
	_, _ = jute.Decode(k.Sent[i].Body, &in)
	next, ok := c.tree.Authenticate(k.who[i], string(in.Scheme), in.Auth)
	want := jute.OK
	if !ok {
		want = jute.AuthFailed
	}
	k.shown, k.over = append(k.shown, shown{f.Applied, next}), !ok
	if h.Err != want || h.Zxid != 0 || len(f.Bytes) != jute.ReplyHeaderBytes {
		c.report(k, "reply", "auth: %x, the model says %v", f.Bytes, want)
	}
	return true
}

// barred judges the replies that have no place in the order of zxids: those that end the
// connection, and those that refuse before anything is looked at.
func (c *checker) barred(k *conn, i int, h *jute.ReplyHeader, body []byte) bool {
	op, who := k.Sent[i].Op, k.who[i]
	unauthenticated := len(c.h.Enforce) > 0 && !slices.ContainsFunc(c.h.Enforce, who.Has)
	want := jute.OK
	switch {
	case unauthenticated:
		want = jute.SessionClosedRequireAuth
		k.over = true
	case !known(op):
		want = jute.Unimplemented
		k.over = true
	case h.Zxid == 0 && h.Err == jute.NoAuth && c.h.Eager && model.IsWrite(op) && !k.logged[i]:
		want = jute.NoAuth
	default:
		return false
	}
	k.asking = i + 1
	zxid := jute.Zxid(0)
	if want == jute.Unimplemented {
		zxid = -1
	}
	if h.Err != want || h.Zxid != zxid || len(body) != 0 {
		c.report(k, "reply", "xid %d, %v: %v %v %x, the model says %v", h.Xid, op, h.Err, h.Zxid,
			body, want)
	}
	return true
}

// early is a write that was refused before it counted (enableEagerACLCheck). Its rights must have
// been missing in one of the states up to until.
type early struct {
	conn  *conn
	sent  int
	until jute.Zxid
}

// findEarly lists the early refusals of a connection. The answer may have waited behind a write of
// the session: then the state that was looked at is older than the place of the answer.
func (c *checker) findEarly(k *conn) {
	for i := range k.Got {
		var h jute.ReplyHeader
		_, err := jute.Decode(k.Got[i].Bytes, &h)
		if i == 0 || err != nil || h.Zxid != 0 || h.Err != jute.NoAuth {
			continue
		}
		sent := slices.IndexFunc(k.Sent, func(s Sent) bool { return s.Xid == h.Xid })
		if sent >= 0 {
			c.early = append(c.early, early{k, sent, k.Got[i].Applied})
		}
	}
}

// settleEarly looks for the reasons of early refusals in the present state.
func (c *checker) settleEarly() {
	c.early = slices.DeleteFunc(c.early, func(e early) bool {
		if c.tree.Zxid < e.conn.Hello.LastZxidSeen {
			return false
		}
		if c.tree.Denied(e.conn.request(e.sent)) {
			return true
		}
		if c.tree.Zxid < e.until {
			return false
		}
		c.report(e.conn, "reply", "xid %d, %v is refused, but has all rights",
			e.conn.Sent[e.sent].Xid, e.conn.Sent[e.sent].Op)
		return true
	})
}

// known says whether a client may send the operation.
func known(op jute.OpCode) bool {
	switch op {
	case jute.OpExists, jute.OpGetData, jute.OpGetACL, jute.OpGetChildren, jute.OpGetChildren2,
		jute.OpGetAllChildren, jute.OpGetEphemerals, jute.OpMultiRead, jute.OpSync, jute.OpPing,
		jute.OpCheckWatches, jute.OpRemoveWatches, jute.OpAddWatch, jute.OpSetWatches,
		jute.OpSetWatches2, jute.OpWhoAmI, jute.OpAuth, jute.OpSASL:
		return true
	}
	return model.IsWrite(op)
}

// reply judges the reply to a request at its place.
func (c *checker) reply(k *conn, i int, h *jute.ReplyHeader, body []byte) {
	r := k.request(i)
	if h.Err == jute.ThrottledOp && c.h.Throttled && !k.logged[i] && len(body) == 0 {
		return
	}
	if h.Err == jute.SystemError && c.h.FewWatches && watches(r) && len(body) == 0 {
		return
	}
	if model.IsWrite(r.Op) && model.Written(r) && (k.logged[i] || !c.unreadable(k, i)) {
		c.writeReply(k, i, h, body)
		return
	}
	if k.lastLogged > i {
		c.report(k, "read order", "xid %d, %v shows a later write of its session", h.Xid, r.Op)
	}
	want := model.Answer{Code: jute.MarshallingError}
	if !model.IsWrite(r.Op) {
		want = c.tree.Read(r, k.ID)
	}
	var missed [][]byte
	for j := range want.Missed {
		missed = append(missed, want.Missed[j].Bytes())
	}
	if !slices.EqualFunc(missed, k.missed, bytes.Equal) {
		c.report(k, "missed events", "xid %d, %v: %x, the model says %x", h.Xid, r.Op,
			k.missed, missed)
	}
	k.missed = nil
	if h.Err != want.Code || !sameBody(r.Op, body, want.Body) && !c.isConfig(r, body, want.Body) {
		c.report(k, "reply", "xid %d, %v %q: %v %x, the model says %v %x", h.Xid, r.Op, r.Body,
			h.Err, body, want.Code, want.Body)
	}
}

// isConfig says whether a reply has the configuration of an ensemble. Each server writes it into
// its tree at a time of its own.
func (c *checker) isConfig(r *model.Request, body, want []byte) bool {
	var in jute.PathWatch
	var got, wanted jute.DataStat
	_, err := jute.Decode(r.Body, &in)
	if r.Op != jute.OpGetData || c.h.Options.Config == nil || err != nil ||
		string(in.Path) != "/zookeeper/config" {
		return false
	}
	used, err := jute.Decode(body, &got)
	_, _ = jute.Decode(want, &wanted)
	got.Stat.Mtime, wanted.Stat.Mtime = 0, 0
	return err == nil && used == len(body) && got.Stat == wanted.Stat &&
		bytes.Equal(got.Data, wanted.Data)
}

// watches says whether a request asks for a watch.
func watches(r *model.Request) bool {
	switch r.Op {
	case jute.OpAddWatch, jute.OpSetWatches, jute.OpSetWatches2:
		return true
	case jute.OpExists, jute.OpGetData, jute.OpGetChildren, jute.OpGetChildren2:
		var in jute.PathWatch
		_, err := jute.Decode(r.Body, &in)
		return err == nil && in.Watch
	}
	return false
}

func (c *checker) writeReply(k *conn, i int, h *jute.ReplyHeader, body []byte) {
	op := k.Sent[i].Op
	if c.mistaken(k, h.Xid) {
		return
	}
	if c.owner.conn != k || c.owner.sent != i {
		c.report(k, "own zxid", "xid %d, %v carries %v, which is not its own", h.Xid, op, h.Zxid)
		return
	}
	if len(k.missed) > 0 {
		c.report(k, "missed events", "xid %d, %v: %x", h.Xid, op, k.missed)
	}
	if h.Err != c.result.Code || !bytes.Equal(body, c.result.Body) {
		c.report(k, "reply", "xid %d, %v %q: %v %x, the model says %v %x", h.Xid, op,
			k.Sent[i].Body, h.Err, body, c.result.Code, c.result.Body)
	}
	k.over = op == jute.OpCloseSession
}
