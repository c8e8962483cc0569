package processor

import (
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/jute"
	"quoll/processor/mail"
)

// Near the end of an epoch writes wait for the next reign, in order. By then the writes before them
// are applied, and nothing is lost.
func TestAReignEndsBeforeItsZxids(t *testing.T) {
	w := testWorld(t, 1)
	s := w.open()
	c, made, sess := testChain(t, w, Rules{})
	last := jute.Zxid(5<<32 | 0xff000000 - 2)
	c.Resign()
	c.Lead(last)
	var batch []mail.Request
	for xid := range int32(4) {
		r := setting(s, sess.ID, 1)
		r.Xid = xid
		batch = append(batch, r)
	}
	again := batch[0]
	c.Requests(&mail.Batch{Requests: batch})
	require.Len(t, *made, 2)
	require.True(t, c.Spent())
	c.Reap([]byte("/list"))
	require.Len(t, *made, 3, "what does not wait has room")
	c.Committed((*made)[2].Header.Zxid)
	require.Len(t, *made, 3)
	require.Zero(t, c.InFlight())
	c.Resign()
	require.False(t, c.Spent())
	c.Requests(&mail.Batch{Requests: []mail.Request{again}})
	require.Len(t, *made, 3, "between two reigns writes wait too")
	c.Lead(6 << 32)
	require.Len(t, *made, 6)
	require.Equal(t, jute.Zxid(6<<32|1), (*made)[3].Header.Zxid)
	c.Committed((*made)[5].Header.Zxid)
	w.drain()
	require.Equal(t, []int32{0, 1, 2, 3, 0}, s.xids())
	require.Zero(t, w.tree.Faults())
}
