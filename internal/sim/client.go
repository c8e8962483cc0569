package sim

import (
	"maps"
	"slices"

	"quoll/internal/sim/history"
	"quoll/internal/sim/model"
	"quoll/internal/sim/requests"
	"quoll/jute"
)

func connOf(n int) model.Conn { return model.Conn(n) }

// client is one client with one session at a time. It behaves as Java's does: it keeps what it
// watches, and says so again when it comes back.
type client struct {
	w      *world
	number int
	link   *link // nil: not connected
	next   *link // the session is being moved there; nil: it is not
	up     bool  // the session is there
	quiet  bool  // nothing more of its own accord

	session jute.SessionID
	passwd  []byte
	timeout int32
	lied    bool // the last connect request was not meant to be granted
	last    jute.Zxid
	xid     int32
	proofs  []proof

	waiting   []waiting // for a reply, in order
	aside     int       // auth and sasl that were not answered
	watches   map[watched]jute.Zxid
	lasting   map[string]jute.AddWatchMode
	sentAt    int64
	slowUntil int64 // reads nothing before
}

type proof struct{ scheme, proof string }

// waiting is a request that was sent.
type waiting struct {
	requests.Request
	xid int32
}

type watched struct {
	kind history.WatchKind
	path string
}

func (w *world) newClient(number int) *client {
	c := &client{w: w, number: number}
	c.forget()
	c.timeout = int32(w.between(minTimeout, 1500))
	if len(w.plan.enforce) > 0 && !w.chance(4) {
		c.proofs = []proof{{"digest", "alice:a"}}
	}
	return c
}

// forget is a new beginning, without a session.
func (c *client) forget() {
	c.session, c.passwd = 0, make([]byte, 16)
	c.watches = map[watched]jute.Zxid{}
	c.lasting = map[string]jute.AddWatchMode{}
}

// connect dials and asks for the session.
func (c *client) connect() {
	if c.link != nil {
		return
	}
	w := c.w
	if c.link = w.dial(c); c.link == nil {
		w.after(w.between(1000, 30_000), c.connect)
		return
	}
	if w.chance(8) {
		c.timeout = int32(w.between(minTimeout/2, 1500))
	}
	c.waiting, c.aside = nil, 0
	link := c.link
	out := c.hello(link)
	if c.session == 0 && !c.lied && !c.quiet && w.chance(6) {
		out = append(out, c.burst(1+w.rng.IntN(4))...)
	}
	c.sentAt = w.now
	link.send(out)
	w.after(5_000_000, func() {
		if c.link == link && !c.up {
			w.counts.add("connection", "given up before the session")
			c.drop(true, 1000)
		}
	})
}

// hello makes the connect request of a link.
func (c *client) hello(k *link) []byte {
	hello := jute.ConnectRequest{
		LastZxidSeen: c.last, TimeOut: c.timeout, SessionID: c.session, Passwd: c.passwd,
		HasReadOnly: !c.w.chance(4),
	}
	if c.lied = !c.quiet && c.next == nil && c.w.chance(20); c.lied {
		c.lie(&hello)
	}
	k.record.Hello = hello
	c.w.note("client %d, connection %d: asks for session %v", c.number, k.id(), hello.SessionID)
	return framed(&hello)
}

// move opens another connection for the session while this one is still in use.
func (c *client) move() {
	if c.next != nil {
		return
	}
	if c.next = c.w.dial(c); c.next != nil {
		c.w.counts.add("connect", "moves")
		c.next.send(c.hello(c.next))
	}
}

// moved: the other connection has an answer.
func (c *client) moved(b []byte) {
	k := c.next
	c.next = nil
	if c.link != nil {
		c.link.closed = true // the server closes its end
	}
	c.link, c.up = k, false
	c.waiting, c.aside, c.slowUntil = nil, 0, 0
	c.answered(b)
}

// lie asks for what must be refused.
func (c *client) lie(hello *jute.ConnectRequest) {
	switch c.w.rng.IntN(3) {
	case 0:
		c.w.counts.add("connect", "wrong password")
		hello.Passwd = make([]byte, 16)
		if hello.SessionID == 0 {
			hello.SessionID = 77
		}
	case 1:
		c.w.counts.add("connect", "ahead of the server")
		hello.LastZxidSeen += 1 << 40
	case 2:
		c.w.counts.add("connect", "unknown session")
		hello.SessionID = 0x7777
	}
}

func framed(records ...jute.Record) []byte {
	b := jute.FrameStart(nil)
	for _, r := range records {
		b = jute.Append(b, r)
	}
	jute.FrameEnd(b, 0)
	return b
}

// lost: the other end has closed, or the network has.
func (c *client) lost(k *link) {
	c.w.counts.add("connection", "lost")
	switch k {
	case c.next:
		k.closed = true
		c.next = nil
	case c.link:
		c.gone(c.w.between(1000, 40_000))
	}
}

// drop closes the connection; the client comes back after a while.
func (c *client) drop(tell bool, back int64) {
	if c.link != nil {
		c.link.close(tell)
		c.gone(back)
	}
}

func (c *client) gone(back int64) {
	c.w.note("client %d, connection %d: gone", c.number, c.link.id())
	c.link.closed = true
	c.link, c.up = nil, false
	if c.next != nil { // a client does not wait for two
		c.next.close(true)
		c.next = nil
	}
	c.slowUntil = 0
	c.w.after(back, c.connect)
}

// frame is one frame from the server.
func (c *client) frame(k *link, b []byte) {
	c.w.note("client %d, connection %d: gets %x", c.number, k.id(), b)
	if k == c.next {
		c.moved(b)
		return
	}
	if !c.up {
		c.answered(b)
		return
	}
	var h jute.ReplyHeader
	used, err := jute.Decode(b, &h)
	if err != nil {
		return // the checker says so
	}
	if h.Xid == jute.XidNotification {
		// Not the zxid: a second event of the same transaction may still be lost.
		c.event(b[used:])
		return
	}
	if h.Zxid > 0 {
		c.last = max(c.last, h.Zxid)
	}
	switch h.Xid {
	case jute.XidAuth:
		c.w.counts.add("error code", h.Err.String())
		c.aside--
		return
	}
	i := slices.IndexFunc(c.waiting, func(q waiting) bool { return q.xid == h.Xid })
	if i < 0 {
		return
	}
	q := c.waiting[i]
	c.waiting = slices.Delete(c.waiting, i, i+1)
	c.w.counts.add("error code", h.Err.String())
	c.w.counts.add("answered", q.Op.String())
	c.reply(&q, &h)
	if q.Op == jute.OpMulti {
		c.countMulti(b[used:])
	}
}

func (c *client) countMulti(body []byte) {
	var r jute.MultiResponse
	_, _ = jute.Decode(body, &r)
	for i := range r.Results {
		if code := r.Results[i].Err; code != jute.OK {
			c.w.counts.add("error code in a multi", code.String())
		}
	}
}

// answered is the answer to the connect request.
func (c *client) answered(b []byte) {
	var r jute.ConnectResponse
	_, _ = jute.Decode(b, &r)
	w := c.w
	if r.SessionID == 0 {
		w.counts.add("connect", "refused")
		if !c.lied {
			c.forget()
		}
		return
	}
	if r.SessionID == c.session {
		w.counts.add("connect", "came back")
	} else {
		w.counts.add("connect", "new session")
	}
	c.up, c.session, c.passwd = true, r.SessionID, r.Passwd
	var out []byte
	for _, p := range c.proofs {
		out = append(out, c.authPacket(p)...)
	}
	out = append(out, c.setWatches()...)
	if len(out) > 0 {
		c.link.send(out)
	}
	link := c.link
	c.later(link, c.ping)
	if !c.quiet {
		c.later(link, c.act)
	}
}

// later does something if the connection is still the same.
func (c *client) later(link *link, do func()) {
	c.w.after(c.w.between(100, 10_000), func() {
		if c.link == link && c.up {
			do()
		}
	})
}

// ping keeps the session when nothing else does.
func (c *client) ping() {
	link := c.link
	third := int64(c.timeout) * 1000 / 3
	if c.w.now-c.sentAt >= third-1000 {
		c.sentAt = c.w.now
		link.send(c.ask(jute.OpPing, jute.XidPing, nil))
	}
	c.w.after(max(third-(c.w.now-c.sentAt), 1000), func() {
		if c.link == link && c.up {
			c.ping()
		}
	})
}

// setWatches says again what is watched.
func (c *client) setWatches() []byte {
	if len(c.watches)+len(c.lasting) == 0 {
		return nil
	}
	s := jute.SetWatches{
		RelativeZxid: c.last, Two: len(c.lasting) > 0 || c.w.chance(2),
		Data: [][]byte{}, Exist: [][]byte{}, Child: [][]byte{},
		Persistent: [][]byte{}, PersistentRecursive: [][]byte{},
	}
	for _, key := range c.watchKeys() {
		path := []byte(key.path)
		switch key.kind {
		case history.WatchData:
			s.Data = append(s.Data, path)
		case history.WatchExist:
			s.Exist = append(s.Exist, path)
		case history.WatchChild:
			s.Child = append(s.Child, path)
		}
	}
	for _, path := range slices.Sorted(maps.Keys(c.lasting)) {
		if c.lasting[path] == jute.AddWatchRecursive {
			s.PersistentRecursive = append(s.PersistentRecursive, []byte(path))
		} else {
			s.Persistent = append(s.Persistent, []byte(path))
		}
	}
	op := jute.OpSetWatches
	if s.Two {
		op = jute.OpSetWatches2
	}
	return c.ask(op, jute.XidSetWatches, &s)
}

func (c *client) watchKeys() []watched {
	keys := slices.Collect(maps.Keys(c.watches))
	slices.SortFunc(keys, func(a, b watched) int {
		if a.kind != b.kind {
			return int(a.kind) - int(b.kind)
		}
		if a.path < b.path {
			return -1
		}
		return 1
	})
	return keys
}

// event is a notification: what fires once is used up.
func (c *client) event(body []byte) {
	var e jute.WatcherEvent
	_, _ = jute.Decode(body, &e)
	c.w.counts.add("event", e.Type.String())
	path := string(e.Path)
	if e.Type != jute.EventChildrenChanged {
		delete(c.watches, watched{history.WatchData, path})
		delete(c.watches, watched{history.WatchExist, path})
	}
	if e.Type == jute.EventChildrenChanged || e.Type == jute.EventDeleted {
		delete(c.watches, watched{history.WatchChild, path})
	}
}

// reply notes what a reply means for what the client watches.
func (c *client) reply(q *waiting, h *jute.ReplyHeader) {
	set := func(kind history.WatchKind) {
		if _, has := c.watches[watched{kind, q.Path}]; !has {
			c.watches[watched{kind, q.Path}] = h.Zxid
		}
	}
	switch {
	case q.Op == jute.OpExists && q.Watch && h.Err == jute.NoNode:
		set(history.WatchExist)
	case h.Err != jute.OK && (q.Op == jute.OpSetWatches || q.Op == jute.OpSetWatches2):
		clear(c.watches) // the server has too many
		clear(c.lasting)
	case h.Err != jute.OK:
	case (q.Op == jute.OpExists || q.Op == jute.OpGetData) && q.Watch:
		set(history.WatchData)
	case (q.Op == jute.OpGetChildren || q.Op == jute.OpGetChildren2) && q.Watch:
		set(history.WatchChild)
	case q.Op == jute.OpAddWatch:
		c.lasting[q.Path] = q.Mode
	case q.Op == jute.OpRemoveWatches:
		c.removed(q)
	case q.Op == jute.OpCloseSession:
		c.forget()
	}
}

func (c *client) removed(q *waiting) {
	any := q.Type == jute.WatcherAny
	if any || q.Type == jute.WatcherChildren {
		delete(c.watches, watched{history.WatchChild, q.Path})
	}
	if any || q.Type == jute.WatcherData {
		delete(c.watches, watched{history.WatchData, q.Path})
		delete(c.watches, watched{history.WatchExist, q.Path})
	}
	mode, has := c.lasting[q.Path]
	switch {
	case !has:
	case any, q.Type == jute.WatcherPersistent && mode == jute.AddWatchPersistent,
		q.Type == jute.WatcherPersistentRecursive && mode == jute.AddWatchRecursive:
		delete(c.lasting, q.Path)
	}
}

// act does the next thing of its own accord.
func (c *client) act() {
	w, link := c.w, c.link
	if c.quiet || w.plan.requests <= 0 {
		return
	}
	f := &w.plan.faults
	switch n := w.rng.IntN(40); {
	case n < 2 && f.cuts:
		w.counts.add("fault", "connection cut")
		c.drop(w.chance(2), w.between(500, 60_000))
		return
	case n == 2 && f.cuts:
		w.counts.add("fault", "client away for long")
		c.drop(w.chance(2), w.between(100_000, 1_000_000))
		return
	case n == 7:
		c.move()
	case n == 3:
		c.link.send(c.ask(jute.OpCloseSession, c.nextXid(), nil))
		return
	case n == 4 && f.slowReaders:
		w.counts.add("fault", "slow reader")
		c.slowUntil = w.now + w.between(1000, 300_000)
		w.after(c.slowUntil-w.now, link.consume)
	case n == 5:
		c.show()
	case n == 6 && w.chance(4):
		c.nonsense()
		return
	case len(c.waiting) < 30:
		if out := c.burst(1 + w.rng.IntN(8)); len(out) > 0 {
			c.sentAt = w.now
			link.send(out)
		}
	}
	w.after(w.between(200, 12_000), func() {
		if c.link == link && c.up {
			c.act()
		}
	})
}

// nonsense is what no client sends: the server closes, and nothing else happens.
func (c *client) nonsense() {
	w := c.w
	out := c.burst(w.rng.IntN(3))
	switch w.rng.IntN(4) {
	case 0:
		w.counts.add("nonsense", "negative length")
		out = append(out, []byte{0xff, 0xff, 0xff, 0xf0}...)
	case 1:
		w.counts.add("nonsense", "too long")
		out = append(out, []byte{0x7f, 0, 0, 0, 1, 2, 3}...)
	case 2:
		w.counts.add("nonsense", "no header")
		out = append(out, []byte{0, 0, 0, 3, 1, 2, 3}...)
	case 3:
		w.counts.add("nonsense", "unknown operation")
		ops := []jute.OpCode{0, 10, 13, 23, 999, jute.OpCreateSession, jute.OpError}
		out = append(out, c.ask(ops[w.rng.IntN(len(ops))], c.nextXid(), nil)...)
	}
	c.link.send(out)
}

// show authenticates.
func (c *client) show() {
	proofs := []proof{
		{"digest", "alice:a"}, {"digest", "bob:b"}, {"ip", ""}, {"digest", superProof},
	}
	p := proofs[c.w.rng.IntN(len(proofs))]
	if c.w.chance(12) {
		p = proof{"nobody", "knows"}
	} else if !slices.Contains(c.proofs, p) {
		c.proofs = append(c.proofs, p)
	}
	c.link.send(c.authPacket(p))
}

func (c *client) authPacket(p proof) []byte {
	return c.ask(jute.OpAuth, jute.XidAuth, &jute.AuthPacket{
		Scheme: []byte(p.scheme), Auth: []byte(p.proof),
	})
}

// burst makes some requests, to be sent in one piece.
func (c *client) burst(n int) []byte {
	var out []byte
	for ; n > 0 && c.w.plan.requests > 0; n-- {
		c.w.plan.requests--
		r := requests.Source{Rand: c.w.rng}.Next()
		xid := jute.XidPing
		if r.Op != jute.OpPing {
			xid = c.nextXid()
		}
		out = append(out, c.send(r, xid)...)
	}
	return out
}

func (c *client) nextXid() int32 {
	c.xid++
	return c.xid
}

// ask makes a frame and remembers that it was sent.
func (c *client) ask(op jute.OpCode, xid int32, body jute.Record) []byte {
	return c.send(requests.New(op, body), xid)
}

func (c *client) send(r requests.Request, xid int32) []byte {
	w := c.w
	w.counts.add("sent", r.Op.String())
	c.link.record.Sent = append(c.link.record.Sent, history.Sent{
		Xid: xid, Op: r.Op, Body: r.Body, At: w.now,
	})
	w.note("client %d, connection %d: sends xid %d %v %q", c.number, c.link.id(), xid, r.Op, r.Body)
	if r.Op == jute.OpAuth {
		c.aside++
	} else {
		c.waiting = append(c.waiting, waiting{r, xid})
	}
	b := jute.Append(jute.FrameStart(nil), &jute.RequestHeader{Xid: xid, Type: r.Op})
	b = append(b, r.Body...)
	jute.FrameEnd(b, 0)
	return b
}

// setUpQuota has the client set a quota on /q as soon as it has a session.
func (c *client) setUpQuota() {
	if !c.up {
		c.w.after(10_000, c.setUpQuota)
		return
	}
	nodes := []struct{ path, data string }{
		{"/zookeeper/quota/q", ""}, {"/zookeeper/quota/q/zookeeper_limits", c.w.plan.quotaLimit()},
		{"/zookeeper/quota/q/zookeeper_stats", ""},
	}
	var out []byte
	for _, n := range nodes {
		in := &jute.CreateRequest{Path: []byte(n.path), Data: []byte(n.data), ACL: requests.OpenACL}
		out = append(out, c.ask(jute.OpCreate, c.nextXid(), in)...)
	}
	c.link.send(out)
}

// settled: connected, and everything is answered.
func (c *client) settled() bool {
	return c.link != nil && c.up && len(c.waiting) == 0 && c.aside == 0
}
