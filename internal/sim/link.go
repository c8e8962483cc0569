package sim

import (
	"encoding/binary"
	"net/netip"

	"quoll/internal/model"
	"quoll/internal/sim/client"
	"quoll/internal/sim/history"
	"quoll/internal/sim/node"
	"quoll/internal/sim/pipe"
)

// link is a client's end of a connection.
type link struct {
	*pipe.End
	tape *history.Tape
	to   recipient
	in   []byte // read, and not a whole frame yet
	left bool   // nothing is read any more
}

// recipient reads a connection.
type recipient interface {
	IsSlow() bool
	// Bytes takes something off the front of what arrived, and returns the rest.
	Bytes([]byte) []byte
	Lost(client.Link)
}

// dial opens a connection; nil when nobody listens.
func (w *run) dial(c *client.Client) client.Link {
	r := &reader{Client: c, w: w}
	if r.link = w.open(c.Number(), r); r.link == nil {
		return nil
	}
	return r.link
}

// open opens a connection from one of the clients' machines.
func (w *run) open(machine int, to recipient) *link {
	from := netip.AddrFrom4([4]byte{10, 0, 0, byte(1 + machine%3)})
	if machine%3 == 2 {
		from = netip.AddrFrom16([16]byte{0: 0xfd, 15: 3})
	}
	return w.openAt(w.choose(), from, to)
}

// openAt opens a connection to a node.
func (w *run) openAt(n *node.Node, from netip.Addr, to recipient) *link {
	k := &link{to: to}
	var err error
	if k.End, err = w.net.Dial(from, n.Address(), nil, k); err != nil {
		return nil
	}
	k.tape = &history.Tape{Conn: &history.Conn{
		ID: model.Conn(len(w.history.Conns) + 1), Peer: from,
		Server: history.Server{Node: n.Number(), Life: n.Life()},
	}}
	w.history.Conns = append(w.history.Conns, k.tape.Conn)
	w.tapes[k.ID()] = k.tape
	return k
}

// Record implements client.Link.
func (k *link) Record() *history.Conn { return k.tape.Conn }

// Send implements client.Link.
func (k *link) Send(p []byte) { k.Write(p) }

// Leave implements client.Link.
func (k *link) Leave() {
	k.left = true
	k.End.Leave()
}

// Close implements client.Link. Unless tell is true the server does not learn of it.
func (k *link) Close(tell bool) {
	k.left = true
	if tell {
		k.End.Close()
	} else {
		k.Vanish()
	}
}

// Arrived implements pipe.Reader.
func (k *link) Arrived(int) { k.Consume() }

// Taken implements pipe.Reader: there is always room towards a server.
func (k *link) Taken() {}

// Consume implements client.Link.
func (k *link) Consume() {
	if k.left || k.to.IsSlow() {
		return
	}
	for k.End.Arrived() > 0 {
		k.in = append(k.in, k.Read()...)
	}
	for before := -1; !k.left && len(k.in) > 0 && len(k.in) != before; {
		before = len(k.in)
		k.in = k.to.Bytes(k.in)
	}
	if k.Ended() && !k.left {
		k.to.Lost(k)
	}
}

// reader is a client's end of a connection that reads frames.
type reader struct {
	*client.Client
	w    *run
	link *link
}

// Bytes implements recipient: it takes one frame and says what is left.
func (r *reader) Bytes(p []byte) []byte {
	frame, rest := cutFrame(p)
	if frame == nil {
		return p
	}
	r.link.tape.Took(frame, r.w.Now)
	r.Frame(r.link, frame)
	return rest
}

// cutFrame takes the first whole frame off, without its length; nil: there is none yet.
func cutFrame(p []byte) (frame, rest []byte) {
	if len(p) < 4 {
		return nil, p
	}
	size := int(binary.BigEndian.Uint32(p))
	if len(p) < 4+size {
		return nil, p
	}
	return p[4 : 4+size : 4+size], p[4+size:]
}
