package processor

import (
	"sync"

	"quoll/jute"
)

// What the core has for a lane goes through the lane's mailbox: write replies, the answers to
// reads that had to wait, and watch events, all in one order.
//
//	core:  building  [buf: bytes bytes bytes ...]   one buffer a lane a batch
//	                 [items: stream, from, to, kind ...]
//	          | publish, still under the tree's write lock
//	          v
//	mailbox  [delivery] [delivery]  -- wake -->  lane: Drain
//
// Publishing under the write lock is what makes rule 3 hold: a lane that has the read lock, and so
// can see a change, finds the events of that change in its mailbox. It drains before it reads.
type mailbox struct {
	mu    sync.Mutex
	full  []*delivery
	empty []*delivery // for reuse
}

// delivery is what one batch of the core has for one lane.
type delivery struct {
	buf   []byte
	items []item
}

// item is one piece of a delivery for one connection.
type item struct {
	stream   *Stream
	from, to int   // its bytes in buf
	bytes    int32 // of the body of the request it answers
	weight   int   // of that request; what the lane had counted as in flight
	op       jute.OpCode
	kind     itemKind
	received int64   // when the request it answers was, on the monotonic clock; ms
	opened   *opened // for itemConnected
}

// opened is what a connection learns about its session.
type opened struct {
	session       int64
	timeoutMillis int32
	created       bool      // not taken up again
	zxid          jute.Zxid // the last applied
}

type itemKind uint8

const (
	itemEvent     itemKind = iota // a notification: answers nothing
	itemReply                     // answers one request
	itemConnected                 // answers the connect request; the session is open
	itemLast                      // answers one request; the connection ends behind it
	itemDropped                   // the request gets no answer
	itemKicked                    // the connection ends; its session went elsewhere
	itemWord                      // answers a four-letter word; not from the core
)

// What is kept for reuse at most: one large reply, or one storm of events, must not stay in memory
// for good.
const (
	replyKeepBytes    = 256 << 10 // of a lane
	deliveryKeepBytes = 256 << 10 // of a delivery
	deliveryKeepItems = 4096      // likewise
	mailKeep          = 1024      // deliveries that a mailbox had at once
)

// itemBytes is what an item takes, about: events that are encoded once go to thousands.
const itemBytes = 96

// keep empties a buffer for its next use, or gives it back when it has more room than that. What
// its elements point to is the caller's to clear.
func keep[T any](s []T, most int) []T {
	if cap(s) > most {
		return nil
	}
	return s[:0]
}

func (m *mailbox) blank() *delivery {
	m.mu.Lock()
	defer m.mu.Unlock()
	if n := len(m.empty); n > 0 {
		d := m.empty[n-1]
		m.empty = m.empty[:n-1]
		return d
	}
	return new(delivery)
}

func (m *mailbox) put(d *delivery) {
	m.mu.Lock()
	m.full = append(m.full, d)
	m.mu.Unlock()
}

// take appends everything in the mailbox to into.
func (m *mailbox) take(into []*delivery) []*delivery {
	m.mu.Lock()
	into = append(into, m.full...)
	clear(m.full)
	m.full = keep(m.full, mailKeep)
	m.mu.Unlock()
	return into
}

// recycle gives an emptied delivery back.
func (m *mailbox) recycle(d *delivery) {
	clear(d.items)
	d.items = keep(d.items, deliveryKeepItems)
	d.buf = keep(d.buf, deliveryKeepBytes)
	m.mu.Lock()
	if len(m.empty) < 4 {
		m.empty = append(m.empty, d)
	}
	m.mu.Unlock()
}

// outbox is the core's side of all mailboxes: the deliveries it is building.
type outbox struct {
	dirty []*Lane
}

// to is the delivery being built for the lane of a connection.
func (o *outbox) to(s *Stream) *delivery {
	l := s.lane
	if l.building == nil {
		l.building = l.mailbox.blank()
		o.dirty = append(o.dirty, l)
	}
	return l.building
}

// send appends an item whose bytes are those of the lane's buffer from from on.
func (o *outbox) send(s *Stream, from int, kind itemKind, answered *Request) {
	d := o.to(s)
	it := item{stream: s, from: from, to: len(d.buf), kind: kind}
	if answered != nil {
		it.bytes, it.weight = int32(len(answered.Body)), answered.weight
		it.op, it.received = answered.Type, answered.ReceivedMillis
	}
	d.items = append(d.items, it)
}

// bytes is how much was built since the last publish, by what it takes in memory.
func (o *outbox) bytes() int {
	n := 0
	for _, l := range o.dirty {
		if l.building != nil {
			n += len(l.building.buf) + len(l.building.items)*itemBytes
		}
	}
	return n
}

// publish puts what was built into the mailboxes. wake must follow when the lock is released.
func (o *outbox) publish() {
	for _, l := range o.dirty {
		if l.building != nil {
			l.mailbox.put(l.building)
			l.building = nil
		}
	}
}

// wake tells the lanes that have mail.
func (o *outbox) wake() {
	for i, l := range o.dirty {
		l.wake()
		o.dirty[i] = nil
	}
	o.dirty = o.dirty[:0]
}
