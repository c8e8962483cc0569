package mail

import (
	"quoll/datatree/watch"
	"quoll/jute"
)

// Outbox is the core's side of all boxes: the deliveries it is building.
type Outbox struct {
	dirty  []*Box
	events uint64 // events fired so far; a lane gets the bytes of each only once
}

// itemBytes is about what an item takes in memory: an event is encoded once and may go to
// thousands.
const itemBytes = 96

// To is the delivery being built for the lane of a connection.
func (o *Outbox) To(c *Conn) *Delivery {
	b := c.Box
	if b.building == nil {
		b.building = b.Blank()
		o.dirty = append(o.dirty, b)
	}
	return b.building
}

// Send appends an item whose bytes are those of the delivery's buffer behind from. answered is the
// request that it answers, nil when it answers none.
func (o *Outbox) Send(c *Conn, from int, kind ItemKind, answered *Request) *Item {
	d := o.To(c)
	it := Item{Conn: c, From: from, To: len(d.Buf), Kind: kind}
	if answered != nil {
		it.BodyBytes, it.Weight = int32(len(answered.Body)), answered.Weight
		it.Op, it.ReceivedMillis = answered.Type, answered.ReceivedMillis
	}
	d.Items = append(d.Items, it)
	return &d.Items[len(d.Items)-1]
}

// Kick ends a connection.
func (o *Outbox) Kick(c *Conn) { o.Send(c, len(o.To(c).Buf), Kicked, nil) }

// RoleOver ends a connection because the server's role ends, unless it is one for words.
func (o *Outbox) RoleOver(c *Conn) { o.Send(c, len(o.To(c).Buf), RoleOver, nil) }

// Drop lets a request go without an answer.
func (o *Outbox) Drop(r *Request) { o.Send(r.Conn, len(o.To(r.Conn).Buf), Dropped, r) }

// Fire begins an event: Tell sends this one until the next Fire.
func (o *Outbox) Fire() { o.events++ }

// Tell sends the event that was fired to one connection. Its bytes are encoded once for all
// connections of a lane.
func (o *Outbox) Tell(c *Conn, ev *watch.Event) {
	d := o.To(c)
	if n := len(d.Items); n > 0 && c.Box.lastEvent == o.events {
		last := d.Items[n-1]
		d.Items = append(d.Items, Item{Conn: c, From: last.From, To: last.To, Kind: Event})
		return
	}
	from := len(d.Buf)
	d.Buf = jute.AppendWatcherEvent(d.Buf, ev.Zxid, ev.Type, ev.Path)
	o.Send(c, from, Event, nil)
	c.Box.lastEvent = o.events
}

// Bytes is about how many bytes of memory the deliveries built since the last Publish take.
func (o *Outbox) Bytes() int {
	n := 0
	for _, b := range o.dirty {
		if b.building != nil {
			n += len(b.building.Buf) + len(b.building.Items)*itemBytes
		}
	}
	return n
}

// Publish puts what was built into the boxes. Wake must follow when the tree's lock is released.
func (o *Outbox) Publish() {
	for _, b := range o.dirty {
		if b.building != nil {
			b.Put(b.building)
			b.building = nil
		}
	}
}

// Wake tells the lanes that have mail.
func (o *Outbox) Wake() {
	for i, b := range o.dirty {
		b.Wake()
		o.dirty[i] = nil
	}
	o.dirty = o.dirty[:0]
}
