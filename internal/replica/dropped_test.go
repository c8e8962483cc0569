package replica_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/jute"
)

// Rule 1: a write that comes while its session ends gets no answer. Then no request behind it may
// get one either, because the client would take that answer for the write's.
func TestNothingBehindADroppedRequestIsAnswered(t *testing.T) {
	w := newWorld(t)
	c := w.connect()
	for range 51 {
		w.tick(100) // the session has expired; its end is proposed, but not durable yet
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

// Requests that are pipelined behind a closeSession get no answer; the closeSession gets its own.
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

// A client can send the type of a connect request among its requests. It is an unknown operation,
// on the loop as in the core.
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

// A session that has moved takes no request of its old connection any more, not even one that was
// on its way to the core when the session moved.
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

// The reaper sees only the applied transactions. If a node is deleted and created again in
// transactions in flight, it is another node and must not be reaped.
func TestWhatIsMadeAnewIsNotReaped(t *testing.T) {
	for _, flags := range []jute.CreateMode{jute.ModePersistent, jute.ModeContainer} {
		w := newWorld(t)
		c := w.connect()
		c.feed(c.ask(jute.OpCreateTTL, &jute.CreateTTLRequest{
			CreateRequest: *create("/t", "", jute.ModePersistentTTL), TTL: 1,
		}))
		w.all()
		w.tick(1500) // the TTL is over: a delete is proposed, but not durable yet
		op := jute.OpCreate
		if flags == jute.ModeContainer {
			op = jute.OpCreateContainer
		}
		c.feed(c.ask(op, create("/t", "anew", flags)))
		w.step()
		for range 3 {
			w.tick(1000)
			c.feed(c.ask(jute.OpPing, nil))
		}
		w.flush()
		w.all()
		_, there := w.tree.Peek().Find([]byte("/t"))
		require.True(t, there, "mode %d", flags)
		require.Zero(t, w.tree.Faults().Mismatches)
	}
}
