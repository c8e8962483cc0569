package recipes_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"quoll/client"
	"quoll/client/recipes"
	"quoll/client/recipes/elect"
	"quoll/client/recipes/lock"
	"quoll/client/recipes/queue"
	"quoll/jute"
)

type taking func(ctx context.Context, c *client.Client) (*recipes.Held, error)

// takings are the recipes that hold something exclusive below path.
func takings() map[string]taking {
	kazoo := recipes.WithLayout(recipes.Kazoo)
	return map[string]taking{
		"lock": func(ctx context.Context, c *client.Client) (*recipes.Held, error) {
			return lock.New(c, path).Lock(ctx)
		},
		"kazoo's lock": func(ctx context.Context, c *client.Client) (*recipes.Held, error) {
			return lock.New(c, path, kazoo).Lock(ctx)
		},
		"simple lock": func(ctx context.Context, c *client.Client) (*recipes.Held, error) {
			return lock.NewSimple(c, path).Lock(ctx)
		},
		"write lock": func(ctx context.Context, c *client.Client) (*recipes.Held, error) {
			return lock.NewRW(c, path).W().Lock(ctx)
		},
		"kazoo's write lock": func(ctx context.Context, c *client.Client) (*recipes.Held, error) {
			return lock.NewRW(c, path, kazoo).W().Lock(ctx)
		},
		"election": func(ctx context.Context, c *client.Client) (*recipes.Held, error) {
			t, err := elect.New(c, path, []byte("id")).Campaign(ctx)
			if err != nil {
				return nil, err
			}
			return t.Held, nil
		},
		"semaphore": func(ctx context.Context, c *client.Client) (*recipes.Held, error) {
			return lock.NewSemaphore(c, "/app", 1).Acquire(ctx, 1)
		},
		"all": func(ctx context.Context, c *client.Client) (*recipes.Held, error) {
			held, err := lock.All(ctx, lock.New(c, path))
			if err != nil {
				return nil, err
			}
			return held[0], nil
		},
		"item": receiveTheItem,
	}
}

// receiveTheItem receives the one item of a queue whose claims are at path.
func receiveTheItem(ctx context.Context, c *client.Client) (*recipes.Held, error) {
	for {
		_, _, err := c.Create(ctx, "/app/items/"+theItem, []byte("0"), client.Parents)
		if err == nil || errors.Is(err, client.ErrNodeExists) {
			break
		}
		if !errors.Is(err, client.ErrConnectionLoss) {
			return nil, err
		}
	}
	it, err := queue.New(c, "/app/items", recipes.Raw(), queue.WithLocks(path),
		queue.With(recipes.WithLayout(recipes.Kazoo))).Receive(ctx)
	if err != nil {
		return nil, err
	}
	return it.Held, nil
}

const theItem = "entry-100-0000000000"

// shared says that a name is that of a node which all contenders want, and which only the holder has.
// Who waits for it has no node.
func shared(name string) bool { return name == "held" || name == theItem }

// waits is the last request of one who waits.
func waits(t *testing.T) jute.OpCode {
	if strings.HasSuffix(t.Name(), "/item") {
		return jute.OpGetChildren2
	}
	return jute.OpGetData
}

func eachTaking(t *testing.T, test func(t *testing.T, take taking)) {
	for name, take := range takings() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, take)
		})
	}
}

// attempt is a take in the background.
type attempt struct {
	held *recipes.Held
	err  error
	done chan struct{}
}

func begin(ctx context.Context, c *client.Client, take taking) *attempt {
	a := &attempt{done: make(chan struct{})}
	go func() {
		defer close(a.done)
		a.held, a.err = take(ctx, c)
	}()
	return a
}

// wins says that the attempt succeeds.
func (a *attempt) wins(t *testing.T) *recipes.Held {
	t.Helper()
	closed(t, a.done, "the attempt ends")
	require.NoError(t, a.err)
	require.NoError(t, a.held.Err())
	return a.held
}

// isHeld says that something is held by a client, on the server too, as another one sees it.
func isHeld(t *testing.T, owner, c *client.Client, h *recipes.Held) {
	t.Helper()
	ctx := testContext(t)
	require.True(t, isOpen(h.Lost()))
	_, stat, err := c.Get(ctx, h.Path())
	require.NoError(t, err)
	require.Equal(t, owner.Session().ID(), stat.EphemeralOwner)
	require.Equal(t, stat.Czxid, h.Token())
	_, err = c.Multi(ctx, h.Check(), client.OpSet("/app", nil, client.AnyVersion))
	require.NoError(t, err)
}

// isLost says that something is not held any more.
func isLost(t *testing.T, h *recipes.Held) {
	t.Helper()
	closed(t, h.Lost(), "the holder hears of it")
	require.ErrorIs(t, h.Err(), recipes.ErrLost)
	require.ErrorIs(t, context.Cause(h.Context()), recipes.ErrLost)
}

func TestTakeAndRelease(t *testing.T) {
	eachTaking(t, func(t *testing.T, take taking) {
		ctx := testContext(t)
		c := newWorld(t).client()
		var token client.Zxid
		for range 3 {
			h, err := take(ctx, c)
			require.NoError(t, err)
			isHeld(t, c, c, h)
			require.Greater(t, h.Token(), token)
			token = h.Token()
			require.NoError(t, h.Release(ctx))
			isLost(t, h)
			require.NoError(t, h.Release(ctx))
			_, err = c.Multi(ctx, h.Check())
			require.ErrorIs(t, err, client.ErrNoNode)
			waitChildren(t, c, 0)
		}
	})
}

// steps are the requests that a recipe sends. Not every recipe sends each.
var steps = []jute.OpCode{
	jute.OpCreate2, jute.OpMulti, jute.OpCreateContainer, jute.OpGetChildren2, jute.OpGetData,
	jute.OpExists, jute.OpSync, jute.OpDelete, jute.OpRemoveWatches,
}

// waitHolders are the nodes while one holds and nobody waits: one, or the pair of a simple lock.
func waitHolders(t *testing.T, c *client.Client) []string {
	t.Helper()
	names, _, err := c.Children(testContext(t), path)
	require.NoError(t, err)
	require.NotEmpty(t, names)
	require.LessOrEqual(t, len(names), 2)
	return names
}

// A waiter whose context ends leaves at once, and its node is gone: before it returns, or as soon
// as there is a connection.
func TestGiveUp(t *testing.T) {
	eachTaking(t, func(t *testing.T, take taking) {
		for _, connected := range []bool{true, false} {
			w := newWorld(t)
			c, other := w.client(), w.beside()
			holder, err := take(testContext(t), other)
			require.NoError(t, err)
			before := waitHolders(t, other)
			ctx, cancel := context.WithCancel(testContext(t))
			defer cancel()
			watches := make(chan struct{}, 16)
			w.Seen(waits(t), func() { watches <- struct{}{} })
			waiter := begin(ctx, c, take)
			<-watches
			if !connected {
				w.Target("")
				w.Drop(0)
			}
			begun := time.Now()
			cancel()
			closed(t, waiter.done, "the waiter leaves")
			require.Less(t, time.Since(begun), *cancelBound)
			require.ErrorIs(t, waiter.err, context.Canceled)
			require.Nil(t, waiter.held)
			w.Target(w.server)
			require.ElementsMatch(t, before, waitChildren(t, other, len(before)))
			isHeld(t, other, other, holder)
		}
	})
}

// The context ends when the create has been sent and not answered: the node is made, and deleted
// again by nobody's call.
func TestGiveUpDuringTheCreate(t *testing.T) {
	eachTaking(t, func(t *testing.T, take taking) {
		w := newWorld(t)
		c, other := w.client(), w.beside()
		_, _, err := other.Create(testContext(t), path, nil, client.Parents)
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(testContext(t))
		defer cancel()
		name := t.Name()
		if strings.Contains(name, "simple") || strings.Contains(name, "semaphore") ||
			strings.HasSuffix(name, "/item") {
			t.Skip("its first request is another one")
		}
		w.Withhold()
		waiter := begin(ctx, c, take)
		for { // until the server has made the node
			names, _, changed, err := other.ChildrenW(ctx, path)
			require.NoError(t, err)
			if len(names) > 0 {
				_ = changed.Close()
				break
			}
			_, err = changed.Next(ctx)
			require.NoError(t, err)
		}
		cancel()
		closed(t, waiter.done, "the waiter leaves")
		require.ErrorIs(t, waiter.err, context.Canceled)
		w.Resume()
		waitChildren(t, other, 0)
	})
}

// Each way to lose what is held is told, and the next one gets it.
func TestLoss(t *testing.T) {
	ways := map[string]func(w *world, c, other *client.Client, h *recipes.Held){
		"expiry": func(w *world, c, _ *client.Client, _ *recipes.Held) { w.expire(c) },
		"close":  func(_ *world, c, _ *client.Client, _ *recipes.Held) { _ = c.Close() },
		"deletion": func(w *world, _, other *client.Client, h *recipes.Held) {
			require.NoError(w.t, other.Delete(testContext(w.t), h.Path(), client.AnyVersion))
			_ = other.Delete(testContext(w.t), path+"/held", client.AnyVersion)
			_ = other.Delete(testContext(w.t), path+"/"+theItem, client.AnyVersion)
		},
	}
	eachTaking(t, func(t *testing.T, take taking) {
		for name, lose := range ways {
			t.Run(name, func(t *testing.T) {
				ctx := testContext(t)
				w := newWorld(t)
				w.t = t
				c, other := w.client(), w.beside()
				h, err := take(ctx, c)
				require.NoError(t, err)
				waiter := begin(ctx, other, take)
				lose(w, c, other, h)
				isLost(t, h)
				next := waiter.wins(t)
				require.Greater(t, next.Token(), h.Token())
				require.NoError(t, h.Release(ctx), "nothing is left to do")
				if name == "close" {
					return
				}
				again := begin(ctx, c, take)
				require.NoError(t, next.Release(ctx))
				isHeld(t, c, other, again.wins(t))
			})
		}
	})
}

// The client's clock says that the servers may have ended the session: the thing is lost although
// nobody has said so. When the session turns out to live, the node is deleted.
func TestLapse(t *testing.T) {
	eachTaking(t, func(t *testing.T, take taking) {
		ctx := testContext(t)
		w := newWorld(t)
		c, other := w.client(client.WithSessionTimeout(time.Second)), w.beside()
		h, err := take(ctx, c)
		require.NoError(t, err)
		id := c.Session().ID()
		w.Pause()
		isLost(t, h)
		_, stat, err := other.Get(ctx, h.Path())
		require.NoError(t, err, "the server has not ended the session")
		require.Equal(t, id, stat.EphemeralOwner)
		w.Resume()
		next, err := take(ctx, other)
		require.NoError(t, err)
		require.NoError(t, next.Release(ctx))
		require.False(t, isOpen(h.Lost()))
	})
}

// Whoever waits hears of the loss of its own session, and of its own node.
func TestWaiterIsLost(t *testing.T) {
	eachTaking(t, func(t *testing.T, take taking) {
		for _, lapse := range []bool{true, false} {
			ctx := testContext(t)
			w := newWorld(t)
			c, other := w.client(client.WithSessionTimeout(time.Second)), w.beside()
			holder, err := take(ctx, other)
			require.NoError(t, err)
			watches := make(chan struct{}, 16)
			w.Seen(waits(t), func() { watches <- struct{}{} })
			waiter := begin(ctx, c, take)
			<-watches
			if lapse {
				w.Pause()
			} else {
				if strings.Contains(t.Name(), "semaphore") {
					waitChildren(t, other, 2) // its first node is elsewhere
				}
				names, _, err := other.Children(ctx, path)
				require.NoError(t, err)
				for _, name := range names {
					if node := path + "/" + name; node != holder.Path() && !shared(name) {
						require.NoError(t, other.Delete(ctx, node, client.AnyVersion))
					}
				}
				if slices.ContainsFunc(names, shared) {
					continue
				}
			}
			closed(t, waiter.done, "the waiter leaves")
			require.ErrorIs(t, waiter.err, recipes.ErrLost)
			w.Resume()
			isHeld(t, other, other, holder)
		}
	})
}
