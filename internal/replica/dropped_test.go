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

// The reaper looks at the tree as it is applied. A node that was deleted and made anew in flight is
// another one, and must live.
func TestWhatIsMadeAnewIsNotReaped(t *testing.T) {
	for _, flags := range []jute.CreateMode{jute.ModePersistent, jute.ModeContainer} {
		w := newWorld(t)
		c := w.connect()
		c.feed(c.ask(jute.OpCreateTTL, &jute.CreateTTLRequest{
			CreateRequest: *create("/t", "", jute.ModePersistentTTL), TTL: 1,
		}))
		w.all()
		w.tick(1500) // the time is up: a delete is proposed, and not durable
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
