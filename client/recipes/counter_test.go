package recipes_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/client"
	"quoll/client/recipes"
	"quoll/client/recipes/counter"
	"quoll/internal/proxy"
)

func TestCounter(t *testing.T) {
	ctx := testContext(t)
	c := newWorld(t).client()
	for name, layout := range map[string]recipes.Layout{
		"/app/curator": recipes.Curator, "/app/kazoo": recipes.Kazoo,
	} {
		n := counter.NewInt64(c, name, recipes.WithLayout(layout))
		is := func(want int64) {
			t.Helper()
			got, err := n.Get(ctx)
			require.NoError(t, err)
			require.Equal(t, want, got)
		}
		is(0)
		for _, step := range []struct{ delta, sum int64 }{{5, 5}, {-8, -3}, {0, -3}, {3, 0}} {
			got, err := n.Add(ctx, step.delta)
			require.NoError(t, err)
			require.Equal(t, step.sum, got)
			is(step.sum)
		}
		swapped, err := n.CAS(ctx, 1, 2)
		require.NoError(t, err)
		require.False(t, swapped)
		swapped, err = n.CAS(ctx, 0, math.MaxInt64)
		require.NoError(t, err)
		require.True(t, swapped)
		_, err = n.Add(ctx, 1)
		require.ErrorIs(t, err, client.ErrBadArguments)
		is(math.MaxInt64)
		_, err = n.CAS(ctx, math.MaxInt64, math.MinInt64)
		require.NoError(t, err)
		_, err = n.Add(ctx, -1)
		require.ErrorIs(t, err, client.ErrBadArguments)
		is(math.MinInt64)
	}
	swapped, err := counter.NewInt64(c, "/app/new").CAS(ctx, 0, 1)
	require.NoError(t, err)
	require.True(t, swapped, "what is not there is 0")
}

// The bytes are those of the other clients.
func TestCounterForms(t *testing.T) {
	ctx := testContext(t)
	c := newWorld(t).client()
	_, _, err := c.Create(ctx, "/app", nil)
	require.NoError(t, err)
	for _, f := range []struct {
		layout        recipes.Layout
		before, after string
		err           error
	}{
		{recipes.Curator, "", "\x00\x00\x00\x00\x00\x00\x00\x01", nil},
		{recipes.Curator, "\x00\x00\x00\x00\x00\x00\x01\xff", "\x00\x00\x00\x00\x00\x00\x02\x00", nil},
		{recipes.Curator, "\xff\xff\xff\xff\xff\xff\xff\xff", "\x00\x00\x00\x00\x00\x00\x00\x00", nil},
		{recipes.Curator, "\xff\xff\xff\xfe", "\xff\xff\xff\xff", nil},
		{recipes.Curator, "\x7f\xff\xff\xff", "", client.ErrBadArguments},
		{recipes.Curator, "12345", "", recipes.ErrLayout},
		{recipes.Kazoo, "", "1", nil},
		{recipes.Kazoo, "-10", "-9", nil},
		{recipes.Kazoo, "1.5", "", recipes.ErrLayout},
		{recipes.Kazoo, "\x00\x00\x00\x01", "", recipes.ErrLayout},
	} {
		t.Run(fmt.Sprintf("%v %q", f.layout, f.before), func(t *testing.T) {
			_, _, err := c.Create(ctx, "/app/n", []byte(f.before))
			require.NoError(t, err)
			defer func() {
				_, err := c.DeleteAll(ctx, "/app/n", client.DeleteAllOptions{})
				require.NoError(t, err)
			}()
			_, err = counter.NewInt64(c, "/app/n", recipes.WithLayout(f.layout)).Add(ctx, 1)
			require.ErrorIs(t, err, f.err)
			data, _, err := c.Get(ctx, "/app/n")
			require.NoError(t, err)
			if f.err != nil {
				f.after = f.before
			}
			require.Equal(t, f.after, string(data))
		})
	}
}

// Many add one, over connections that break and sessions that end. Each number is given once, and
// what was answered was counted.
func TestCounterHistory(t *testing.T) {
	const adders, rounds = 5, 60
	w := newWorld(t)
	var (
		mu              sync.Mutex
		answers         = map[int64]bool{}
		unknown, failed int
		adding          sync.WaitGroup
	)
	ctx := testContext(t)
	for i := range adders {
		p, err := proxy.Start(w.server)
		require.NoError(t, err)
		t.Cleanup(p.Close)
		c := w.dial(p.Addr(), nil)
		own := &world{Proxy: p, t: t, server: w.server}
		rng := rand.New(rand.NewPCG(uint64(i), 11))
		n := counter.NewInt64(c, path)
		adding.Go(func() {
			for round := range rounds {
				if round%20 == 19 {
					own.expire(c)
				} else {
					p.Cut(steps[rng.IntN(len(steps))], proxy.Where(rng.IntN(3)))
				}
				sum, err := n.Add(ctx, 1)
				mu.Lock()
				switch {
				case err == nil && answers[sum]:
					t.Errorf("%d was given twice", sum)
				case err == nil:
					answers[sum] = true
				case errors.Is(err, client.ErrUnknownOutcome):
					unknown++
				default:
					failed++
				}
				mu.Unlock()
			}
		})
	}
	adding.Wait()
	sum, err := counter.NewInt64(w.beside(), path).Get(ctx)
	require.NoError(t, err)
	require.Greater(t, len(answers), adders*rounds*3/4)
	require.GreaterOrEqual(t, sum, int64(len(answers)), "a count was lost")
	require.LessOrEqual(t, sum, int64(len(answers)+unknown), "a count was doubled")
}

func TestValue(t *testing.T) {
	ctx, cancel := context.WithCancel(testContext(t))
	defer cancel()
	w := newWorld(t)
	c, other := w.client(), w.beside()
	v, theirs := counter.NewValue(c, path, recipes.JSON[int]()),
		counter.NewValue(other, path, recipes.JSON[int]())
	_, err := v.Get(ctx)
	require.ErrorIs(t, err, client.ErrNoNode)
	next, stop := iter.Pull2(v.Watch(ctx))
	defer stop()
	nothing := counter.Versioned[int]{}
	swapped, err := theirs.CAS(ctx, nothing, 1)
	require.NoError(t, err)
	require.True(t, swapped)
	swapped, err = v.CAS(ctx, nothing, 2)
	require.NoError(t, err)
	require.False(t, swapped, "it is there")
	one, err, _ := next()
	require.NoError(t, err)
	require.Equal(t, 1, one.Value)
	w.expire(c)
	require.NoError(t, theirs.Set(ctx, 3))
	three, err, _ := next()
	require.NoError(t, err)
	require.Equal(t, 3, three.Value)
	require.Greater(t, three.Zxid, one.Zxid)
	swapped, err = v.CAS(ctx, one, 4)
	require.NoError(t, err)
	require.False(t, swapped, "it has changed")
	_, err = other.Set(ctx, path, []byte("no JSON"), client.AnyVersion)
	require.NoError(t, err)
	bad, err, _ := next()
	require.Error(t, err)
	require.NotZero(t, bad.Zxid)
	require.NoError(t, v.Set(ctx, 5))
	five, err, _ := next()
	require.NoError(t, err)
	require.Equal(t, 5, five.Value)

	// A version of -1 would be any version.
	five.Version = client.AnyVersion
	_, err = v.CAS(ctx, five, 6)
	require.ErrorIs(t, err, client.ErrBadVersion)
	cancel()
	last, err, _ := next()
	require.ErrorIs(t, err, context.Canceled)
	require.Zero(t, last.Zxid)
}
