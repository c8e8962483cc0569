package replica_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/jute"
	"quoll/processor/lane"
	"quoll/processor/op"
	"quoll/processor/session"
	"quoll/processor/tell"
)

// readOnlyWorld has a node, and a client with a global session. Then it serves only reads.
func readOnlyWorld(t *testing.T) (w *world, global *wire) {
	w = newWorld(t)
	global = w.connect()
	global.feed(global.ask(jute.OpCreate, create("/a", "one", 0)))
	w.all()
	require.Equal(t, jute.OK, global.reply().Err)
	w.lane.Serving.Store(lane.ReadOnly)
	return w, global
}

// asks connects with a request of the caller's.
func (w *world) asks(r *jute.ConnectRequest) (*wire, *jute.ConnectResponse) {
	r.TimeOut = 4000
	if r.Passwd == nil {
		r.Passwd = make([]byte, 16)
	}
	c := w.dial()
	c.feed(frame(r))
	w.all()
	in := c.take()
	if in == nil {
		return c, nil
	}
	out := new(jute.ConnectResponse)
	_, err := jute.Decode(in, out)
	require.NoError(w.t, err)
	c.id, c.passwd = out.SessionID, out.Passwd
	return c, out
}

func readOnlyClient() *jute.ConnectRequest {
	return &jute.ConnectRequest{HasReadOnly: true, ReadOnly: true}
}

type told []tell.Kind

func (k *told) Tell(e tell.Event) { *k = append(*k, e.Kind) }

func TestReadOnlyIsForClientsThatSaySo(t *testing.T) {
	w, _ := readOnlyWorld(t)
	heard := new(told)
	w.lane.Teller = heard
	for _, r := range []*jute.ConnectRequest{
		{}, {HasReadOnly: true}, {SessionID: 77, HasReadOnly: true},
		{HasReadOnly: true, LastZxidSeen: 1000}, // Apache checks the zxid first
	} {
		c, answer := w.asks(r)
		require.Nil(t, answer)
		require.True(t, c.closed)
		c.stream.Closed(nil)
	}
	require.Equal(t,
		told{tell.NotReadOnly, tell.NotReadOnly, tell.NotReadOnly, tell.NotReadOnly}, *heard)
	c, answer := w.asks(readOnlyClient())
	require.False(t, c.closed)
	require.True(t, answer.ReadOnly)
	require.NotZero(t, answer.SessionID)
	require.EqualValues(t, 4000, answer.TimeOut)
	password := session.Password(answer.SessionID)
	require.Equal(t, password[:], answer.Passwd)
	require.Empty(t, w.logged[2:], "nobody else knows the session")
	require.True(t, w.replica.Sessions().Find(answer.SessionID).Local)
}

// A server that serves everything does not say that it is read-only, even to a client that would
// accept a read-only server.
func TestReadWriteIsSaid(t *testing.T) {
	w := newWorld(t)
	c, answer := w.asks(readOnlyClient())
	require.False(t, answer.ReadOnly)
	c.feed(c.ask(jute.OpCreate, create("/a", "one", 0)))
	w.all()
	require.Equal(t, jute.OK, c.reply().Err)
	require.False(t, w.replica.Sessions().Find(c.id).Local)
}

func TestReadOnlyRefusesWhatNeedsAQuorum(t *testing.T) {
	w, _ := readOnlyWorld(t)
	c, _ := w.asks(readOnlyClient())
	zxid := w.tree.Peek().LastZxid()
	refused := 0
	for _, row := range op.Rows() {
		if !row.Kind.NeedsQuorum() || row.Op == jute.OpCloseSession {
			continue
		}
		refused++
		c.feed(c.ask(row.Op, nil)) // the body is not looked at
		r := c.reply()
		require.Equal(t, reply{
			ReplyHeader: jute.ReplyHeader{Xid: c.xid, Zxid: zxid, Err: jute.NotReadOnly}, body: []byte{},
		}, *r, row.Op)
	}
	require.Equal(t, 11, refused, "ten writes and sync")
	require.Empty(t, w.batches, "the core is not asked")
	c.feed(c.ask(jute.OpGetData, get("/a")))
	require.Equal(t, "one", c.reply().data(t))
	c.feed(c.ask(jute.OpPing, nil))
	require.Equal(t, jute.OK, c.reply().Err)
	require.Equal(t, zxid, w.tree.Peek().LastZxid())
	require.False(t, c.closed)
}

// Requests in front of a closeSession are answered in order; those behind it are not answered.
func TestReadOnlySessionsEndHere(t *testing.T) {
	w, global := readOnlyWorld(t)
	c, _ := w.asks(readOnlyClient())
	zxid, id := w.tree.Peek().LastZxid(), c.id
	all := append(c.ask(jute.OpSetData, set("/a", "two")), c.ask(jute.OpCloseSession, nil)...)
	c.feed(append(all, c.ask(jute.OpGetData, get("/a"))...))
	w.all()
	require.Equal(t, jute.NotReadOnly, c.reply().Err)
	r := c.reply()
	require.Equal(t, jute.ReplyHeader{Xid: 2, Zxid: zxid}, r.ReplyHeader)
	require.Empty(t, c.out)
	require.True(t, c.closed)
	require.Nil(t, w.replica.Sessions().Find(id))
	require.Empty(t, w.logged[2:])

	// A silent session expires, and its connection ends, even if nothing else happens.
	global.feed(global.ask(jute.OpCloseSession, nil))
	w.all()
	require.Len(t, w.logged, 3)
	c, _ = w.asks(readOnlyClient())
	for range 52 {
		require.False(t, c.closed)
		w.tick(100)
		if w.all(); w.replica.Sessions().Find(c.id) == nil {
			break
		}
	}
	require.Nil(t, w.replica.Sessions().Find(c.id))
	require.True(t, c.closed)
	require.Len(t, w.logged, 3)
}

func TestReadOnlyAndSessionsOfBefore(t *testing.T) {
	w, global := readOnlyWorld(t)
	again := readOnlyClient()
	again.SessionID, again.Passwd = global.id, global.passwd
	c, answer := w.asks(again)
	require.Nil(t, answer, "to be told that it is over would end it")
	require.True(t, c.closed)
	require.False(t, global.closed, "nor does its old connection end for it")
	require.NotNil(t, w.replica.Sessions().Find(global.id))

	nobodys := readOnlyClient()
	password := session.Password(4711)
	nobodys.SessionID, nobodys.Passwd = 4711, password[:]
	c, answer = w.asks(nobodys)
	require.True(t, c.closed)
	require.Equal(t, jute.ConnectResponse{
		Passwd: make([]byte, 16), HasReadOnly: true, ReadOnly: true,
	}, *answer)

	local, _ := w.asks(readOnlyClient())
	again.SessionID, again.Passwd = local.id, local.passwd
	c, answer = w.asks(again)
	require.True(t, answer.ReadOnly)
	require.Equal(t, local.id, answer.SessionID)
	require.True(t, local.closed)
	c.feed(c.ask(jute.OpGetData, get("/a")))
	require.Equal(t, "one", c.reply().data(t))
	c.feed(c.ask(jute.OpDelete, &jute.PathVersion{Path: []byte("/a"), Version: -1}))
	require.Equal(t, jute.NotReadOnly, c.reply().Err)
}
