package processor

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/jute"
	"quoll/processor/auth"
	"quoll/processor/mail"
	"quoll/processor/session"
)

// nodes is how many nodes the callers write to.
const nodes = 3

func place(k int) string { return fmt.Sprintf("/n%d", k) }

// state is the data of the nodes, which is what the naive model of the log knows.
type state [nodes]string

// after is the state behind one more transaction.
func (s state) after(t *testing.T, e *jute.Entry) state {
	set := func(as jute.OpCode, body []byte) {
		if as != jute.OpSetData {
			return
		}
		var txn jute.SetDataRequest
		_, err := jute.Decode(body, &txn)
		require.NoError(t, err)
		s[txn.Path[2]-'0'] = string(txn.Data)
	}
	set(e.Header.Type, e.Body)
	if e.Header.Type == jute.OpMulti {
		var txn jute.MultiTxn
		_, err := jute.Decode(e.Body, &txn)
		require.NoError(t, err)
		for _, one := range txn.Txns {
			set(one.Type, one.Data)
		}
	}
	return s
}

// life is a client: its session, and its connections one after the other.
type life struct {
	id    jute.SessionID
	seen  jute.Zxid // the highest in a reply
	conns []*caller
	over  bool
}

// caller is one connection of a client. Its xids begin with 1, as kazoo's do.
type caller struct {
	mail.Conn
	e      *ensemble
	server *server
	life   *life
	number int
	sent   []ask // not answered yet, in order
	xid    int32

	requests, answers int
	opened, closed    bool
	quiet             bool // its client is gone without a word
	openedAt          jute.Zxid
}

// ask is a request on its way.
type ask struct {
	as    jute.OpCode
	xid   int32
	node  int
	bad   bool
	fence jute.Zxid // what was committed when it was sent
}

// call lets a client do something.
func (e *ensemble) call() {
	if len(e.clients) < 4 {
		e.clients = append(e.clients, &life{})
	}
	i := e.chance.IntN(len(e.clients))
	l := e.clients[i]
	if l.over {
		e.clients[i] = &life{}
		return
	}
	var c *caller
	if n := len(l.conns); n > 0 {
		c = l.conns[n-1]
	}
	switch {
	case c == nil || c.closed || e.chance.IntN(30) == 0:
		e.connect(l)
	case e.chance.IntN(60) == 0:
		c.quiet = true
	case c.opened && !c.quiet:
		c.ask(1 + e.chance.IntN(3))
	}
}

// connect asks a server for the client's session, as its lane does. The old connection is still
// there, or the client knows that it is gone.
func (e *ensemble) connect(l *life) {
	s := e.servers[e.chance.IntN(len(e.servers))]
	if !s.serves || l.seen > s.tree.Peek().LastZxid() {
		return
	}
	if n := len(l.conns); n > 0 {
		if l.id == 0 { // it never heard of its session
			l.over = true
			return
		}
		if old := l.conns[n-1]; e.chance.IntN(2) == 0 && !old.Gone() {
			old.server.hangUp(old)
		}
		if l.conns[n-1].server != s {
			e.reach["moved"]++
		}
	}
	e.owners++
	c := &caller{e: e, server: s, life: l, number: len(e.callers)}
	c.Receiver, c.Box, c.Owner = c, s.box, e.owners
	c.Identity.Store(auth.Nobody())
	c.Watcher = s.conns.Add(&c.Conn, s.tree.WatchesNow())
	l.conns, e.callers = append(l.conns, c), append(e.callers, c)
	password := session.Password(l.id)
	c.requests++
	s.c.Requests(&mail.Batch{Requests: []mail.Request{{
		Conn: &c.Conn, Session: l.id, Type: jute.OpCreateSession, Identity: c.Identity.Load(),
		Connect: &jute.ConnectRequest{
			SessionID: l.id, TimeOut: 4000, Passwd: password[:], LastZxidSeen: l.seen,
		},
	}}})
}

// hangUp ends a connection as its lane does.
func (s *server) hangUp(c *caller) {
	c.closed = true
	s.conns.Leave(&c.Conn)
	s.conns.Remove(c.Watcher, s.tree.DropWatches(c.Watcher))
}

// ask sends some requests at once.
func (c *caller) ask(n int) {
	var batch []mail.Request
	for range n {
		c.xid++
		a := ask{
			xid: c.xid, node: c.e.chance.IntN(nodes), fence: c.e.zxid(c.e.committed),
			bad: c.e.chance.IntN(20) == 0,
		}
		path, data := []byte(place(a.node)), []byte(fmt.Sprintf("%d.%d", c.number, c.xid))
		set := &jute.SetDataRequest{Path: path, Data: data, Version: -1}
		var body jute.Record
		switch n := c.e.chance.IntN(40); {
		case n < 12:
			a.as, body = jute.OpSetData, set
			if a.bad {
				set.Version = 1 << 30
			}
		case n < 20:
			a.as, body = jute.OpMulti, &jute.MultiRequest{Ops: []jute.MultiOp{{
				MultiHeader: jute.MultiHeader{Type: jute.OpSetData, Err: -1}, Set: set,
			}}}
		case n < 24:
			a.as, body = jute.OpCreate, &jute.CreateRequest{
				Path: append([]byte("/"), data...), ACL: anyone(), Flags: jute.ModeEphemeral,
			}
		case n < 28:
			a.as, body = jute.OpSync, &jute.PathOnly{Path: path}
		case n < 39:
			a.as, body = jute.OpGetData, &jute.PathWatch{Path: path}
		default:
			a.as, body = jute.OpCloseSession, nil
		}
		r := mail.Request{
			Conn: &c.Conn, Session: c.life.id, Xid: c.xid, Type: a.as, Identity: c.Identity.Load(),
		}
		if body != nil {
			r.Body = jute.Append(nil, body)
		}
		if a.bad && a.as == jute.OpCreate {
			r.Body = r.Body[:3]
		}
		batch, c.sent = append(batch, r), append(c.sent, a)
	}
	c.requests += n
	c.server.c.Requests(&mail.Batch{Requests: batch})
}

// Receive takes mail as a stream does. What an old connection is still sent nobody reads: it may be
// the reply to a request of a newer connection elsewhere that looks like one of its own.
func (c *caller) Receive(d *mail.Delivery, it *mail.Item) {
	if it.Answers() {
		c.answers++
	}
	if c.closed {
		return
	}
	text := d.Buf[it.From:it.To]
	switch it.Kind {
	case mail.Connected:
		c.connected(it.Opened)
	case mail.Last, mail.Reply:
		switch {
		case !c.newest():
		case c.opened:
			c.replied(text)
		default:
			c.e.reach["refused session"]++
			c.life.over = true
		}
	case mail.Kicked:
		c.e.reach["kicked"]++
	case mail.RoleOver:
		c.e.reach["role over"]++
	case mail.Dropped:
		c.e.reach["dropped"]++
	}
	if it.Kind != mail.Reply && it.Kind != mail.Connected {
		c.server.hangUp(c)
	}
}

// connected checks that a client which comes back sees all that it has seen before.
func (c *caller) connected(o *mail.Opened) {
	require.False(c.e.t, c.opened)
	l := c.life
	if !c.newest() { // its client has given up waiting for it
		c.server.hangUp(c)
		return
	}
	require.True(c.e.t, l.id == 0 || l.id == o.Session)
	require.GreaterOrEqual(c.e.t, o.Zxid, l.seen)
	l.id, c.opened, c.openedAt = o.Session, true, o.Zxid
	c.see(o.Zxid)
	c.Heard.Store(c.e.now)
}

func (c *caller) newest() bool { return c == c.life.conns[len(c.life.conns)-1] }

// see notes the zxid of an answer. A session never goes back.
func (c *caller) see(z jute.Zxid) {
	require.GreaterOrEqual(c.e.t, z, c.life.seen)
	c.life.seen = z
}

// at is how many entries of the log are up to a zxid.
func (e *ensemble) at(z jute.Zxid) int {
	n := e.committed
	for n > 0 && e.log[n-1].Header.Zxid > z {
		n--
	}
	return n
}

// replied checks one reply against the log: it answers the first request that waits, and what it
// says is what the log says at its zxid.
func (c *caller) replied(frame []byte) {
	t, e := c.e.t, c.e
	require.EqualValues(t, len(frame)-4, binary.BigEndian.Uint32(frame))
	var h jute.ReplyHeader
	n, err := jute.Decode(frame[4:], &h)
	require.NoError(t, err)
	body := frame[4+n:]
	require.NotEmpty(t, c.sent)
	a := c.sent[0]
	c.sent = c.sent[1:]
	require.Equal(t, a.xid, h.Xid, "order of replies")
	before := c.life.seen
	at := e.at(h.Zxid)
	require.Equal(t, max(e.zxid(at), first), h.Zxid, "something committed")
	c.see(h.Zxid)
	switch {
	case a.as == jute.OpGetData:
		e.reach["read"]++
		var got jute.DataStat
		_, err := jute.Decode(body, &got)
		require.NoError(t, err)
		require.Equal(t, e.states[at][a.node], string(got.Data))
	case a.as == jute.OpSync:
		e.reach["synced"]++
		require.GreaterOrEqual(t, h.Zxid, a.fence)
	case h.Err == jute.MarshallingError:
		e.reach["unreadable"]++
		require.True(t, a.bad)
	default:
		require.Greater(t, h.Zxid, before, "a write is behind all that was seen before it")
		c.written(&a, &h, &e.log[at-1])
	}
}

// written checks the reply to a write.
func (c *caller) written(a *ask, h *jute.ReplyHeader, entry *jute.Entry) {
	t, e := c.e.t, c.e
	require.Equal(t, c.life.id, entry.Header.ClientID)
	require.Equal(t, a.xid, entry.Header.Cxid)
	switch {
	case h.Err != jute.OK:
		e.reach["refused"]++
		require.Equal(t, jute.OpError, entry.Header.Type)
		require.True(t, a.bad, h.Err)
		return
	case a.as == jute.OpCloseSession:
		e.reach["ended"]++
		c.life.over = true
	default:
		e.reach["written"]++
		number, ok := author(entry)
		require.True(t, ok)
		require.Equal(t, c.number, number, "another connection's write, taken for this one's")
	}
	require.Equal(t, a.as, entry.Header.Type)
}

// author is the number of the connection that wrote an entry.
func author(e *jute.Entry) (number int, ok bool) {
	var mark string
	switch e.Header.Type {
	case jute.OpSetData, jute.OpMulti:
		body := e.Body
		if e.Header.Type == jute.OpMulti {
			var txn jute.MultiTxn
			if _, err := jute.Decode(body, &txn); err != nil {
				return 0, false
			}
			body = txn.Txns[0].Data
		}
		var txn jute.SetDataRequest
		if _, err := jute.Decode(body, &txn); err != nil {
			return 0, false
		}
		mark = string(txn.Data)
	case jute.OpCreate:
		var txn jute.CreateTxn
		if _, err := jute.Decode(e.Body, &txn); err != nil {
			return 0, false
		}
		mark = strings.TrimPrefix(string(txn.Path), "/")
	default:
		return 0, false
	}
	_, err := fmt.Sscanf(mark, "%d.", &number)
	return number, err == nil
}

// checkEnd: each request was answered once, or given back once.
func (c *caller) checkEnd() {
	require.Equal(c.e.t, c.requests, c.answers, c.number)
	if !c.closed && c.opened && c.newest() {
		require.Empty(c.e.t, c.sent, c.number)
	}
}

// checkOrder: when a connection was opened, everything was applied that any older connection of the
// session could still do. So the writes of a session come in the order of its connections.
func (l *life) checkOrder(e *ensemble) {
	opened := map[int]jute.Zxid{}
	last := -1
	for _, c := range l.conns {
		if c.opened {
			require.Greater(e.t, c.number, last)
			last, opened[c.number] = c.number, c.openedAt
		}
	}
	for i := range e.log {
		h := &e.log[i].Header
		number, ok := author(&e.log[i])
		if !ok || l.id == 0 || h.ClientID != l.id {
			continue
		}
		for of, zxid := range opened {
			switch {
			case of > number:
				require.LessOrEqual(e.t, h.Zxid, zxid, "an old write behind a new connection")
			case of == number:
				require.Greater(e.t, h.Zxid, zxid)
			}
		}
	}
}
