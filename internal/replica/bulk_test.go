package replica_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/jute"
)

// bulkWorld is a world with a node /a, and clients that have sent nothing yet.
func bulkWorld(t *testing.T, clients int) (w *world, small *wire, large []*wire) {
	w = newWorld(t)
	small = w.connect()
	small.feed(small.ask(jute.OpCreate, create("/a", "", 0)))
	w.all()
	require.Equal(t, jute.OK, small.reply().Err)
	for range clients {
		large = append(large, w.connect())
	}
	return w, small, large
}

func (c *wire) largeSet(size int) []byte {
	return c.ask(jute.OpSetData, &jute.SetDataRequest{
		Path: []byte("/a"), Data: bytes.Repeat([]byte("x"), size), Version: -1,
	})
}

// turns runs turns of the loop until no connection takes anything any more.
func (w *world) turns(conns []*wire) {
	for moved := true; moved; {
		moved = false
		w.lane.Drain()
		for _, c := range conns {
			before := len(c.left)
			if !c.parked && !c.closed && before > 0 {
				c.feed(nil)
			}
			moved = moved || len(c.left) != before
		}
	}
}

// Many connections with large requests take turns: the core never has more of them than the limit,
// each is served in the order in which it came, and small requests do not wait.
func TestLargeRequestsTakeTurns(t *testing.T) {
	const clients, size = 6, 400 << 10 // the limit of 1 MiB has room for two at once
	w, small, large := bulkWorld(t, clients)
	for _, c := range large {
		c.feed(c.largeSet(size))
	}
	var order []int
	for turn := range clients / 2 {
		waiting, logged := 0, len(w.logged)
		for _, c := range large {
			if c.parked {
				waiting++
			}
		}
		require.Equal(t, clients-2*(turn+1), waiting, "turn %d", turn)
		small.feed(small.ask(jute.OpSetData, set("/a", "small")))
		w.step()
		require.LessOrEqual(t, len(w.logged)-logged, 3, "turn %d", turn)
		w.flush()
		require.Equal(t, jute.OK, small.reply().Err)
		for i, c := range large {
			if r := c.reply(); r != nil {
				require.Equal(t, jute.OK, r.Err)
				order = append(order, i)
			}
		}
		w.turns(large)
	}
	require.Equal(t, []int{0, 1, 2, 3, 4, 5}, order)
}

// A connection that goes while it waits, or when it is called, gives its place to the next.
func TestLargeRequestsOfTheGoneHoldUpNobody(t *testing.T) {
	w, _, large := bulkWorld(t, 4)
	for _, c := range large {
		c.feed(c.largeSet(900 << 10)) // the limit has room for one at once
	}
	large[1].stream.Closed(nil) // while it waits
	w.step()
	w.flush()
	require.Equal(t, jute.OK, large[0].reply().Err)
	require.False(t, large[2].parked, "called")
	require.True(t, large[3].parked)
	large[2].stream.Closed(nil) // when it is called
	w.turns(large[3:])
	w.all()
	require.Equal(t, jute.OK, large[3].reply().Err)
}

// A frame that needs all the room does not wait for ever while smaller ones that fit are taken.
func TestANewcomerDoesNotPassTheLargest(t *testing.T) {
	w, _, large := bulkWorld(t, 8)
	for _, c := range large[:7] {
		c.feed(c.largeSet(100 << 10))
	}
	big := large[7]
	big.feed(big.largeSet(1000 << 10))
	require.True(t, big.parked)
	for round := 0; big.reply() == nil; round++ {
		require.Less(t, round, 5, "its turn comes")
		w.step()
		w.flush()
		for _, c := range large[:7] {
			for c.reply() != nil {
				c.feed(c.largeSet(100 << 10))
			}
		}
		w.turns(large)
	}
}

// Rule 6: a client that does not take its replies does not keep others from sending large requests,
// even if it stops reading when its turn has come.
func TestRule6ADeafClientHoldsNoPlaceInLine(t *testing.T) {
	w, _, large := bulkWorld(t, 2)
	d := w.connect()
	large[0].feed(large[0].largeSet(900 << 10))
	d.feed(d.largeSet(900 << 10))
	large[1].feed(large[1].largeSet(900 << 10))
	w.step()
	w.flush()
	require.NotNil(t, large[0].reply())
	require.False(t, d.parked, "called")
	require.True(t, large[1].parked)
	d.stream.OutputFull(true) // it is called when its client stops reading
	require.True(t, w.woken, "the next is called")
	w.turns(large[1:])
	w.all()
	require.NotNil(t, large[1].reply(), "the next one goes on")
	d.stream.OutputFull(false)
	w.turns([]*wire{d})
	w.all()
	require.Equal(t, jute.OK, d.reply().Err, "and the deaf one when it hears again")
}
