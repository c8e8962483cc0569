package mail

import (
	"sync"

	"quoll/jute"
	"quoll/processor/arena"
)

// Box is the mailbox of a lane: write replies, the answers to reads that had to wait, and watch
// events, all in one order.
type Box struct {
	wake func() // from any goroutine: the lane empties the box soon

	mu    sync.Mutex
	full  []*Delivery
	empty []*Delivery // for reuse

	// building and lastEvent belong to the core: the delivery that it has not published yet, and
	// the number of the last event in it.
	building  *Delivery
	lastEvent uint64
}

// Delivery is what one batch of the core has for one lane.
type Delivery struct {
	Buf   []byte
	Items []Item
}

// Item is one piece of a delivery for one connection.
type Item struct {
	Conn           *Conn
	From, To       int   // its bytes in Buf
	BodyBytes      int32 // of the body of the request that it answers
	Weight         int   // of that request: what the lane has counted as in flight
	Op             jute.OpCode
	Kind           ItemKind
	ReceivedMillis int64   // when that request was received, on the monotonic clock
	Opened         *Opened // for Connected
}

// Opened is what a connection learns about its session.
type Opened struct {
	Session       jute.SessionID
	TimeoutMillis int32
	Created       bool      // made for it, not taken up again
	Zxid          jute.Zxid // the last applied
}

// ItemKind says what an item is to its connection.
type ItemKind uint8

// The kinds.
const (
	Event     ItemKind = iota // a notification: answers nothing
	Reply                     // answers one request
	Connected                 // answers the connect request; the session is open
	Last                      // answers one request; the connection ends behind it
	Dropped                   // the request gets no answer
	Kicked                    // the connection ends; its session went elsewhere
	RoleOver                  // the connection ends with the server's role, unless it is for words
	Word                      // answers a four-letter word; not from the core
)

// Answers says whether the item stands for a request that the core had.
func (it *Item) Answers() bool {
	switch it.Kind {
	case Event, Kicked, RoleOver, Word:
		return false
	}
	return true
}

// Limits of what is kept for reuse: one large reply, or one storm of events, must not keep its
// memory for good.
const (
	deliveryKeepBytes = 256 << 10 // buffer of a delivery
	deliveryKeepItems = 4096      // items of a delivery
	keepDeliveries    = 1024      // deliveries that a box had at once
)

// NewBox makes the box of a lane; wake makes the lane's loop empty it.
func NewBox(wake func()) *Box { return &Box{wake: wake} }

// Wake makes the lane's loop empty the box soon. Any goroutine may call it.
func (b *Box) Wake() { b.wake() }

// Blank is an empty delivery, to be filled and put.
func (b *Box) Blank() *Delivery {
	b.mu.Lock()
	defer b.mu.Unlock()
	if n := len(b.empty); n > 0 {
		d := b.empty[n-1]
		b.empty = b.empty[:n-1]
		return d
	}
	return new(Delivery)
}

// Put puts a delivery behind those in the box. Wake must follow.
func (b *Box) Put(d *Delivery) {
	b.mu.Lock()
	b.full = append(b.full, d)
	b.mu.Unlock()
}

// Take appends everything in the box to into. The caller gives each delivery back with Recycle, and
// empties into with Taken when it has gone through it.
func (b *Box) Take(into []*Delivery) []*Delivery {
	b.mu.Lock()
	into = append(into, b.full...)
	b.full = Taken(b.full)
	b.mu.Unlock()
	return into
}

// Taken is the list emptied for its next use.
func Taken(list []*Delivery) []*Delivery {
	clear(list)
	return arena.Emptied(list, keepDeliveries)
}

// Recycle gives an emptied delivery back.
func (b *Box) Recycle(d *Delivery) {
	clear(d.Items)
	d.Items = arena.Emptied(d.Items, deliveryKeepItems)
	d.Buf = arena.Emptied(d.Buf, deliveryKeepBytes)
	b.mu.Lock()
	if len(b.empty) < 4 {
		b.empty = append(b.empty, d)
	}
	b.mu.Unlock()
}
