package sim

import (
	"encoding/binary"
	"net/netip"
	"sort"

	"quoll/internal/model"
	"quoll/internal/sim/client"
	"quoll/internal/sim/history"
	"quoll/jute"
)

// link is a connection through the network, with the client's end of it.
type link struct {
	w      *run
	to     recipient // who reads
	record *history.Conn
	peer   netip.AddrPort
	socket *socket // nil: not accepted yet

	upAt   int64 // world time at which what was sent last arrives
	downAt int64 // likewise, towards the client

	flying int    // bytes on their way to the client
	wire   []byte // flying, and arrived but not read by the client
	in     []byte // read by the client, not a whole frame yet
	read   int64  // offset of in in all that was sent to the client
	marks  []mark // of everything that the server wrote
	closed bool   // by the client
	cut    bool   // it did not say so
	killed bool   // the server's process is gone
	eof    bool   // the server's end is behind wire
}

// mark says what was applied when the output from an offset on was written.
type mark struct {
	from    int64
	applied jute.Zxid
	at      int64 // world time
}

func (k *link) id() int { return int(k.record.ID) }

// Record implements client.Link.
func (k *link) Record() *history.Conn { return k.record }

// recipient is who reads a connection.
type recipient interface {
	IsSlow() bool
	// Bytes takes something off the front of what arrived, and returns the rest.
	Bytes([]byte) []byte
	Lost(client.Link)
}

// dial opens a connection; nil when nobody listens.
func (w *run) dial(c *client.Client) client.Link {
	r := &reader{Client: c}
	if r.link = w.open(c.Number(), r); r.link == nil {
		return nil
	}
	return r.link
}

// open opens a connection from one of the clients' machines.
func (w *run) open(machine int, to recipient) *link {
	p := w.process
	if p == nil || len(p.loops) == 0 {
		return nil
	}
	if w.plan.faults.refusedOpens && w.Chance(8) && !w.healed {
		w.Counts.Add("fault", "connection refused")
		return nil
	}
	k := &link{w: w, to: to, record: new(history.Conn)}
	w.history.Conns = append(w.history.Conns, k.record)
	k.record.ID = model.Conn(len(w.history.Conns))
	k.record.Life = p.life
	k.record.Peer = netip.AddrFrom4([4]byte{10, 0, 0, byte(1 + machine%3)})
	if machine%3 == 2 {
		k.record.Peer = netip.AddrFrom16([16]byte{0: 0xfd, 15: 3})
	}
	k.peer = netip.AddrPortFrom(k.record.Peer, uint16(1000+k.id()%50_000))
	loop := p.loops[w.Rand.IntN(len(p.loops))]
	k.upAt = w.Now + w.latency()
	w.After(k.upAt-w.Now, func() {
		p.run(func() { k.socket = loop.accept(k) })
	})
	return k
}

// latency is how long a segment takes, µs.
func (w *run) latency() int64 {
	if w.Chance(40) {
		return w.Between(1000, 50_000)
	}
	return w.Between(20, 500)
}

// Send puts bytes on their way, in segments as the network and the client's writes cut them.
func (k *link) Send(p []byte) {
	w := k.w
	w.Trace.Mix(uint64(k.id()))
	w.Trace.Bytes(p)
	for len(p) > 0 {
		n := len(p)
		switch w.Rand.IntN(6) {
		case 0:
			n = 1 + w.Rand.IntN(n)
		case 1:
			n = 1
		}
		k.segment(p[:n:n], false)
		p = p[n:]
	}
}

func (k *link) segment(p []byte, fin bool) {
	w := k.w
	if k.upAt = max(k.upAt, w.Now+w.latency()); w.Chance(2) {
		k.upAt++
	}
	life := w.process
	w.After(k.upAt-w.Now, func() {
		if life == nil || w.process != life {
			return
		}
		life.run(func() {
			if k.socket != nil && !k.socket.gone && !k.killed {
				k.socket.arrive(p, fin)
			}
		})
	})
}

// Leave implements client.Link: nothing more is read here.
func (k *link) Leave() { k.closed = true }

// Close is the client's end. The server may not learn of it.
func (k *link) Close(tell bool) {
	k.closed, k.cut = true, !tell
	if tell {
		k.segment(nil, true)
	}
}

// note keeps what was applied when output was written.
func (k *link) note(from int64, applied jute.Zxid) {
	k.marks = append(k.marks, mark{from, applied, k.w.Now})
}

// written is the mark of the output at an offset.
func (k *link) written(at int64) mark {
	i := sort.Search(len(k.marks), func(i int) bool { return k.marks[i].from > at })
	return k.marks[i-1]
}

// take puts output on its way as far as there is room, and says how much that is.
func (k *link) take(p []byte) int {
	w := k.w
	n := min(len(p), w.plan.limits.window-len(k.wire))
	if k.closed && !k.cut {
		return len(p) // nobody reads it
	}
	if n <= 0 {
		return 0
	}
	w.Trace.Mix(uint64(k.id()))
	w.Trace.Bytes(p[:n])
	k.wire = append(k.wire, p[:n]...)
	k.flying += n
	k.downAt = max(k.downAt, w.Now+w.latency())
	w.After(k.downAt-w.Now, func() {
		if k.flying >= n {
			k.flying -= n
			k.Consume()
		}
	})
	return n
}

// serverClosed: the end of the stream follows what is on its way.
func (k *link) serverClosed() {
	k.downAt = max(k.downAt, k.w.Now+k.w.latency())
	k.w.After(k.downAt-k.w.Now, func() {
		k.eof = true
		k.Consume()
	})
}

// reset: the server's machine or process is gone. What was on its way may still arrive.
func (k *link) reset() {
	w := k.w
	k.killed = true
	if w.Chance(2) {
		w.Counts.Add("fault", "what was on its way is lost")
		k.wire = k.wire[:len(k.wire)-k.flying]
		k.flying = 0
	}
	k.serverClosed()
}

// Consume lets the client read what has arrived.
func (k *link) Consume() {
	if k.closed || k.to.IsSlow() {
		return
	}
	n := len(k.wire) - k.flying
	k.in = append(k.in, k.wire[:n]...)
	k.wire = k.wire[n:]
	if s := k.socket; n > 0 && s != nil && len(s.out) > 0 && !s.gone {
		s.wire.Moved(s.now())
		s.loop.p.after(k.w.latency(), s.queue)
	}
	for before := -1; !k.closed && len(k.in) > 0 && len(k.in) != before; {
		before = len(k.in)
		k.in = k.to.Bytes(k.in)
	}
	if k.eof && !k.closed && len(k.wire) == 0 {
		k.to.Lost(k)
	}
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
