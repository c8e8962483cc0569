package client_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/client"
	"quoll/internal/proxy"
	"quoll/jute"
)

// next is the next event of a watch, which must come.
func next(t *testing.T, w *client.Watch) client.Event {
	t.Helper()
	e, err := w.Next(testContext(t))
	require.NoError(t, err)
	return e
}

// over says that a one-shot watch has nothing more to tell.
func over(t *testing.T, w *client.Watch) {
	t.Helper()
	_, err := w.Next(testContext(t))
	require.Equal(t, io.EOF, err)
}

// silent says that a watch has told nothing, once everything that was asked before is answered.
func silent(t *testing.T, c *client.Client, w *client.Watch) {
	t.Helper()
	require.NoError(t, c.Sync(testContext(t), "/"))
	require.True(t, isOpen(w.Fired()), "it has told something")
}

func TestWatchesOfAllModes(t *testing.T) {
	ctx := testContext(t)
	w := newWorld(t)
	c, other := w.client(), w.beside()
	_, _, err := c.Create(ctx, "/a", nil)
	require.NoError(t, err)

	_, _, data, err := c.GetW(ctx, "/a")
	require.NoError(t, err)
	_, exists, exist, err := c.ExistsW(ctx, "/a")
	require.NoError(t, err)
	require.True(t, exists)
	_, exists, absent, err := c.ExistsW(ctx, "/a/b")
	require.NoError(t, err)
	require.False(t, exists)
	_, _, child, err := c.ChildrenW(ctx, "/a")
	require.NoError(t, err)
	stays, err := c.AddWatch(ctx, "/a", client.Persistent)
	require.NoError(t, err)
	below, err := c.AddWatch(ctx, "/", client.Recursive)
	require.NoError(t, err)

	stat, err := other.Set(ctx, "/a", []byte("1"), 0)
	require.NoError(t, err)
	changed := client.Event{Kind: client.DataChanged, Path: "/a", Zxid: stat.Mzxid}
	for _, one := range []*client.Watch{data, exist} {
		closed(t, one.Fired(), "a one-shot watch fires")
		require.Equal(t, changed, next(t, one))
		over(t, one)
	}
	require.Equal(t, changed, next(t, stays))
	require.Equal(t, changed, next(t, below))
	silent(t, c, child)

	_, stat, err = other.Create(ctx, "/a/b", nil)
	require.NoError(t, err)
	born := client.Event{Kind: client.Created, Path: "/a/b", Zxid: stat.Czxid}
	more := client.Event{Kind: client.ChildrenChanged, Path: "/a", Zxid: stat.Czxid}
	require.Equal(t, born, next(t, absent))
	over(t, absent)
	require.Equal(t, more, next(t, child))
	over(t, child)
	require.Equal(t, more, next(t, stays))
	require.Equal(t, born, next(t, below), "no ChildrenChanged for a recursive watch")

	require.NoError(t, other.Delete(ctx, "/a/b", -1))
	require.Equal(t, client.Deleted, next(t, below).Kind)
	require.Equal(t, client.ChildrenChanged, next(t, stays).Kind)
	require.NoError(t, other.Delete(ctx, "/a", -1))
	require.Equal(t, client.Deleted, next(t, below).Kind)
	require.Equal(t, client.Deleted, next(t, stays).Kind)
	silent(t, c, stays)
	silent(t, c, below)
}

// Two watches that stand for one watch of the server each get the event.
func TestTwoWhoWatchOneNode(t *testing.T) {
	ctx := testContext(t)
	w := newWorld(t)
	c, other := w.client(), w.beside()
	_, _, one, err := c.GetW(ctx, "/")
	require.NoError(t, err)
	_, _, two, err := c.GetW(ctx, "/")
	require.NoError(t, err)
	require.NoError(t, one.Close())
	_, err = one.Next(ctx)
	require.ErrorIs(t, err, client.ErrClosed)
	_, err = other.Set(ctx, "/", nil, -1)
	require.NoError(t, err)
	require.Equal(t, client.DataChanged, next(t, two).Kind)
	over(t, two)
}

// The last Close takes the watch off the server: checkWatches does not find it.
func TestCloseTakesTheWatchOff(t *testing.T) {
	ctx := testContext(t)
	w := newWorld(t)
	c := w.client()
	_, _, one, err := c.GetW(ctx, "/")
	require.NoError(t, err)
	_, _, two, err := c.ExistsW(ctx, "/")
	require.NoError(t, err)
	recursive, err := c.AddWatch(ctx, "/", client.Recursive)
	require.NoError(t, err)
	seen := make(chan struct{}, 8)
	w.Seen(jute.OpRemoveWatches, func() { seen <- struct{}{} })
	require.NoError(t, one.Close())
	require.NoError(t, c.Sync(ctx, "/"))
	require.Empty(t, seen, "another Watch stands for it")
	require.NoError(t, two.Close())
	require.NoError(t, recursive.Close())
	require.NoError(t, recursive.Close())
	require.NoError(t, c.Sync(ctx, "/"))
	require.Len(t, seen, 2)
}

// After a reconnect a one-shot watch whose node has changed fires at once, one whose node has not
// waits on, and those that stay say that something may have been missed.
func TestWatchesAfterReconnect(t *testing.T) {
	ctx := testContext(t)
	w := newWorld(t)
	c, other := w.client(), w.beside()
	for _, path := range []string{"/same", "/changed", "/gone", "/parent"} {
		_, _, err := other.Create(ctx, path, nil)
		require.NoError(t, err)
	}
	get := func(path string) *client.Watch {
		_, _, watch, err := c.GetW(ctx, path)
		require.NoError(t, err)
		return watch
	}
	same, changed, gone := get("/same"), get("/changed"), get("/gone")
	_, _, born, err := c.ExistsW(ctx, "/born")
	require.NoError(t, err)
	_, _, unborn, err := c.ExistsW(ctx, "/unborn")
	require.NoError(t, err)
	_, _, child, err := c.ChildrenW(ctx, "/parent")
	require.NoError(t, err)
	stays, err := c.AddWatch(ctx, "/same", client.Persistent)
	require.NoError(t, err)
	below, err := c.AddWatch(ctx, "/", client.Recursive)
	require.NoError(t, err)

	session := c.Session()
	w.Target("")
	w.Drop(0)
	waitState(t, c, client.Suspended)
	_, err = other.Set(ctx, "/changed", nil, -1)
	require.NoError(t, err)
	require.NoError(t, other.Delete(ctx, "/gone", -1))
	_, _, err = other.Create(ctx, "/born", nil)
	require.NoError(t, err)
	_, _, err = other.Create(ctx, "/parent/x", nil)
	require.NoError(t, err)
	w.Target(w.server)
	waitState(t, c, client.Connected)
	require.Same(t, session, c.Session())

	for _, fired := range []struct {
		watch *client.Watch
		kind  client.EventKind
	}{
		{changed, client.DataChanged}, {gone, client.Deleted}, {born, client.Created},
		{child, client.ChildrenChanged},
	} {
		require.Equal(t, fired.kind, next(t, fired.watch).Kind)
		over(t, fired.watch)
	}
	silent(t, c, same)
	silent(t, c, unborn)
	require.Equal(t, client.Event{Kind: client.Resync, Path: "/same"}, next(t, stays))
	require.Equal(t, client.Event{Kind: client.Resync, Path: "/"}, next(t, below))
	require.NoError(t, c.Sync(ctx, "/"))

	_, err = other.Set(ctx, "/same", nil, -1)
	require.NoError(t, err)
	require.Equal(t, client.DataChanged, next(t, same).Kind)
	over(t, same)
	require.Equal(t, client.DataChanged, next(t, stays).Kind)
	// What the server told the one-shot watches when they came back, it told on this connection, so
	// that the recursive watch has heard it too.
	for e := next(t, below); e.Path != "/same"; e = next(t, below) {
		require.Zero(t, e.Zxid)
	}
}

// An event that the server has sent and the client has not got comes after the reconnect, once.
func TestOneShotFiresOnce(t *testing.T) {
	ctx := testContext(t)
	w := newWorld(t)
	c, other := w.client(), w.beside()
	for range 20 {
		_, _, watch, err := c.GetW(ctx, "/")
		require.NoError(t, err)
		w.Pause()
		_, err = other.Set(ctx, "/", nil, -1)
		require.NoError(t, err)
		w.Drop(0)
		w.Resume()
		require.Equal(t, client.DataChanged, next(t, watch).Kind)
		over(t, watch)
	}
}

// When the session ends, one-shot watches end with it. Those that stay go over to the new session.
func TestWatchesAfterExpiry(t *testing.T) {
	ctx := testContext(t)
	w := newWorld(t)
	c, other := w.client(), w.beside()
	_, _, once, err := c.GetW(ctx, "/")
	require.NoError(t, err)
	stays, err := c.AddWatch(ctx, "/", client.Persistent)
	require.NoError(t, err)
	session := c.Session()
	w.expire(c)
	closed(t, session.Done(), "the session has ended")
	require.ErrorIs(t, session.Err(), client.ErrSessionExpired)
	require.False(t, isOpen(session.Lapsed()))
	_, err = once.Next(ctx)
	require.ErrorIs(t, err, client.ErrSessionExpired)
	require.Equal(t, client.Resync, next(t, stays).Kind)
	require.NotEqual(t, session.ID(), c.Session().ID())
	require.NoError(t, c.Sync(ctx, "/"), "what is read after a Resync is read behind the watch")
	_, err = other.Set(ctx, "/", nil, -1)
	require.NoError(t, err)
	require.Equal(t, client.DataChanged, next(t, stays).Kind)
}

// Nobody takes the events: they are replaced by one Overflow, and the connection goes on.
func TestOverflow(t *testing.T) {
	ctx := testContext(t)
	w := newWorld(t)
	c := w.client()
	stays, err := c.AddWatch(ctx, "/", client.Persistent)
	require.NoError(t, err)
	var last *client.Future[client.Stat]
	for range 1025 {
		last = c.Async().Set(ctx, "/", nil, -1)
	}
	stat, err := last.Wait(ctx)
	require.NoError(t, err)
	require.Equal(t, int32(1025), stat.Version)
	require.Equal(t, client.Event{Kind: client.Overflow, Path: "/"}, next(t, stays))
	silent(t, c, stays)
	_, err = c.Set(ctx, "/", nil, -1)
	require.NoError(t, err)
	require.Equal(t, client.DataChanged, next(t, stays).Kind)
}

// The paths of many watches are longer than a server takes in one frame.
func TestManyWatchesAfterReconnect(t *testing.T) {
	ctx := testContext(t)
	w := newWorld(t)
	c, other := w.client(), w.beside()
	const n = 2000
	long := strings.Repeat("x", 1000)
	path := func(i int) string { return fmt.Sprintf("/%s%d", long, i) }
	asked := make([]*client.Watch, n)
	sem := make(chan struct{}, 64)
	for i := range asked {
		sem <- struct{}{}
		go func() {
			defer func() { <-sem }()
			_, _, watch, err := c.ExistsW(ctx, path(i))
			if err == nil {
				asked[i] = watch
			}
		}()
	}
	for range cap(sem) {
		sem <- struct{}{}
	}
	chunks := 0
	w.Seen(jute.OpSetWatches, func() { chunks++ })
	w.Drop(0)
	require.NoError(t, c.Sync(ctx, "/"))
	require.InDelta(t, 17, chunks, 1, "2 MB in requests of 128 KiB")
	for _, i := range []int{0, n / 2, n - 1} {
		_, _, err := other.Create(ctx, path(i), nil)
		require.NoError(t, err)
		require.Equal(t, client.Created, next(t, asked[i]).Kind)
	}
}

// A watch whose read was given up is taken off the server when the reply comes.
func TestCancelledReadLeavesNoWatch(t *testing.T) {
	w := newWorld(t)
	c := w.client()
	removed := make(chan struct{}, 1)
	w.Seen(jute.OpRemoveWatches, func() { removed <- struct{}{} })
	w.Pause()
	ctx, cancel := context.WithCancel(testContext(t))
	failed := make(chan error, 1)
	go func() {
		_, _, _, err := c.GetW(ctx, "/")
		failed <- err
	}()
	cancel()
	require.ErrorIs(t, <-failed, context.Canceled)
	w.Resume()
	require.NoError(t, c.Sync(testContext(t), "/"))
	require.NoError(t, c.Sync(testContext(t), "/"))
	require.LessOrEqual(t, len(removed), 1)
}

// The reply of a request that leaves a watch gets lost: the request is sent again, and so is its
// watch, which tells of a change once.
func TestWatchOfAReadThatIsSentAgain(t *testing.T) {
	ctx := testContext(t)
	for name, r := range map[string]struct {
		op    jute.OpCode
		watch func(c *client.Client) (*client.Watch, error)
	}{
		"getW": {jute.OpGetData, func(c *client.Client) (*client.Watch, error) {
			_, _, w, err := c.GetW(ctx, "/")
			return w, err
		}},
		"existsW": {jute.OpExists, func(c *client.Client) (*client.Watch, error) {
			_, _, w, err := c.ExistsW(ctx, "/")
			return w, err
		}},
		"existsW, absent": {jute.OpExists, func(c *client.Client) (*client.Watch, error) {
			_, _, w, err := c.ExistsW(ctx, "/born")
			return w, err
		}},
		"childrenW": {jute.OpGetChildren2, func(c *client.Client) (*client.Watch, error) {
			_, _, w, err := c.ChildrenW(ctx, "/")
			return w, err
		}},
		"persistent": {jute.OpAddWatch, func(c *client.Client) (*client.Watch, error) {
			return c.AddWatch(ctx, "/born", client.Persistent)
		}},
		"recursive": {jute.OpAddWatch, func(c *client.Client) (*client.Watch, error) {
			return c.AddWatch(ctx, "/born", client.Recursive)
		}},
	} {
		for _, where := range []proxy.Where{proxy.Before, proxy.After, proxy.Inside} {
			t.Run(fmt.Sprint(name, " ", where), func(t *testing.T) {
				w := newWorld(t)
				c, other := w.client(), w.beside()
				cut := w.Cut(r.op, where)
				watch, err := r.watch(c)
				require.NoError(t, err)
				closed(t, cut, "the connection was cut")
				_, err = c.Multi(ctx, client.OpSet("/", nil, -1), client.OpCreate("/born", nil))
				require.NoError(t, err)
				want := map[string]client.EventKind{
					"getW": client.DataChanged, "existsW": client.DataChanged,
					"childrenW": client.ChildrenChanged,
				}
				if want[name] == 0 {
					want[name] = client.Created
				}
				require.Equal(t, want[name], next(t, watch).Kind)
				if r.op != jute.OpAddWatch {
					over(t, watch)
				}
				require.NoError(t, other.Sync(ctx, "/"))
				if r.op == jute.OpAddWatch {
					silent(t, c, watch)
				}
			})
		}
	}
}

func TestEventsEndsWithTheContext(t *testing.T) {
	c := newWorld(t).client()
	watch, err := c.AddWatch(testContext(t), "/", client.Persistent)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(testContext(t))
	cancel()
	n := 0
	for _, err := range watch.Events(ctx) {
		require.ErrorIs(t, err, context.Canceled)
		n++
	}
	require.Equal(t, 1, n)
}
