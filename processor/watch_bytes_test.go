package processor

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/datatree/watch"
	"quoll/jute"
	"quoll/processor/auth"
	"quoll/processor/mail"
)

// A client that watches more bytes of paths than it may is closed by the core too, where its read
// waited behind a write.
func TestWatchedPathsHaveALimitInBytesOnTheCoreToo(t *testing.T) {
	w := testWorld(t, 1)
	w.tree.LimitWatches(watch.Limits{Own: 99})
	s := w.open()
	c, made, own := testChain(t, w, Rules{})
	body := jute.Append(nil, &jute.PathWatch{
		Path: []byte("/" + strings.Repeat("n", 99)), Watch: true,
	})
	c.Requests(&mail.Batch{Requests: []mail.Request{setting(s, own.ID, 1), {
		Conn: &s.Conn, Session: own.ID, Type: jute.OpExists, Xid: 2, Body: body,
		Identity: auth.Server(),
	}}})
	c.Committed((*made)[0].Header.Zxid)
	w.drain()
	require.True(t, s.closed)
	require.Equal(t, []int32{0}, s.xids(), "the write is answered, the read is not")

	other := w.open()
	refused := setting(other, own.ID, 1)
	refused.Refused = jute.NoAuth
	refused.Type, refused.Xid = jute.OpExists, 3
	c.Requests(&mail.Batch{Requests: []mail.Request{refused}})
	w.drain()
	require.False(t, other.closed)
	require.Equal(t, []int32{3}, other.xids())
}
