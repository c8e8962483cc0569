package replica_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/jute"
)

// Rule 1: a write that comes while its session ends gets no answer; then nothing behind it may get
// one either, or the client takes it for the write's.
func TestNothingBehindADroppedRequestIsAnswered(t *testing.T) {
	w := newWorld(t)
	c := w.connect()
	for range 51 {
		w.tick(100) // the session's time is up; its end is proposed, and not durable
	}
	c.feed(c.ask(jute.OpCreate, create("/a", "", 0)))
	w.step()
	c.feed(c.ask(jute.OpExists, get("/a")))
	require.Nil(t, c.reply(), "a reply overtakes the one that never comes")
	w.all()
	w.flush()
	require.Nil(t, c.reply())
	require.True(t, c.closed, "the connection ends with its session")
}

// What is pipelined behind a closeSession gets no answer, and costs the closeSession none.
func TestCloseIsAnsweredAlthoughMoreFollows(t *testing.T) {
	w := newWorld(t)
	c := w.connect()
	out := c.ask(jute.OpCloseSession, nil)
	out = append(out, c.ask(jute.OpExists, get("/a"))...)
	c.feed(append(out, c.ask(jute.OpCreate, create("/a", "", 0))...))
	w.all()
	r := c.reply()
	require.NotNil(t, r)
	require.Equal(t, int32(1), r.Xid)
	require.Equal(t, jute.OK, r.Err)
	require.Nil(t, c.reply())
	require.True(t, c.closed)
}

// A client may send the type of a connect request in the middle of everything; it is an unknown
// operation, wherever it is answered.
func TestCreateSessionAmongRequestsIsUnknown(t *testing.T) {
	w := newWorld(t)
	c := w.connect()
	c.feed(append(c.ask(jute.OpCreate, create("/a", "", 0)), c.ask(jute.OpCreateSession, nil)...))
	w.all()
	require.Equal(t, jute.OK, c.reply().Err)
	r := c.reply()
	require.Equal(t, jute.Unimplemented, r.Err)
	require.Equal(t, jute.Zxid(-1), r.Zxid)
	require.True(t, c.closed)
}

// A session that has moved takes nothing more from its old connection, not even what was on its way
// to the core when it moved.
func TestAMovedSessionTakesNothingFromItsOldConnection(t *testing.T) {
	w := newWorld(t)
	old := w.connect()
	c := w.dial()
	c.feed(frame(&jute.ConnectRequest{TimeOut: 4000, SessionID: old.id, Passwd: old.passwd}))
	old.feed(old.ask(jute.OpCreate, create("/old", "", 0))) // behind it, in the same step
	before := len(w.logged)
	w.step()
	require.Len(t, w.logged, before, "nothing is proposed")
	w.flush()
	require.Nil(t, old.reply())
	require.True(t, old.closed)
	require.NotNil(t, c.take())
	c.feed(c.ask(jute.OpExists, get("/old")))
	require.Equal(t, jute.NoNode, c.reply().Err)
}
