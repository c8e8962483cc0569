package processor

import (
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/jute"
	"quoll/processor/mail"
	"quoll/processor/session"
	"quoll/processor/throttle"
)

// kinds is a connection that keeps the kinds of its mail.
type kinds struct {
	client
	got []mail.ItemKind
}

func (k *kinds) Receive(d *mail.Delivery, it *mail.Item) {
	k.got = append(k.got, it.Kind)
	k.client.Receive(d, it)
}

func (w *world) openKinds(owner session.Owner) *kinds {
	k := new(kinds)
	k.Receiver, k.Box, k.Owner = k, w.box, owner
	k.Identity.Store(serverIdentity)
	k.Watcher = w.conns.Add(&k.Conn, w.tree.WatchesNow())
	return k
}

// left checks what Leave promises: each connection is told first, each request that has no answer
// is given back once, and nothing of a request, watch or connection is kept.
func left(t *testing.T, w *world, c *Chain, waiting map[*kinds]int) {
	c.Leave()
	w.drain()
	for k, n := range waiting {
		require.Equal(t, mail.RoleOver, k.got[0])
		require.Len(t, k.got, 1+n)
		for _, kind := range k.got[1:] {
			require.Equal(t, mail.Dropped, kind)
		}
		require.Empty(t, k.out)
		require.False(t, w.tree.Watches(k.Watcher))
	}
	require.Zero(t, c.InFlight())
	require.Zero(t, c.commit.flights.len()+c.syncs.asked.len()+c.queue.Len())
	require.Empty(t, c.commit.granted)
	require.Empty(t, c.syncs.of)
	require.Empty(t, c.asked.of)
	require.Empty(t, c.final.attached)
	require.Nil(t, c.prep)
	require.Nil(t, c.final.prep)
}

// watching sets a watch for a connection.
func (w *world) watching(k *kinds) {
	v := w.tree.Read()
	v.WatchData([]byte("/big"), k.Watcher)
	v.Release()
}

func TestALearnerLeaves(t *testing.T) {
	l := testLearner(t, Rules{Throttle: throttle.Rules{MaxRequests: 2}})
	c := l.c
	c.sessions.Restore(1, 4000)
	c.sessions.Restore(2, 4000)
	c.sessions.Restore(3, 4000)
	one, two, back, fresh, idle := l.openKinds(1), l.openKinds(2), l.openKinds(3), l.openKinds(4),
		l.openKinds(5)
	l.watching(two)
	uncommitted := connect(&fresh.client, 0)
	l.ask(
		connect(&back.client, 3),                                           // revalidated
		asking(&two.client, 2, 1, jute.OpSync), setting(&two.client, 2, 1), // behind the sync
		asking(&two.client, 2, 2, jute.OpExists),
		setting(&one.client, 1, 1), asking(&one.client, 1, 2, jute.OpExists), // behind the write
		uncommitted,
		setting(&one.client, 1, 1), asking(&one.client, 1, 2, jute.OpExists), // throttled
	)
	require.Equal(t, 2, c.queue.Len())
	require.Equal(t, []string{"revalidate", "sync", "setData", "createSession", "sync"},
		l.leader.asked)
	l.c.Proposed(entry(l.zxid+1, 1, 0, jute.OpSetData, put("/big")))
	left(t, l.world, c, map[*kinds]int{one: 4, two: 3, back: 1, fresh: 1, idle: 0})
	require.Nil(t, c.sessions.Find(l.leader.forwarded[1].Session), "its createSession is not applied")
	require.Zero(t, c.sessions.Find(1).Owner)

	// Until the next role begins requests that are still on their way end their connections.
	late := l.openKinds(6)
	early := l.openKinds(8)
	refused := []mail.ItemKind{mail.Kicked, mail.Dropped, mail.Kicked, mail.Dropped}
	require.Panics(t, c.Serve)
	l.ask(setting(&late.client, 1, 1), connect(&late.client, 0))
	require.Equal(t, refused, late.got)

	// What was proposed comes again, and answers nobody: not even who sends the same anew.
	c.Follow()
	l.ask(setting(&early.client, 1, 1), connect(&early.client, 0))
	require.Equal(t, refused, early.got, "the leader takes no request yet")
	c.Serve()
	one = l.openKinds(7)
	l.ask(connect(&one.client, 1))
	c.Proposed(entry(l.zxid+1, 1, 0, jute.OpSetData, put("/big")))
	c.Committed(l.zxid + 1)
	c.Revalidated(1, true)
	c.Synced()
	l.drain()
	require.Equal(t, []mail.ItemKind{mail.Connected}, one.got)
	again := setting(&one.client, 1, 1)
	l.ask(again)
	l.zxid++
	l.commit(1, 0, jute.OpSetData, put("/big"))
	require.Equal(t, []mail.ItemKind{mail.Connected, mail.Reply}, one.got)
}

func TestALeaderLeaves(t *testing.T) {
	w := testWorld(t, 1)
	c, made, own := testChain(t, w, Rules{Throttle: throttle.Rules{MaxRequests: 2}})
	c.master = &distant{proposals: *made}
	own.Committed = true
	one, moved := w.openKinds(1), w.openKinds(2)
	w.watching(one)
	c.sessions.Restore(7, 4000)
	c.LearnerRequest(link, &jute.LearnerRequest{Session: 7, Type: jute.OpSetData,
		Body: jute.Append(nil, &jute.SetDataRequest{Path: []byte("/big"), Version: -1})})
	c.Requests(&mail.Batch{Requests: []mail.Request{
		connect(&moved.client, 7), // waits for the write above
		setting(&one.client, own.ID, 1), asking(&one.client, own.ID, 2, jute.OpExists),
		asking(&one.client, own.ID, 3, jute.OpSync), asking(&one.client, own.ID, 4, jute.OpExists),
		setting(&one.client, own.ID, 1),
	}})
	left(t, w, c, map[*kinds]int{one: 5, moved: 1})
	require.Zero(t, c.sessions.Find(7).LastForeign)
	require.Zero(t, own.Owner)
	require.Empty(t, w.tree.Faults())
}
