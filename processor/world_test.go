package processor

import (
	"encoding/binary"
	"net/netip"
	"testing"

	"quoll/datatree"
	"quoll/jute"
	"quoll/processor/auth"
	"quoll/processor/mail"
)

// world is a tree and its connections, which are all of one lane.
type world struct {
	tree  *datatree.Tree
	conns *mail.Conns
	box   *mail.Box
	auth  *auth.Rules
}

// testWorld has a tree with /list, and with /big of so many bytes.
func testWorld(t *testing.T, bigBytes int) *world {
	t.Helper()
	w := &world{
		tree: datatree.New(datatree.Options{}), conns: mail.NewConns(),
		box: mail.NewBox(func() {}), auth: &auth.Rules{DigestEnabled: true},
	}
	var result datatree.Result
	for i, path := range []string{"/big", "/list"} {
		txn := jute.CreateTxn{Path: []byte(path), ACL: anyone(), ParentCVersion: -1}
		if path == "/big" {
			txn.Data = make([]byte, bigBytes)
		}
		w.tree.Lock()
		w.tree.Apply(&jute.Entry{
			Header: jute.TxnHeader{Zxid: jute.Zxid(i + 1), Type: jute.OpCreate},
			Body:   jute.Append(nil, &txn),
		}, &result)
		w.tree.Unlock()
	}
	return w
}

func anyone() []jute.ACL {
	return []jute.ACL{{Perms: jute.PermAll, ID: jute.ID{Scheme: "world", ID: "anyone"}}}
}

// client is a connection that keeps what it is sent.
type client struct {
	mail.Conn
	out      []byte
	answered int // how many of its requests, with a reply or without
	closed   bool
}

// open makes a connection; its number as an owner is 1.
func (w *world) open() *client {
	c := &client{}
	c.Receiver, c.Box, c.Owner = c, w.box, 1
	c.Peer = netip.MustParseAddrPort("10.0.0.1:4444")
	c.Identity.Store(auth.Connected(c.Peer.Addr()))
	c.Watcher = w.conns.Add(&c.Conn, w.tree.WatchesNow())
	return c
}

// close ends a connection as its lane does.
func (w *world) close(c *client) {
	w.conns.Leave(&c.Conn)
	w.conns.Remove(c.Watcher, w.tree.DropWatches(c.Watcher))
}

// drain delivers what is in the box.
func (w *world) drain() {
	for _, d := range w.box.Take(nil) {
		for i := range d.Items {
			d.Items[i].Conn.Receiver.Receive(d, &d.Items[i])
		}
	}
}

func (c *client) Receive(d *mail.Delivery, it *mail.Item) {
	if it.Answers() {
		c.answered++
	}
	c.out = append(c.out, d.Buf[it.From:it.To]...)
	c.closed = c.closed || it.Kind == mail.Last || it.Kind == mail.Kicked
}

// xids are those of the frames that came, in order.
func (c *client) xids() (xids []int32) {
	for rest := c.out; len(rest) > 0; {
		n := int(binary.BigEndian.Uint32(rest))
		xids = append(xids, int32(binary.BigEndian.Uint32(rest[4:])))
		rest = rest[4+n:]
	}
	return xids
}
