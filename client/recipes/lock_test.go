package recipes_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/client"
	"quoll/client/recipes"
	"quoll/client/recipes/lock"
	"quoll/internal/proxy"
	"quoll/jute"
)

// Two hundred wait: a release wakes the next one and nobody else. Each event and each listing that
// goes over the waiters' connection is counted.
func TestNoHerd(t *testing.T) {
	const waiters, releases = 200, 5
	ctx := testContext(t)
	w := newWorld(t)
	var events, listings atomic.Int64
	w.Seen(jute.OpGetChildren2, func() { listings.Add(1) })
	reads := make(chan struct{}, 4*waiters)
	w.Seen(jute.OpGetData, func() { reads <- struct{}{} })
	crowd := w.client(client.WithTrace(&client.Trace{
		Event: func(client.Event) { events.Add(1) },
	}))
	other := w.beside()
	holder, err := lock.New(other, path).Lock(ctx)
	require.NoError(t, err)
	won := make(chan *recipes.Held, waiters)
	leaving, leave := context.WithCancel(ctx)
	done := make(chan struct{})
	for range waiters {
		go func() {
			defer func() { done <- struct{}{} }()
			if h, err := lock.New(crowd, path).Lock(leaving); err == nil {
				won <- h
			}
		}()
	}
	for range 2 * waiters { // each reads its own node and the one before it
		<-reads
	}
	require.NoError(t, crowd.Sync(ctx, path), "all watches are set")
	for i := range releases {
		events.Store(0)
		listings.Store(0)
		require.NoError(t, holder.Release(ctx))
		holder = <-won
		require.NoError(t, crowd.Sync(ctx, path))
		// The holder's own node is one of the crowd's from the second release on: its deletion is
		// one event for both who watch it.
		require.EqualValues(t, 1, events.Load(), "release %d", i)
		require.EqualValues(t, 1, listings.Load(), "release %d", i)
	}
	leave()
	for range waiters {
		<-done
	}
}

func TestTryLock(t *testing.T) {
	for name, of := range map[string]func(*client.Client, string, ...recipes.Option) *lock.Mutex{
		"fair": lock.New, "simple": lock.NewSimple,
	} {
		t.Run(name, func(t *testing.T) {
			ctx := testContext(t)
			w := newWorld(t)
			one, other := of(w.client(), path), of(w.beside(), path)
			h, err := one.TryLock(ctx)
			require.NoError(t, err)
			nodes := waitHolders(t, w.beside())
			_, err = other.TryLock(ctx)
			require.ErrorIs(t, err, recipes.ErrBusy)
			_, err = one.TryLock(ctx)
			require.ErrorIs(t, err, recipes.ErrBusy, "a Mutex remembers nothing")
			require.Len(t, waitHolders(t, w.beside()), len(nodes))
			require.NoError(t, h.Release(ctx))
			_, err = other.TryLock(ctx)
			require.NoError(t, err)
		})
	}
}

func TestReentrance(t *testing.T) {
	ctx := testContext(t)
	w := newWorld(t)
	c := w.client()
	m, rw := lock.New(c, path), lock.NewRW(c, "/app/rw")
	depth := 0
	require.NoError(t, m.Do(ctx, func(ctx context.Context) error {
		depth++
		return lock.New(c, path).Do(ctx, func(ctx context.Context) error {
			depth++
			_, err := m.TryLock(ctx)
			require.ErrorIs(t, err, recipes.ErrBusy, "Lock itself does not enter again")
			require.Len(t, waitHolders(t, c), 1)
			return nil
		})
	}))
	require.Equal(t, 2, depth)
	waitChildren(t, c, 0)

	require.NoError(t, rw.W().Do(ctx, func(ctx context.Context) error {
		return rw.R().Do(ctx, func(context.Context) error { depth++; return nil })
	}))
	require.Equal(t, 3, depth)
	err := rw.R().Do(ctx, func(ctx context.Context) error {
		return rw.W().Do(ctx, func(context.Context) error { depth++; return nil })
	})
	require.ErrorIs(t, err, recipes.ErrBusy)
	require.Equal(t, 3, depth)
}

// A lock that is lost ends the context of what runs under it, at every depth.
func TestDoAndLoss(t *testing.T) {
	ctx := testContext(t)
	w := newWorld(t)
	c := w.client()
	m := lock.New(c, path)
	own := errors.New("own")
	for _, result := range []error{nil, own} {
		err := m.Do(ctx, func(ctx context.Context) error {
			return m.Do(ctx, func(ctx context.Context) error {
				w.expire(c)
				closed(t, ctx.Done(), "the context ends")
				require.ErrorIs(t, context.Cause(ctx), recipes.ErrLost)
				require.ErrorIs(t, m.Do(ctx, nil), recipes.ErrLost, "fn is not called")
				return result
			})
		})
		require.ErrorIs(t, err, recipes.ErrLost)
		if result != nil {
			require.ErrorIs(t, err, own)
		}
	}
	require.ErrorIs(t, m.Do(ctx, func(context.Context) error { return own }), own)
	waitChildren(t, c, 0)
}

func TestReadersAndWriters(t *testing.T) {
	for _, layout := range []recipes.Layout{recipes.Curator, recipes.Kazoo} {
		t.Run(layout.String(), func(t *testing.T) {
			ctx := testContext(t)
			w := newWorld(t)
			c := w.client()
			rw := lock.NewRW(c, path, recipes.WithLayout(layout))
			one, err := rw.R().Lock(ctx)
			require.NoError(t, err)
			two, err := rw.R().TryLock(ctx)
			require.NoError(t, err, "readers are together")
			_, err = rw.W().TryLock(ctx)
			require.ErrorIs(t, err, recipes.ErrBusy)

			write := func(ctx context.Context, _ *client.Client) (*recipes.Held, error) {
				return rw.W().Lock(ctx)
			}
			read := func(ctx context.Context, _ *client.Client) (*recipes.Held, error) {
				return rw.R().Lock(ctx)
			}
			writer := begin(ctx, c, write)
			waitChildren(t, c, 3)
			reader := begin(ctx, c, read)
			waitChildren(t, c, 4)
			list, err := rw.R().Contenders(ctx)
			require.NoError(t, err)
			require.Len(t, list, 4)
			require.Equal(t, one.Path(), list[0].Path)
			require.Equal(t, []bool{true, true, false, true},
				[]bool{list[0].Reads, list[1].Reads, list[2].Reads, list[3].Reads})
			require.NoError(t, two.Release(ctx))
			require.True(t, isOpen(writer.done), "one still reads")
			require.NoError(t, one.Release(ctx))
			held := writer.wins(t)
			require.True(t, isOpen(reader.done), "it came behind the writer")
			require.NoError(t, held.Release(ctx))
			require.NoError(t, reader.wins(t).Release(ctx))
		})
	}
}

func TestDowngrade(t *testing.T) {
	ctx := testContext(t)
	w := newWorld(t)
	c := w.client()
	rw := lock.NewRW(c, path)
	writer, err := rw.W().Lock(ctx)
	require.NoError(t, err)
	other := begin(ctx, c, func(ctx context.Context, c *client.Client) (*recipes.Held, error) {
		return rw.W().Lock(ctx)
	})
	waitChildren(t, c, 2)
	_, err = rw.Downgrade(ctx, writer)
	require.ErrorIs(t, err, recipes.ErrBusy, "a writer waits")
	isHeld(t, c, c, writer)
	require.NoError(t, writer.Release(ctx))
	writer = other.wins(t)

	reader, err := rw.Downgrade(ctx, writer)
	require.NoError(t, err)
	isLost(t, writer)
	isHeld(t, c, c, reader)
	_, err = rw.W().TryLock(ctx)
	require.ErrorIs(t, err, recipes.ErrBusy)
	_, err = rw.R().TryLock(ctx)
	require.NoError(t, err)
	_, err = rw.Downgrade(ctx, writer)
	require.ErrorIs(t, err, recipes.ErrLost)
}

// A node of another recipe or layout is an error for whoever comes, and for whoever waits.
func TestLayout(t *testing.T) {
	of := map[string]func(c *client.Client) *lock.Mutex{
		"lock":   func(c *client.Client) *lock.Mutex { return lock.New(c, path) },
		"simple": func(c *client.Client) *lock.Mutex { return lock.NewSimple(c, path) },
		"rw":     func(c *client.Client) *lock.Mutex { return lock.NewRW(c, path).W() },
		"kazoo's lock": func(c *client.Client) *lock.Mutex {
			return lock.New(c, path, recipes.WithLayout(recipes.Kazoo))
		},
	}
	for first, one := range of {
		for second, two := range of {
			t.Run(first+" and "+second, func(t *testing.T) {
				ctx := testContext(t)
				c := newWorld(t).client()
				h, err := one(c).Lock(ctx)
				require.NoError(t, err)
				before := waitHolders(t, c)
				_, err = two(c).TryLock(ctx)
				if first == second {
					require.ErrorIs(t, err, recipes.ErrBusy)
					return
				}
				require.ErrorIs(t, err, recipes.ErrLayout)
				_, err = two(c).Lock(ctx)
				require.ErrorIs(t, err, recipes.ErrLayout)
				require.Len(t, waitChildren(t, c, len(before)), len(before))
				isHeld(t, c, c, h)
			})
		}
	}
}

// The holder is told and holds on; one who waits leaves. The request may come twice, over a lost
// answer, and that is the same as once.
func TestRevoke(t *testing.T) {
	w := newWorld(t)
	c, other := w.client(), w.beside()
	for _, layout := range []recipes.Layout{recipes.Curator, recipes.Kazoo} {
		t.Run(layout.String(), func(t *testing.T) {
			ctx := testContext(t)
			revoker := lock.New(c, path, recipes.WithLayout(layout))
			theirs := lock.NewRW(other, path, recipes.WithLayout(layout)).W()
			if layout == recipes.Curator {
				theirs = lock.New(other, path)
			}
			take := func(ctx context.Context, _ *client.Client) (*recipes.Held, error) {
				return theirs.Lock(ctx)
			}
			h, err := theirs.Lock(ctx)
			require.NoError(t, err)
			waiter := begin(ctx, other, take)
			waitChildren(t, other, 2)
			list, err := revoker.Contenders(ctx)
			require.NoError(t, err)
			require.Len(t, list, 2)
			w.Cut(jute.OpSetData, proxy.After)
			require.NoError(t, revoker.Revoke(ctx, list[1]))
			closed(t, waiter.done, "the waiter leaves")
			require.ErrorIs(t, waiter.err, recipes.ErrRevoked)
			require.Nil(t, waiter.held)
			waitChildren(t, other, 1)
			require.True(t, isOpen(lock.Revoked(h)), "the other one was asked")

			w.Cut(jute.OpSetData, proxy.After)
			require.NoError(t, revoker.Revoke(ctx, list[0]))
			closed(t, lock.Revoked(h), "the holder is told")
			isHeld(t, other, c, h)
			next := begin(ctx, other, take)
			require.NoError(t, h.Release(ctx))
			require.NoError(t, next.wins(t).Release(ctx))
			require.NoError(t, revoker.Revoke(ctx, list[0]), "it has gone")
		})
	}
	ctx := testContext(t)
	for _, refused := range []*lock.Mutex{lock.NewSimple(c, path), lock.New(c, "/app/another")} {
		err := refused.Revoke(ctx, lock.Contender{Path: path + "/_c_x-lock-0000000001"})
		require.ErrorIs(t, err, client.ErrBadArguments)
	}
}

func TestMaxWaiters(t *testing.T) {
	ctx := testContext(t)
	c := newWorld(t).client()
	m := lock.New(c, path, recipes.WithMaxWaiters(1))
	take := func(ctx context.Context, _ *client.Client) (*recipes.Held, error) { return m.Lock(ctx) }
	h, err := m.Lock(ctx)
	require.NoError(t, err)
	waiter := begin(ctx, c, take)
	waitChildren(t, c, 2)
	_, err = m.Lock(ctx)
	require.ErrorIs(t, err, recipes.ErrFull)
	waitChildren(t, c, 2)
	require.NoError(t, h.Release(ctx))
	waiter.wins(t)
}

func TestAll(t *testing.T) {
	ctx := testContext(t)
	c := newWorld(t).client()
	a, b := lock.New(c, "/a"), lock.New(c, "/b")
	_, err := lock.All(ctx, b, lock.New(c, "/b"))
	require.ErrorIs(t, err, client.ErrBadArguments)
	held, err := lock.All(ctx, b, a)
	require.NoError(t, err)
	require.Contains(t, held[0].Path(), "/b/")
	require.Contains(t, held[1].Path(), "/a/")
	require.NoError(t, held[1].Release(ctx))

	short, cancel := context.WithCancel(ctx)
	both := begin(short, c, func(ctx context.Context, c *client.Client) (*recipes.Held, error) {
		_, err := lock.All(ctx, b, a)
		return nil, err
	})
	for { // it has /a and waits for /b
		names, _, changed, err := c.ChildrenW(ctx, "/b")
		require.NoError(t, err)
		if len(names) == 2 {
			break
		}
		_, err = changed.Next(ctx)
		require.NoError(t, err)
	}
	names, _, err := c.Children(ctx, "/a")
	require.NoError(t, err)
	require.Len(t, names, 1, "the order is that of the paths")
	cancel()
	closed(t, both.done, "it leaves")
	require.ErrorIs(t, both.err, context.Canceled)
	h, err := a.Lock(ctx)
	require.NoError(t, err, "the first one was given back")
	require.NoError(t, h.Release(ctx))
	require.NoError(t, held[0].Err())
}
