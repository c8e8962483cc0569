package replica_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/jute"
)

// Many connections with large requests take turns: the core never has more of them than the limit,
// each is served in the order in which it came, and small requests do not wait.
func TestLargeRequestsTakeTurns(t *testing.T) {
	w := newWorld(t)
	const clients, size = 6, 400 << 10 // of 1 MiB: two at once
	data := bytes.Repeat([]byte("x"), size)
	small := w.connect()
	small.feed(small.ask(jute.OpCreate, create("/a", "", 0)))
	w.all()
	require.Equal(t, jute.OK, small.reply().Err)
	var large []*wire
	for range clients {
		large = append(large, w.connect())
	}
	for _, c := range large {
		c.feed(c.ask(jute.OpSetData, &jute.SetDataRequest{
			Path: []byte("/a"), Data: data, Version: -1,
		}))
	}
	var order []int
	for turn := range clients {
		waiting, logged := 0, len(w.logged)
		for _, c := range large {
			if c.parked {
				waiting++
			}
		}
		require.Equal(t, max(clients-2*(turn+1), 0), waiting, "turn %d", turn)
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
			if !c.parked && len(c.left) > 0 {
				c.feed(nil)
			}
		}
	}
	require.Equal(t, []int{0, 1, 2, 3, 4, 5}, order)
}

// A connection that goes while it waits, or with its turn granted, gives its place to the next.
func TestLargeRequestsOfTheGoneHoldUpNobody(t *testing.T) {
	w := newWorld(t)
	small := w.connect()
	small.feed(small.ask(jute.OpCreate, create("/a", "", 0)))
	w.all()
	data := bytes.Repeat([]byte("x"), 900<<10) // one at once
	var large []*wire
	for range 4 {
		large = append(large, w.connect())
	}
	for _, c := range large {
		c.feed(c.ask(jute.OpSetData, &jute.SetDataRequest{
			Path: []byte("/a"), Data: data, Version: -1,
		}))
	}
	large[1].stream.Closed(nil) // while it waits
	w.all()
	require.Equal(t, jute.OK, large[0].reply().Err)
	require.False(t, large[2].parked, "granted")
	require.True(t, large[3].parked)
	large[2].stream.Closed(nil) // with its turn
	require.False(t, large[3].parked)
	large[3].feed(nil)
	w.all()
	require.Equal(t, jute.OK, large[3].reply().Err)
}
