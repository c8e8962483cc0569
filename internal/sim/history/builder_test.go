package history

import (
	"net/netip"

	"quoll/internal/model"
	"quoll/jute"
)

// builder makes a history as a perfect server would have made it.
type builder struct {
	h      *History
	tree   *model.Tree
	now    int64
	xid    int32
	frame  map[*Conn]map[string]int // where a named frame stands in Got
	starts map[int]int              // how often each node started again
	node   int                      // the node that clients speak to, and that proposes
}

func newBuilder() *builder {
	o := model.Options{ExtendedTypes: true}
	return &builder{
		h: &History{
			Rules: Rules{Options: o, MinTimeout: 100, MaxTimeout: 1000},
			Lost:  map[jute.SessionID]bool{},
			Txns:  make([]Txn, 0, 100), // never moved: the scenes point into it
		},
		tree:  model.New(o),
		frame: map[*Conn]map[string]int{}, starts: map[int]int{}, node: 1,
	}
}

// reign begins an epoch.
func (b *builder) reign(epoch int64) {
	b.h.Reigns = append(b.h.Reigns, epoch)
	b.tree.Nothing(jute.Zxid(epoch << 32))
}

// next is the time of the next thing that happens.
func (b *builder) next() int64 {
	b.now += 10
	return b.now
}

func (b *builder) log(e jute.Entry) *Txn {
	e.Header.Zxid = b.tree.Zxid + 1
	e.Header.Time = 1000 + b.now
	e.HasDigest = true
	b.h.Txns = append(b.h.Txns, Txn{Entry: e, Applied: b.tree.Zxid, Before: b.tree.Zxid, Node: b.node})
	return &b.h.Txns[len(b.h.Txns)-1]
}

func password(id jute.SessionID) []byte {
	p := make([]byte, 16)
	p[0], p[15] = byte(id), 1
	return p
}

// dial opens a connection that asks for a session.
func (b *builder) dial(id jute.SessionID, passwd []byte, last jute.Zxid) *Conn {
	c := &Conn{
		ID: model.Conn(len(b.h.Conns) + 1), Server: b.server(b.node), Open: true,
		Peer: netip.MustParseAddr("10.0.0.1"),
		Hello: jute.ConnectRequest{
			TimeOut: 500, SessionID: id, Passwd: passwd, LastZxidSeen: last, HasReadOnly: true,
		},
	}
	b.h.Conns = append(b.h.Conns, c)
	b.frame[c] = map[string]int{}
	return c
}

func (b *builder) answer(c *Conn, r *jute.ConnectResponse) {
	r.HasReadOnly = true
	c.Session = r.SessionID
	b.got(c, "connect", jute.Append(nil, r))
}

func (b *builder) got(c *Conn, name string, bytes []byte) {
	b.frame[c][name] = len(c.Got)
	c.Got = append(c.Got, Frame{Bytes: bytes, Applied: b.tree.Zxid, At: b.next()})
}

// open is a connection with a new session.
func (b *builder) open() *Conn {
	c := b.dial(0, make([]byte, 16), 0)
	id := jute.SessionID(100 + len(b.h.Conns))
	t := b.log(jute.Entry{
		Header: jute.TxnHeader{ClientID: id, Type: jute.OpCreateSession},
		Body:   jute.Append(nil, &jute.CreateSessionTxn{TimeOut: 500}),
	})
	b.tree.Open(id, t.Entry.Header.Zxid)
	t.Entry.Digest.TreeDigest = b.tree.Digest()
	b.answer(c, &jute.ConnectResponse{TimeOut: 500, SessionID: id, Passwd: password(id)})
	return c
}

// again is a new connection of a session.
func (b *builder) again(old *Conn, last jute.Zxid) *Conn {
	old.Open = false
	b.tree.Forget(old.ID)
	c := b.dial(old.Session, password(old.Session), last)
	b.answer(c, &jute.ConnectResponse{
		TimeOut: 500, SessionID: old.Session, Passwd: password(old.Session),
	})
	return c
}

func (b *builder) send(c *Conn, op jute.OpCode, body jute.Record) *model.Request {
	b.xid++
	s := Sent{Xid: b.xid, Op: op, At: b.next()}
	if body != nil {
		s.Body = jute.Append(nil, body)
	}
	c.Sent = append(c.Sent, s)
	return &model.Request{
		Op: op, Session: c.Session, Body: s.Body, Who: model.Stranger(c.Peer),
	}
}

func reply(xid int32, zxid jute.Zxid, code jute.ErrorCode, body []byte) []byte {
	return append(jute.AppendReplyHeader(nil, xid, zxid, code), body...)
}

// write is a write and its answer; the frame is called name, events are called "event" and name.
func (b *builder) write(c *Conn, name string, op jute.OpCode, body jute.Record) *Txn {
	r := b.send(c, op, body)
	xid := b.xid
	t := b.log(jute.Entry{Header: jute.TxnHeader{ClientID: c.Session, Cxid: xid, Type: op}})
	h := &t.Entry.Header
	out := b.tree.Write(r, h.Zxid, h.Time, t.Applied)
	if out.Code != jute.OK {
		h.Type = jute.OpError
		t.Entry.Body = jute.Append(nil, &jute.ErrorResponse{Err: out.Code})
	}
	t.Entry.Digest.TreeDigest = b.tree.Digest()
	b.tell(name, out.Events)
	b.got(c, name, reply(xid, h.Zxid, out.Code, out.Body))
	return t
}

func (b *builder) tell(name string, events []model.Event) {
	for i := range events {
		e := &events[i]
		c := b.h.Conns[e.To-1]
		if e.Seen(model.Stranger(c.Peer)) {
			b.got(c, "event "+name, e.Bytes())
		}
	}
}

// read is a read and its answer.
func (b *builder) read(c *Conn, name string, op jute.OpCode, body jute.Record) {
	r := b.send(c, op, body)
	a := b.tree.Read(r, c.ID)
	for i := range a.Missed {
		b.got(c, "missed "+name, a.Missed[i].Bytes())
	}
	b.got(c, name, reply(b.xid, b.tree.Zxid, a.Code, a.Body))
}

// expire ends a session that was heard long ago.
func (b *builder) expire(id jute.SessionID) *Txn {
	paths := [][]byte{}
	for _, p := range b.tree.Ephemerals(id) {
		paths = append(paths, []byte(p))
	}
	t := b.log(jute.Entry{
		Header: jute.TxnHeader{ClientID: id, Type: jute.OpCloseSession},
		Body:   jute.Append(nil, &jute.CloseSessionTxn{Paths2Delete: paths}),
	})
	t.Expiry = &Expiry{At: 2000, Heard: 1500, Timeout: 500, Latest: 2000}
	b.tell("expire", b.tree.Expire(id, t.Entry.Header.Zxid))
	t.Entry.Digest.TreeDigest = b.tree.Digest()
	return t
}

// server is the present life of a node.
func (b *builder) server(node int) Server { return Server{node, 1 + b.starts[node]} }

// recover is a start of a node that finds everything.
func (b *builder) recover(node int) *Recovery {
	b.starts[node]++
	r := Recovery{
		Server: b.server(node), Zxid: b.tree.Zxid, Digest: b.tree.Digest(),
		Fingerprint: b.tree.Fingerprint(),
	}
	for id := jute.SessionID(0); id < 200; id++ {
		if b.tree.Sessions[id] {
			r.Sessions = append(r.Sessions, id)
		}
	}
	b.h.Recoveries = append(b.h.Recoveries, r)
	for _, c := range b.h.Conns {
		if c.Node == node {
			c.Open = false
			b.tree.Forget(c.ID)
		}
	}
	return &b.h.Recoveries[len(b.h.Recoveries)-1]
}

// at is a named frame.
func (b *builder) at(c *Conn, name string) *Frame {
	i, ok := b.frame[c][name]
	if !ok {
		panic("no frame is called " + name)
	}
	return &c.Got[i]
}

// drop takes a frame away, or everything from it on.
func (b *builder) drop(c *Conn, name string) {
	i := b.frame[c][name]
	c.Got = append(c.Got[:i:i], c.Got[i+1:]...)
}

func (b *builder) dropFrom(c *Conn, name string) { c.Got = c.Got[:b.frame[c][name]] }

// swap exchanges two frames.
func (b *builder) swap(c *Conn, one, other string) {
	i, j := b.frame[c][one], b.frame[c][other]
	c.Got[i], c.Got[j] = c.Got[j], c.Got[i]
}
