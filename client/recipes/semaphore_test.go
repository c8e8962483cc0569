package recipes_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"quoll/client"
	"quoll/client/recipes"
	"quoll/client/recipes/lock"
	"quoll/internal/proxy"
)

func TestSemaphore(t *testing.T) {
	ctx := testContext(t)
	w := newWorld(t)
	c, other := w.client(), w.beside()
	s := lock.NewSemaphore(c, "/app", 3, recipes.WithData([]byte("mine")))
	acquire := func(k int) taking {
		return func(ctx context.Context, c *client.Client) (*recipes.Held, error) {
			return lock.NewSemaphore(c, "/app", 3).Acquire(ctx, k)
		}
	}
	two, err := s.Acquire(ctx, 2)
	require.NoError(t, err)
	require.Regexp(t, `^/app/leases/_c_[0-9a-f-]{36}-lease-\d{10}$`, two.Path())
	data, _, err := other.Get(ctx, two.Path())
	require.NoError(t, err)
	require.Equal(t, "mine", string(data))
	data, _, err = other.Get(ctx, "/app")
	require.NoError(t, err)
	require.Equal(t, "3", string(data))
	one, err := s.Acquire(ctx, 1)
	require.NoError(t, err)
	waitChildren(t, other, 3)

	many := begin(ctx, other, acquire(3))
	waitChildren(t, other, 6) // those of the first waiter too
	few := begin(ctx, c, acquire(1))
	require.NoError(t, two.Release(ctx))
	waitChildren(t, other, 4)
	require.True(t, isOpen(many.done))
	require.True(t, isOpen(few.done), "a call for few does not overtake")
	require.NoError(t, one.Release(ctx))
	three := many.wins(t)
	waitChildren(t, other, 4)
	require.True(t, isOpen(few.done))
	require.NoError(t, three.Release(ctx))
	require.NoError(t, few.wins(t).Release(ctx))
	waitChildren(t, other, 0)

	for _, k := range []int{0, 4} {
		_, err = s.Acquire(ctx, k)
		require.ErrorIs(t, err, client.ErrBadArguments)
	}
	_, err = lock.NewSemaphore(c, "/app", 4).Acquire(ctx, 1)
	require.ErrorIs(t, err, client.ErrBadArguments)
	require.ErrorContains(t, err, "there are 3 leases, not 4")
	_, err = lock.NewSemaphore(c, "/app", 3, recipes.WithLayout(recipes.Kazoo)).Acquire(ctx, 1)
	require.ErrorIs(t, err, recipes.ErrLayout)
	_, err = other.Set(ctx, "/app", []byte("many"), client.AnyVersion)
	require.NoError(t, err)
	_, err = s.Acquire(ctx, 1)
	require.ErrorIs(t, err, recipes.ErrLayout)
	waitChildren(t, other, 0)
}

// Leases that belong together are lost together, and a lease that somebody deletes by hand does not
// keep the others from going.
func TestLeasesGoTogether(t *testing.T) {
	ctx := testContext(t)
	w := newWorld(t)
	c, other := w.client(), w.beside()
	s := lock.NewSemaphore(c, "/app", 3)
	for _, mine := range []bool{true, false} {
		h, err := s.Acquire(ctx, 3)
		require.NoError(t, err)
		for _, name := range waitChildren(t, other, 3) {
			if node := path + "/" + name; mine == (node == h.Path()) {
				require.NoError(t, other.Delete(ctx, node, client.AnyVersion))
				break
			}
		}
		if mine {
			isLost(t, h)
		} else {
			require.NoError(t, h.Release(ctx))
		}
		waitChildren(t, other, 0)
	}
}

// Workers acquire different numbers of leases, while connections break at chance requests and
// sessions end: never are more leases held than there are, and all come back.
func TestSemaphoreIsNeverOverfull(t *testing.T) {
	t.Parallel()
	const n, rounds = 4, 15
	ctx := testContext(t)
	w := newWorld(t)
	var mu, expiring sync.Mutex
	held := map[*recipes.Held]int{}
	overfull := 0
	took := func(h *recipes.Held, k int) {
		mu.Lock()
		defer mu.Unlock()
		held[h] = k
		sum := 0
		for h, k := range held {
			if h.Err() == nil {
				sum += k
			}
		}
		if sum > n {
			overfull++
		}
	}
	var workers sync.WaitGroup
	for i := range 5 {
		c := w.client(client.WithSessionTimeout(time.Second))
		s := lock.NewSemaphore(c, "/app", n)
		rng := rand.New(rand.NewPCG(uint64(i), 4))
		workers.Go(func() {
			for wins := 0; wins < rounds; {
				k := 1 + rng.IntN(n)
				h, err := s.Acquire(ctx, k)
				if ctx.Err() != nil || errors.Is(err, client.ErrBadArguments) {
					t.Errorf("acquire: %v", err)
					return
				}
				if err != nil {
					continue
				}
				took(h, k)
				switch wins++; {
				case wins == rounds/2:
					// The server ends the session before the client can know.
					mu.Lock()
					delete(held, h)
					mu.Unlock()
					expiring.Lock()
					w.expire(c)
					expiring.Unlock()
				case rng.IntN(3) > 0:
					w.Cut(steps[rng.IntN(len(steps))], proxy.Where(rng.IntN(3)))
				}
				_ = h.Release(ctx)
			}
		})
	}
	workers.Wait()
	require.Zero(t, overfull)
	waitChildren(t, w.beside(), 0)
}
