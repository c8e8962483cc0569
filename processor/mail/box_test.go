package mail

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/datatree/watch"
	"quoll/jute"
)

func TestTheItemsOfAStormDoNotStay(t *testing.T) {
	b := NewBox(func() {})
	d := b.Blank()
	for range 1_000_000 {
		d.Items = append(d.Items, Item{Kind: Event})
	}
	d.Buf = make([]byte, 0, 1<<20)
	b.Put(d)
	for range 2 * keepDeliveries {
		b.Put(new(Delivery))
	}
	taken := b.Take(nil)
	require.Len(t, taken, 2*keepDeliveries+1)
	for _, d := range taken {
		b.Recycle(d)
	}
	for range len(b.empty) {
		d := b.Blank()
		require.LessOrEqual(t, cap(d.Items), deliveryKeepItems)
		require.LessOrEqual(t, cap(d.Buf), deliveryKeepBytes)
	}
	require.LessOrEqual(t, cap(Taken(taken)), keepDeliveries)
	require.LessOrEqual(t, cap(b.full), keepDeliveries)
}

// An event is encoded once for all connections of a lane, but each connection has an item. Items
// count for the end of a hold of the tree's lock like the bytes of replies.
func TestItemsCountForTheEndOfAHold(t *testing.T) {
	c := &Conn{Box: NewBox(func() {})}
	var o Outbox
	for range 1000 {
		o.Send(c, 0, Event, nil)
	}
	require.GreaterOrEqual(t, o.Bytes(), 1000*int(itemBytes))
	o.Publish()
	require.Zero(t, o.Bytes())
}

// The bytes of an event are in a delivery once, however many of the lane's connections get it. The
// bytes of the next event follow them.
func TestAnEventIsEncodedOnceForALane(t *testing.T) {
	box, other := NewBox(func() {}), NewBox(func() {})
	ev := watch.Event{Type: jute.EventCreated, Path: []byte("/a"), Zxid: 5}
	var o Outbox
	for range 2 {
		o.Fire()
		for _, b := range []*Box{box, box, other, box} {
			o.Tell(&Conn{Box: b}, &ev)
		}
	}
	o.Publish()
	one := jute.AppendWatcherEvent(nil, 5, jute.EventCreated, []byte("/a"))
	for b, items := range map[*Box]int{box: 6, other: 2} {
		d := b.Take(nil)[0]
		require.Equal(t, append(bytes.Clone(one), one...), d.Buf)
		require.Len(t, d.Items, items)
		for i := range d.Items {
			it := &d.Items[i]
			require.Equal(t, one, d.Buf[it.From:it.To])
			require.Equal(t, i >= items/2, it.From > 0)
		}
	}
}
