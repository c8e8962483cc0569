package client

import (
	"quoll/internal/hostile"
	"quoll/internal/sim/requests"
	"quoll/jute"
)

// lie changes a connect request into one that must be refused.
func (c *Client) lie(hello *jute.ConnectRequest) {
	switch c.w.Rand.IntN(3) {
	case 0:
		c.w.Counts.Add("connect", "wrong password")
		hello.Passwd = make([]byte, 16)
		if hello.SessionID == 0 {
			hello.SessionID = 77
		}
	case 1:
		c.w.Counts.Add("connect", "ahead of the server")
		hello.LastZxidSeen += 1 << 40
	case 2:
		c.w.Counts.Add("connect", "unknown session")
		hello.SessionID = 0x7777
	}
}

// nonsense sends what no client sends. The server closes the connection, and nothing else happens.
func (c *Client) nonsense() {
	w := c.w
	out := c.burst(w.Rand.IntN(3))
	switch w.Rand.IntN(5) {
	case 0:
		w.Counts.Add("nonsense", "negative length")
		out = append(out, []byte{0xff, 0xff, 0xff, 0xf0}...)
	case 1:
		w.Counts.Add("nonsense", "too long")
		out = append(out, []byte{0x7f, 0, 0, 0, 1, 2, 3}...)
	case 2:
		w.Counts.Add("nonsense", "no header")
		out = append(out, []byte{0, 0, 0, 3, 1, 2, 3}...)
	case 3:
		w.Counts.Add("nonsense", "unknown operation")
		ops := []jute.OpCode{0, 10, 13, 23, 999, jute.OpCreateSession, jute.OpError}
		out = append(out, c.ask(ops[w.Rand.IntN(len(ops))], c.nextXid(), nil)...)
	case 4:
		w.Counts.Add("nonsense", "one byte too long")
		out = append(out, c.ofSize(c.MaxFrame+1)...)
	}
	c.link.Record().Nonsense = true
	c.link.Send(out)
}

// ofSize is a frame of exactly so many bytes behind its length.
func (c *Client) ofSize(n int) []byte {
	in := &jute.SetDataRequest{Path: []byte("/b"), Data: []byte{}, Version: -1}
	room := n - len(jute.Append(nil, &jute.RequestHeader{})) - len(jute.Append(nil, in))
	in.Data = make([]byte, room)
	return c.ask(jute.OpSetData, c.nextXid(), in)
}

// odd does what few clients do, and every server must cope with.
func (c *Client) odd() {
	w := c.w
	switch w.Rand.IntN(3) {
	case 0:
		w.Counts.Add("generator", "a frame of exactly the limit")
		c.link.Send(c.ofSize(c.MaxFrame))
	case 1:
		c.link.Send(c.foreignWatches())
	case 2:
		c.Ask("ruok")
	}
}

// listCrowd asks for a long list.
func (c *Client) listCrowd() {
	in := &jute.PathWatch{Path: []byte(requests.CrowdNode)}
	c.link.Send(c.ask(jute.OpGetChildren, c.nextXid(), in))
}

// foreignWatches is a setWatches that no client would send: of paths that it never watched, null
// ones among them, since a zxid that it never saw.
func (c *Client) foreignWatches() []byte {
	w := c.w
	w.Counts.Add("generator", "a setWatches of another's")
	s := jute.SetWatches{
		RelativeZxid: c.last - jute.Zxid(w.Rand.IntN(20)), Two: w.Chance(2),
	}
	if w.Chance(3) {
		s.RelativeZxid = jute.Zxid(hostile.Zxids[w.Rand.IntN(len(hostile.Zxids))])
	}
	lists := []*[][]byte{&s.Data, &s.Exist, &s.Child}
	if s.Two {
		lists = append(lists, &s.Persistent, &s.PersistentRecursive)
	}
	for _, list := range lists {
		if w.Chance(6) {
			continue // null
		}
		*list = [][]byte{}
		for range w.Rand.IntN(4) {
			*list = append(*list, c.source().Path())
		}
	}
	op := jute.OpSetWatches
	if s.Two {
		op = jute.OpSetWatches2
	}
	return c.ask(op, jute.XidSetWatches, &s)
}

// rob takes the session of another client, which does not know of it until the server closes its
// connection. A process that was started anew goes on in this way with the session that it saved.
func (c *Client) rob(victim *Client) {
	if victim == c || victim.session == 0 || victim.next != nil || victim.robbed || victim.lied {
		return
	}
	c.w.Counts.Add("connect", "with another's session")
	c.forget()
	c.session, c.passwd = victim.session, victim.passwd
	c.xid = max(c.xid, victim.xid) + 1000
	if victim.link == nil {
		victim.forget()
		return
	}
	victim.robbed = true
	if c.Ensemble { // a server does not hear that a session has moved to another one
		link := victim.link
		c.w.After(c.w.Between(1000, 500_000), func() {
			if victim.link == link {
				victim.drop(c.w.Chance(2), c.w.Between(1000, 40_000))
			}
		})
	}
}

// Ask asks the server for a four-letter word, on a connection of its own.
func (c *Client) Ask(word string) {
	if c.AskWord != nil {
		c.w.Counts.Add("generator", "a four-letter word")
		c.AskWord(c, word)
	}
}

// SetUpCrowd has the client give one node many children, as soon as it has a session.
func (c *Client) SetUpCrowd() {
	if c.Crowd <= 0 || !c.up || c.robbed || len(c.waiting) > 0 {
		if !c.quiet {
			c.w.After(10_000, c.SetUpCrowd)
		}
		return
	}
	node := func(path string, mode jute.CreateMode) jute.MultiOp {
		in := &jute.CreateTTLRequest{TTL: -1}
		in.Path, in.ACL, in.Flags = []byte(path), requests.OpenACL, mode
		return jute.MultiOp{MultiHeader: jute.MultiHeader{Type: jute.OpCreate, Err: -1}, Create: in}
	}
	out := c.ask(jute.OpCreate, c.nextXid(), &jute.CreateRequest{
		Path: []byte(requests.CrowdNode), ACL: requests.OpenACL,
	})
	for left := c.Crowd; left > 0; {
		m := &jute.MultiRequest{}
		for size := 100; left > 0 && size < c.MaxFrame; left-- {
			m.Ops = append(m.Ops, node(requests.CrowdNode+"/n", jute.ModePersistentSequential))
			size += 80
		}
		out = append(out, c.ask(jute.OpMulti, c.nextXid(), m)...)
	}
	c.link.Send(out)
}
