package client

import (
	"fmt"
	"slices"

	"quoll/internal/sim/history"
	"quoll/internal/sim/requests"
	"quoll/internal/sim/world"
	"quoll/jute"
)

// Link is a connection as its client has it.
type Link interface {
	Send([]byte)
	// Close ends the connection. Without tell the server does not learn of it.
	Close(tell bool)
	// Leave stops the reading: what still arrives is not read. The server closes its end.
	Leave()
	// Consume reads what has arrived.
	Consume()
	Record() *history.Conn
}

// Setting is what the clients of a run share.
type Setting struct {
	World *world.World
	// Dial opens a connection; nil when nobody listens.
	Dial       func(*Client) Link
	Requests   int    // that all clients together may still make
	MinTimeout int32  // ms: the server grants no less
	MaxFrame   int    // jute.maxbuffer
	Crowd      int    // how many children one node is given; 0: none
	Ensemble   bool   // there are several servers
	Enforced   bool   // enforce.auth.schemes is set: most clients authenticate first
	QuotaLimit string // the limit node's text; "": nobody makes a quota

	// AskWord sends a four-letter word on a connection of its own; nil when the server knows none.
	AskWord func(c *Client, word string)

	Cuts, SlowReaders bool // faults
	// XidsAnew: some clients begin their xids at 1 on each connection, as kazoo does.
	XidsAnew bool

	all []*Client
}

// Client is one client with one session at a time. It behaves as Java's client does: it remembers
// its watches, and sets them again when it comes back.
type Client struct {
	*Setting
	w      *world.World
	number int
	link   Link // nil: not connected
	next   Link // the session is being moved there; nil: it is not

	mood

	session jute.SessionID
	passwd  []byte
	timeout int32
	last    jute.Zxid
	xid     int32
	proofs  []proof

	waiting []waiting // for a reply, in order
	aside   int       // auth and sasl requests that were not answered
	kept
	sentAt    int64
	slowUntil int64 // it reads nothing before this world time
}

// mood is the state that decides what a client does next.
type mood struct {
	up      bool // the session is established
	quiet   bool // it does nothing more of its own accord
	lied    bool // the last connect request was not meant to be granted
	leaving bool // it closes its session and does not come back
	anew    bool // its xids begin at 1 on each connection
	robbed  bool // another client took the session: nothing more is sent on this connection
}

// kept is what a client remembers of its watches.
type kept struct {
	watches map[watched]jute.Zxid // the zxid of the reply that set the watch
	lasting map[string]jute.AddWatchMode
}

type proof struct{ scheme, proof string }

// Number is the client's own, from 0.
func (c *Client) Number() int { return c.number }

// Session is the session that it has, or will ask for; 0 for a new one.
func (c *Client) Session() jute.SessionID { return c.session }

// IsSlow says whether it reads nothing now.
func (c *Client) IsSlow() bool { return c.slowUntil > c.w.Now }

// Quiet lets the client do nothing more of its own accord but keep its session.
func (c *Client) Quiet() {
	c.quiet, c.slowUntil = true, 0
	if c.link != nil {
		c.link.Consume()
	}
}

// ReadAll reads once more the nodes that most requests are about.
func (c *Client) ReadAll() {
	out := c.ask(jute.OpSync, c.nextXid(), &jute.PathOnly{Path: []byte("/")})
	for _, path := range requests.GoodPaths {
		in := &jute.PathWatch{Path: []byte(path)}
		out = append(out, c.ask(jute.OpGetData, c.nextXid(), in)...)
		out = append(out, c.ask(jute.OpGetChildren2, c.nextXid(), in)...)
	}
	c.link.Send(out)
}

// WriteSome makes so many writes.
func (c *Client) WriteSome(n int) {
	var out []byte
	for range n {
		out = append(out, c.ask(jute.OpSetData, c.nextXid(), &jute.SetDataRequest{
			Path: []byte("/b"), Data: []byte("some"), Version: -1,
		})...)
	}
	c.link.Send(out)
}

// Leave closes the session for good.
func (c *Client) Leave() {
	c.leaving = true
	if c.link == nil {
		return // its session expires
	}
	c.link.Send(c.ask(jute.OpCloseSession, c.nextXid(), nil))
}

// HasLeft says whether the session is closed, and the connection too.
func (c *Client) HasLeft() bool { return c.leaving && c.link == nil }

// End says that nothing more comes, and lists the watches that the client still has.
func (c *Client) End() (left []history.LeftWatch) {
	c.link.Record().Open = true
	for _, key := range c.watchKeys() {
		left = append(left, history.LeftWatch{
			Conn: c.link.Record().ID, Path: key.path, Kind: key.kind, Armed: c.watches[key],
		})
	}
	return left
}

func (c *Client) String() string {
	return fmt.Sprintf("client %d: connected %v, up %v, waiting for %d: %+v", c.number,
		c.link != nil, c.up, len(c.waiting), c.waiting[:min(3, len(c.waiting))])
}

// waiting is a request that was sent.
type waiting struct {
	requests.Request
	xid int32
}

type watched struct {
	kind history.WatchKind
	path string
}

// New makes a client that has not connected yet.
func New(s *Setting, number int) *Client {
	w := s.World
	c := &Client{Setting: s, w: w, number: number}
	c.forget()
	c.timeout = int32(w.Between(int64(s.MinTimeout), 1500))
	c.anew = s.XidsAnew && w.Chance(2)
	if s.Enforced && !w.Chance(4) {
		c.proofs = []proof{{"digest", requests.Proofs[0]}}
	}
	s.all = append(s.all, c)
	return c
}

// forget begins anew, without a session.
func (c *Client) forget() {
	c.session, c.passwd = 0, make([]byte, 16)
	c.watches = map[watched]jute.Zxid{}
	c.lasting = map[string]jute.AddWatchMode{}
}

// Connect dials and asks for the session.
func (c *Client) Connect() {
	if c.link != nil {
		return
	}
	w := c.w
	if c.leaving {
		return
	}
	if c.link = c.Dial(c); c.link == nil {
		w.After(w.Between(1000, 30_000), c.Connect)
		return
	}
	if !c.quiet && w.Chance(25) {
		c.rob(c.all[w.Rand.IntN(len(c.all))])
	}
	if w.Chance(8) {
		c.timeout = int32(w.Between(int64(c.MinTimeout)/2, 1500))
	}
	c.begin()
	link := c.link
	out := c.hello(link)
	if c.session == 0 && !c.lied && !c.quiet && w.Chance(6) {
		out = append(out, c.burst(1+w.Rand.IntN(4))...)
		if w.Chance(3) {
			out = append(out, c.foreignWatches()...)
		}
	}
	c.sentAt = w.Now
	link.Send(out)
	w.After(5_000_000, func() {
		if c.link == link && !c.up {
			w.Counts.Add("connection", "given up before the session")
			c.drop(true, 1000)
		}
	})
}

// hello makes the connect request of a link.
func (c *Client) hello(k Link) []byte {
	hello := jute.ConnectRequest{
		LastZxidSeen: c.last, TimeOut: c.timeout, SessionID: c.session, Passwd: c.passwd,
		HasReadOnly: !c.w.Chance(4),
	}
	if c.lied = !c.quiet && c.next == nil && c.w.Chance(20); c.lied {
		c.lie(&hello)
	}
	k.Record().Hello, k.Record().HelloAt = hello, c.w.Now
	c.w.Note("client %d, connection %d: asks node %d for session %v", c.number, k.Record().ID,
		k.Record().Node, hello.SessionID)
	return framed(&hello)
}

// move opens another connection for the session while this one is still in use.
func (c *Client) move() {
	if c.next != nil {
		return
	}
	if c.next = c.Dial(c); c.next != nil {
		c.w.Counts.Add("connect", "moves")
		c.next.Send(c.hello(c.next))
	}
}

// moved makes the other connection, which has got an answer, the client's connection.
func (c *Client) moved(b []byte) {
	k := c.next
	c.next = nil
	if c.link != nil {
		c.link.Leave() // the server closes its end
	}
	c.link, c.up = k, false
	c.begin()
	c.slowUntil = 0
	c.answered(b)
}

// begin forgets what was asked on an older connection.
func (c *Client) begin() {
	c.waiting, c.aside = nil, 0
	if c.anew {
		c.xid = 0
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

// Lost: the other end has closed, or the network has cut the connection.
func (c *Client) Lost(k Link) {
	c.w.Counts.Add("connection", "lost")
	switch k {
	case c.next:
		k.Leave()
		c.next = nil
	case c.link:
		c.gone(c.w.Between(1000, 40_000))
	}
}

// drop closes the connection; the client comes back after a while.
func (c *Client) drop(tell bool, back int64) {
	if c.link != nil {
		c.link.Close(tell)
		c.gone(back)
	}
}

func (c *Client) gone(back int64) {
	c.w.Note("client %d, connection %d: gone", c.number, c.link.Record().ID)
	c.link.Leave()
	c.link, c.up = nil, false
	if c.next != nil { // a client does not wait for two connections
		c.next.Close(true)
		c.next = nil
	}
	c.slowUntil = 0
	if c.robbed {
		c.robbed = false
		c.forget()
	}
	c.w.After(back, c.Connect)
}

// Frame takes one frame from the server.
func (c *Client) Frame(k Link, b []byte) {
	c.w.Note("client %d, connection %d: gets %x", c.number, k.Record().ID, b)
	if c.robbed {
		return
	}
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
		// The zxid is not taken over: a second event of the same transaction may still be lost.
		c.event(b[used:])
		return
	}
	if h.Zxid > 0 {
		c.last = max(c.last, h.Zxid)
	}
	switch h.Xid {
	case jute.XidAuth:
		c.w.Counts.Add("error code", h.Err.String())
		c.aside--
		return
	}
	i := slices.IndexFunc(c.waiting, func(q waiting) bool { return q.xid == h.Xid })
	if i < 0 {
		return
	}
	q := c.waiting[i]
	c.waiting = slices.Delete(c.waiting, i, i+1)
	c.w.Counts.Add("error code", h.Err.String())
	c.w.Counts.Add("answered", q.Op.String())
	c.reply(&q, &h)
	if q.Op == jute.OpGetChildren && len(b) > 1024*14 {
		c.w.Counts.Add("generator", "a listing of more than 1,024 names")
	}
	if q.Op == jute.OpMulti {
		c.countMulti(b[used:])
	}
}

func (c *Client) countMulti(body []byte) {
	var r jute.MultiResponse
	_, _ = jute.Decode(body, &r)
	if n := len(r.Results); n > 10 && r.Results[n-1].Err == jute.OK {
		c.w.Counts.Add("generator", "a multi of more than ten operations succeeds")
	}
	for i := range r.Results {
		if code := r.Results[i].Err; code != jute.OK {
			c.w.Counts.Add("error code in a multi", code.String())
		}
	}
}

// answered takes the answer to the connect request.
func (c *Client) answered(b []byte) {
	var r jute.ConnectResponse
	_, _ = jute.Decode(b, &r)
	w := c.w
	if r.SessionID == 0 {
		w.Counts.Add("connect", "refused")
		if c.session == 0 && !c.lied {
			w.Counts.Add("connect", "refused: too many sessions")
		}
		if !c.lied {
			c.forget()
		}
		return
	}
	if r.SessionID == c.session {
		w.Counts.Add("connect", "came back")
	} else {
		w.Counts.Add("connect", "new session")
	}
	c.up, c.session, c.passwd = true, r.SessionID, r.Passwd
	var out []byte
	for _, p := range c.proofs {
		out = append(out, c.authPacket(p)...)
	}
	out = append(out, c.setWatches()...)
	if len(out) > 0 {
		c.link.Send(out)
	}
	link := c.link
	c.later(link, c.ping)
	if !c.quiet {
		c.later(link, c.act)
	}
}

// later does something if the connection is still the same.
func (c *Client) later(link Link, do func()) {
	c.w.After(c.w.Between(100, 10_000), func() {
		if c.link == link && c.up {
			do()
		}
	})
}

// ping keeps the session when nothing else does.
func (c *Client) ping() {
	if c.robbed {
		return
	}
	link := c.link
	third := int64(c.timeout) * 1000 / 3
	if c.w.Now-c.sentAt >= third-1000 {
		c.sentAt = c.w.Now
		link.Send(c.ask(jute.OpPing, jute.XidPing, nil))
	}
	c.w.After(max(third-(c.w.Now-c.sentAt), 1000), func() {
		if c.link == link && c.up {
			c.ping()
		}
	})
}

// Settled says whether the client is connected, and everything is answered.
func (c *Client) Settled() bool {
	return c.link != nil && c.up && len(c.waiting) == 0 && c.aside == 0
}
