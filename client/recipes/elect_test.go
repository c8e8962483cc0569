package recipes_test

import (
	"context"
	"errors"
	"iter"
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/client"
	"quoll/client/recipes"
	"quoll/client/recipes/elect"
	"quoll/internal/proxy"
	"quoll/jute"
)

func TestCampaignAndObserve(t *testing.T) {
	for _, layout := range []recipes.Layout{recipes.Curator, recipes.Kazoo} {
		t.Run(layout.String(), func(t *testing.T) {
			ctx, cancel := context.WithCancel(testContext(t))
			defer cancel()
			w := newWorld(t)
			one, two, other := w.client(), w.beside(), w.beside()
			with := recipes.WithLayout(layout)
			e1 := elect.New(one, path, []byte("one"), with)
			e2 := elect.New(two, path, []byte("two"), with)
			observer := elect.New(other, path, nil, with)
			_, err := observer.Leader(ctx)
			require.ErrorIs(t, err, client.ErrNoNode)
			next, stop := iter.Pull2(observer.Observe(ctx))
			defer stop()
			sees := func(id string) elect.Leader {
				t.Helper()
				leader, err, ok := next()
				require.True(t, ok)
				require.NoError(t, err)
				require.Equal(t, id, string(leader.Data))
				return leader
			}
			require.Empty(t, sees("").Path)

			first, err := e1.Campaign(ctx)
			require.NoError(t, err)
			leader := sees("one")
			require.Equal(t, first.Path(), leader.Path)
			require.Equal(t, first.Token(), leader.Token)
			require.Equal(t, one.Session().ID(), leader.Session)
			require.NoError(t, first.Proclaim(ctx, []byte("at work")))
			sees("at work")

			var second *elect.Term
			done := make(chan struct{})
			go func() {
				defer close(done)
				second, err = e2.Campaign(ctx)
			}()
			waitChildren(t, other, 2)
			w.expire(one)
			isLost(t, first.Held)
			require.ErrorIs(t, first.Proclaim(ctx, nil), recipes.ErrLost)
			closed(t, done, "the second leads")
			require.NoError(t, err)
			require.Greater(t, sees("two").Token, leader.Token)
			leader, err = e1.Leader(ctx)
			require.NoError(t, err)
			require.Equal(t, second.Path(), leader.Path)
			require.NoError(t, second.Release(ctx))
			require.Empty(t, sees("").Path)

			cancel()
			_, err, ok := next()
			require.True(t, ok)
			require.ErrorIs(t, err, context.Canceled)
			_, _, ok = next()
			require.False(t, ok)
		})
	}
}

// An observer goes on over lost connections and sessions.
func TestObserverOverALoss(t *testing.T) {
	ctx := testContext(t)
	w := newWorld(t)
	c, other := w.client(), w.beside()
	term, err := elect.New(other, path, []byte("one")).Campaign(ctx)
	require.NoError(t, err)
	next, stop := iter.Pull2(elect.New(c, path, nil).Observe(ctx))
	defer stop()
	leader, err, _ := next()
	require.NoError(t, err)
	require.Equal(t, term.Path(), leader.Path)
	w.Drop(0)
	require.NoError(t, term.Proclaim(ctx, []byte("over a connection")))
	leader, err, _ = next()
	require.NoError(t, err)
	require.Equal(t, "over a connection", string(leader.Data))
	w.expire(c)
	require.NoError(t, term.Proclaim(ctx, []byte("over a session")))
	leader, err, _ = next()
	require.NoError(t, err)
	require.Equal(t, "over a session", string(leader.Data))
	require.NoError(t, c.Close())
	_, err, ok := next()
	require.True(t, ok)
	require.ErrorIs(t, err, client.ErrClosed)
}

// Run leads again after each loss, and ends with what its function returns.
func TestRun(t *testing.T) {
	ctx := testContext(t)
	w := newWorld(t)
	c := w.client()
	_, _, err := c.Create(ctx, "/work", nil)
	require.NoError(t, err)
	own := errors.New("own")
	terms := 0
	err = elect.New(c, path, nil).Run(ctx, func(ctx context.Context) error {
		terms++
		h, ok := recipes.HeldFrom(ctx)
		require.True(t, ok)
		_, err := c.Multi(ctx, h.Check(), client.OpSet("/work", nil, client.AnyVersion))
		require.NoError(t, err)
		if terms == 3 {
			return own
		}
		w.expire(c)
		closed(t, ctx.Done(), "the term ends")
		return own
	})
	require.Equal(t, own, err)
	require.Equal(t, 3, terms)
	waitChildren(t, c, 0)

	short, cancel := context.WithCancel(ctx)
	err = elect.New(c, path, nil).Run(short, func(ctx context.Context) error {
		cancel()
		<-ctx.Done()
		return ctx.Err()
	})
	require.ErrorIs(t, err, context.Canceled)
	waitChildren(t, c, 0)

	err = elect.New(c, path, nil).Run(ctx, func(ctx context.Context) error {
		_ = c.Close()
		<-ctx.Done()
		return nil
	})
	require.ErrorIs(t, err, client.ErrClosed)
}

// A leader whose proclamation gets no answer sends it again.
func TestProclaimOverACut(t *testing.T) {
	ctx := testContext(t)
	w := newWorld(t)
	c := w.client()
	term, err := elect.New(c, path, nil).Campaign(ctx)
	require.NoError(t, err)
	for i := range 3 {
		cut := w.Cut(jute.OpSetData, proxy.Where(i))
		require.NoError(t, term.Proclaim(ctx, []byte{byte(i)}))
		closed(t, cut, "the connection was cut")
		data, _, err := c.Get(ctx, term.Path())
		require.NoError(t, err)
		require.Equal(t, []byte{byte(i)}, data)
	}
	require.NoError(t, term.Err())
}

func TestLatch(t *testing.T) {
	ctx := testContext(t)
	w := newWorld(t)
	c, other := w.client(), w.beside()
	one, two := elect.NewLatch(c, path, []byte("one")), elect.NewLatch(other, path, []byte("two"))
	require.False(t, one.IsLeader())
	require.NoError(t, one.Start())
	require.NoError(t, one.Start())
	term, err := one.Wait(ctx)
	require.NoError(t, err)
	require.True(t, one.IsLeader())
	require.Regexp(t, path+`/_c_[0-9a-f-]{36}-latch-\d{10}$`, term.Path())
	require.NoError(t, two.Start())
	waitChildren(t, other, 2)
	require.False(t, two.IsLeader())

	w.expire(c)
	isLost(t, term.Held)
	require.False(t, one.IsLeader())
	second, err := two.Wait(ctx)
	require.NoError(t, err)
	require.Greater(t, second.Token(), term.Token())
	leader, err := two.Leader(ctx)
	require.NoError(t, err)
	require.Equal(t, "two", string(leader.Data))

	waitChildren(t, other, 2)
	require.NoError(t, two.Close())
	require.False(t, two.IsLeader())
	third, err := one.Wait(ctx)
	require.NoError(t, err)
	require.Greater(t, third.Token(), second.Token())
	_, err = two.Wait(ctx)
	require.ErrorIs(t, err, recipes.ErrStopped)
	require.ErrorIs(t, two.Start(), recipes.ErrStopped)
	require.NoError(t, two.Close())

	require.NoError(t, c.Close())
	isLost(t, third.Held)
	_, err = one.Wait(ctx)
	require.ErrorIs(t, err, client.ErrClosed)
	require.NoError(t, one.Close())
}

// A latch that is closed while its candidate waits leaves no node.
func TestLatchClosedWhileItWaits(t *testing.T) {
	ctx := testContext(t)
	c := newWorld(t).client()
	one, two := elect.NewLatch(c, path, nil), elect.NewLatch(c, path, nil)
	require.NoError(t, one.Start())
	_, err := one.Wait(ctx)
	require.NoError(t, err)
	require.NoError(t, two.Start())
	waiting := make(chan error, 1)
	go func() {
		_, err := two.Wait(ctx)
		waiting <- err
	}()
	waitChildren(t, c, 2)
	require.NoError(t, two.Close())
	require.ErrorIs(t, <-waiting, recipes.ErrStopped)
	waitChildren(t, c, 1)
	require.True(t, one.IsLeader())
	require.NoError(t, one.Close())
	waitChildren(t, c, 0)
}
