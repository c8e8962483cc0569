package replica_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/jute"
)

func TestCreateGetSetDelete(t *testing.T) {
	w := newWorld(t)
	c := w.connect()
	c.feed(c.ask(jute.OpCreate, create("/a", "one", 0)))
	require.Nil(t, c.reply(), "no reply before the write is durable")
	w.step()
	require.Nil(t, c.reply(), "no reply before the write is durable")
	w.flush()
	r := c.reply()
	require.Equal(t, jute.OK, r.Err)
	require.Equal(t, jute.Zxid(2), r.Zxid)
	c.feed(c.ask(jute.OpGetData, get("/a")))
	require.Equal(t, "one", c.reply().data(t))
	c.feed(c.ask(jute.OpDelete, &jute.PathVersion{Path: []byte("/a"), Version: -1}))
	w.all()
	require.Equal(t, jute.OK, c.reply().Err)
	c.feed(c.ask(jute.OpExists, get("/a")))
	require.Equal(t, jute.NoNode, c.reply().Err)
	require.Zero(t, w.tree.Faults().Mismatches)
}

// Rule 2: a read sees all of its session's earlier writes and none of its later ones.
func TestReadBetweenPipelinedWrites(t *testing.T) {
	w := newWorld(t)
	c := w.connect()
	var all []byte
	all = append(all, c.ask(jute.OpCreate, create("/a", "0", 0))...)
	all = append(all, c.ask(jute.OpSetData, set("/a", "1"))...)
	all = append(all, c.ask(jute.OpGetData, get("/a"))...)
	all = append(all, c.ask(jute.OpSetData, set("/a", "2"))...)
	all = append(all, c.ask(jute.OpGetData, get("/a"))...)
	c.feed(all)
	w.all()
	for i, want := range []string{"", "", "1", "", "2"} {
		r := c.reply()
		require.NotNil(t, r)
		require.Equal(t, int32(i+1), r.Xid)
		require.Equal(t, jute.OK, r.Err)
		if want != "" {
			require.Equal(t, want, r.data(t))
		}
	}
	require.Zero(t, w.tree.Faults().Mismatches)
}

// Rule 3: the event is in the output before any reply that shows the change.
func TestEventBeforeReply(t *testing.T) {
	w := newWorld(t)
	writer, watcher := w.connect(), w.connect()
	writer.feed(writer.ask(jute.OpCreate, create("/a", "0", 0)))
	w.all()
	watcher.feed(watcher.ask(jute.OpGetData, &jute.PathWatch{Path: []byte("/a"), Watch: true}))
	require.Equal(t, "0", watcher.reply().data(t))
	writer.feed(writer.ask(jute.OpSetData, set("/a", "1")))
	w.step()
	// The core has applied, but the watcher's lane was not woken yet: its read must still find the
	// event first.
	w.woken = false
	w.replicaApplies()
	watcher.feed(watcher.ask(jute.OpGetData, get("/a")))
	require.Equal(t, jute.XidNotification, watcher.reply().Xid)
	require.Equal(t, "1", watcher.reply().data(t))
}

func TestMultiIsAllOrNothing(t *testing.T) {
	w := newWorld(t)
	c := w.connect()
	op := func(op jute.OpCode) jute.MultiHeader { return jute.MultiHeader{Type: op, Err: -1} }
	m := &jute.MultiRequest{Ops: []jute.MultiOp{
		{MultiHeader: op(jute.OpCreate)}, {MultiHeader: op(jute.OpCheck)},
		{MultiHeader: op(jute.OpDelete)},
	}}
	m.Ops[0].Create = &jute.CreateTTLRequest{CreateRequest: *create("/m", "x", 0)}
	m.Ops[1].Path = &jute.PathVersion{Path: []byte("/m"), Version: 7}
	m.Ops[2].Path = &jute.PathVersion{Path: []byte("/m"), Version: -1}
	c.feed(c.ask(jute.OpMulti, m))
	w.all()
	r := c.reply()
	require.Equal(t, jute.OK, r.Err)
	var res jute.MultiResponse
	_, err := jute.Decode(r.body, &res)
	require.NoError(t, err)
	require.Len(t, res.Results, 3)
	require.Equal(t, jute.OK, res.Results[0].Err)
	require.Equal(t, jute.BadVersion, res.Results[1].Err)
	require.Equal(t, jute.RuntimeInconsistency, res.Results[2].Err)
	c.feed(c.ask(jute.OpExists, get("/m")))
	require.Equal(t, jute.NoNode, c.reply().Err)
	require.Zero(t, w.tree.Faults().Mismatches)
}

func TestSessionExpiresWithItsEphemerals(t *testing.T) {
	w := newWorld(t)
	c := w.connect()
	c.feed(c.ask(jute.OpCreate, create("/e", "", jute.ModeEphemeral)))
	w.all()
	require.Equal(t, jute.OK, c.reply().Err)
	for range 30 {
		w.tick(100)
	}
	c.feed(c.ask(jute.OpPing, nil))
	require.Equal(t, jute.XidPing, c.reply().Xid)
	for range 39 {
		w.tick(100)
	}
	w.all()
	_, there := w.tree.Peek().Find([]byte("/e"))
	require.True(t, there, "heard 3.9 s ago, timeout 4 s")
	for range 11 {
		w.tick(100)
	}
	w.all()
	_, there = w.tree.Peek().Find([]byte("/e"))
	require.False(t, there)
	require.True(t, c.closed)
}

// When many sessions expire together, a step ends only some of them. The others are marked as
// closing already.
func TestACrowdExpiresSomeAStep(t *testing.T) {
	w := newWorld(t)
	var crowd []*wire
	for range 5 {
		crowd = append(crowd, w.connect())
	}
	w.tick(20_000) // the process stood still; this time does not count
	before := len(w.logged)
	for len(w.logged) == before {
		w.tick(1000)
	}
	require.Len(t, w.logged[before:], 2, "ExpiriesPerStepAtMost")
	require.True(t, w.again)
	last := crowd[4]
	last.feed(last.ask(jute.OpCreate, create("/late", "", 0)))
	w.step()
	require.Len(t, w.logged[before:], 4, "the next step goes on by itself")
	w.all()
	require.Len(t, w.logged[before:], 5)
	require.Zero(t, w.replica.Sessions().Len())
	_, there := w.tree.Peek().Find([]byte("/late"))
	require.False(t, there, "its time was up when it was sent")
	for i, c := range crowd {
		require.True(t, c.closed, i)
	}
}

func TestSessionMovesToNewConnection(t *testing.T) {
	w := newWorld(t)
	old := w.connect()
	old.feed(old.ask(jute.OpCreate, create("/a", "", 0)))
	w.step() // in flight when the client comes back
	c := w.dial()
	c.feed(frame(&jute.ConnectRequest{
		TimeOut: 4000, SessionID: old.id, Passwd: old.passwd, HasReadOnly: true,
	}))
	w.step()
	require.Nil(t, c.take(), "the answer waits for what the session has in flight")
	w.all()
	var r jute.ConnectResponse
	_, err := jute.Decode(c.take(), &r)
	require.NoError(t, err)
	require.Equal(t, old.id, r.SessionID)
	require.True(t, old.closed)
	c.feed(c.ask(jute.OpExists, get("/a")))
	require.Equal(t, jute.OK, c.reply().Err)
}

func TestWrongPasswordIsRefused(t *testing.T) {
	w := newWorld(t)
	old := w.connect()
	c := w.dial()
	c.feed(frame(&jute.ConnectRequest{
		TimeOut: 4000, SessionID: old.id, Passwd: make([]byte, 16), HasReadOnly: true,
	}))
	w.all()
	var r jute.ConnectResponse
	_, err := jute.Decode(c.take(), &r)
	require.NoError(t, err)
	require.Zero(t, r.SessionID)
	require.Zero(t, r.TimeOut)
	require.True(t, c.closed)
}

// A long listing gives the lock back between its chunks. It lists one state of the tree
// nevertheless.
func TestLongListing(t *testing.T) {
	w := newWorld(t)
	c := w.connect()
	const n = 10_000
	for i := range n {
		c.feed(c.ask(jute.OpCreate, create("/s-", "", jute.ModePersistentSequential)))
		if i%50 == 49 {
			w.all()
			for c.reply() != nil {
			}
		}
	}
	c.feed(c.ask(jute.OpGetChildren2, get("/")))
	r := c.reply()
	require.Equal(t, jute.OK, r.Err)
	var names jute.NamesStat
	_, err := jute.Decode(r.body, &names)
	require.NoError(t, err)
	require.Len(t, names.Names, n+1)
	require.Equal(t, int32(n+1), names.Stat.NumChildren)
}

// The name of a user beyond the basic plane is two surrogates to Java; it must come back from the
// tree as it went in, or the user would lose its nodes.
func TestAstralUserKeepsItsNodes(t *testing.T) {
	w := newWorld(t)
	c := w.connect()
	c.feed(c.ask(jute.OpAuth, &jute.AuthPacket{
		Scheme: []byte("digest"), Auth: []byte("\U0001F600:x"),
	}))
	require.Equal(t, jute.OK, c.reply().Err)
	mine := create("/mine", "x", 0)
	mine.ACL = []jute.ACL{{Perms: jute.PermAll, ID: jute.ID{Scheme: "auth"}}}
	c.feed(c.ask(jute.OpCreate, mine))
	w.all()
	require.Equal(t, jute.OK, c.reply().Err)
	c.feed(c.ask(jute.OpGetData, get("/mine")))
	require.Equal(t, "x", c.reply().data(t))
}
