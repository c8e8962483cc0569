package recipes_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"quoll/client"
	"quoll/client/recipes"
	"quoll/client/recipes/naming"
	"quoll/internal/proxy"
	"quoll/jute"
)

// givenOut is the naive model of what must be given out once.
type givenOut[T comparable] struct {
	mu     sync.Mutex
	all    map[T]bool
	double []T
}

func (g *givenOut[T]) add(v T) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.all[v] {
		g.double = append(g.double, v)
	}
	g.all[v] = true
}

// Names are given out over connections that break at every request: none comes twice.
func TestUnique(t *testing.T) {
	ctx := testContext(t)
	w := newWorld(t)
	names := givenOut[string]{all: map[string]bool{}}
	var callers sync.WaitGroup
	for i := range 3 {
		c := w.client()
		callers.Go(func() {
			for j := range 20 {
				op := []jute.OpCode{jute.OpSetData, jute.OpCreate2}[j%2]
				w.Cut(op, proxy.Where(i))
				name, err := naming.Unique(ctx, c, path, "job-")
				if err != nil {
					t.Errorf("unique: %v", err)
					return
				}
				names.add(name)
			}
		})
	}
	callers.Wait()
	require.Empty(t, names.double)
	require.Len(t, names.all, 60)
	for name := range names.all {
		require.Regexp(t, `^job-\d{10}$`, name)
	}
	other, err := naming.Unique(ctx, w.beside(), path, "x")
	require.NoError(t, err)
	require.False(t, names.all["job-"+strings.TrimPrefix(other, "x")], "prefixes share the numbers")
}

// Numbers of blocks of several sizes, over cuts: none comes twice, and those of one IDs grow.
func TestIDs(t *testing.T) {
	ctx := testContext(t)
	w := newWorld(t)
	ids := givenOut[int64]{all: map[int64]bool{}}
	var callers sync.WaitGroup
	for i := range 4 {
		s := naming.NewIDs(w.client(), path, int64(1+3*i))
		for range 2 {
			callers.Go(func() {
				last := int64(0)
				for j := range 30 {
					if j%5 == 0 {
						op := []jute.OpCode{jute.OpSetData, jute.OpGetData}[j%2]
						w.Cut(op, proxy.Where(i%3))
					}
					id, err := s.Next(ctx)
					if err != nil || id <= last {
						t.Errorf("%d behind %d: %v", id, last, err)
						return
					}
					ids.add(id)
					last = id
				}
			})
		}
	}
	callers.Wait()
	require.Empty(t, ids.double)
	require.Len(t, ids.all, 240)
}

func TestIDsAtTheirEnds(t *testing.T) {
	ctx := testContext(t)
	c := newWorld(t).client()
	s := naming.NewIDs(c, path, 10)
	for want := int64(1); want < 25; want++ {
		id, err := s.Next(ctx)
		require.NoError(t, err)
		require.Equal(t, want, id)
	}
	data, _, err := c.Get(ctx, path)
	require.NoError(t, err)
	require.Equal(t, "31", string(data))

	next := func(data string) error {
		_, err := c.Set(ctx, path, []byte(data), client.AnyVersion)
		require.NoError(t, err)
		_, err = naming.NewIDs(c, path, 10).Next(ctx)
		return err
	}
	require.ErrorIs(t, next("many"), recipes.ErrLayout)
	require.ErrorIs(t, next("0"), recipes.ErrLayout)
	require.NoError(t, next(fmt.Sprint(math.MaxInt64-10)))
	require.ErrorIs(t, next(fmt.Sprint(math.MaxInt64-9)), recipes.ErrFull)
	_, err = naming.NewIDs(c, path, 0).Next(ctx)
	require.ErrorIs(t, err, client.ErrBadArguments)
	over, cancel := context.WithCancel(ctx)
	cancel()
	_, err = naming.NewIDs(c, path, 1).Next(over)
	require.ErrorIs(t, err, context.Canceled)
}

func TestWorkerID(t *testing.T) {
	ctx := testContext(t)
	w := newWorld(t)
	c, other := w.client(client.WithSessionTimeout(time.Second)), w.beside()
	take := func(c *client.Client, max, want int) *recipes.Held {
		t.Helper()
		h, id, err := naming.WorkerID(ctx, c, path, max)
		require.NoError(t, err)
		require.Equal(t, want, id)
		isHeld(t, c, other, h)
		return h
	}
	zero, one := take(c, 2, 0), take(other, 2, 1)
	_, _, err := naming.WorkerID(ctx, other, path, 2)
	require.ErrorIs(t, err, recipes.ErrFull)
	require.NoError(t, one.Release(ctx))
	isLost(t, one)
	one = take(other, 2, 1) // what was released is free at once

	w.expire(c)
	isLost(t, zero)
	two := take(other, 3, 2) // rather a new one than one that is lost
	begun := time.Now()
	again := take(other, 3, 0)
	require.GreaterOrEqual(t, time.Since(begun), time.Second, "the timeout has passed once more")
	require.Greater(t, again.Token(), zero.Token())
	for _, h := range []*recipes.Held{one, two, again} {
		require.NoError(t, h.Release(ctx))
	}
	require.Len(t, waitChildren(t, other, 3), 3)

	for _, max := range []int{0, -1, 10_001} {
		_, _, err = naming.WorkerID(ctx, other, path, max)
		require.ErrorIs(t, err, client.ErrBadArguments)
	}
	_, err = other.Set(ctx, path+"/id-0000000000", []byte("mine"), client.AnyVersion)
	require.NoError(t, err)
	_, _, err = naming.WorkerID(ctx, other, path, 2)
	require.ErrorIs(t, err, recipes.ErrLayout)
}

// lose takes the only number of a path, with a session of a second, and loses it.
func (w *world) lose(t *testing.T, path string) {
	t.Helper()
	c := w.client(client.WithSessionTimeout(time.Second))
	_, _, err := naming.WorkerID(testContext(t), c, path, 1)
	require.NoError(t, err)
	w.expire(c)
}

// A number that is lost stays so for a whole timeout also for whoever has waited, when another one
// had it and lost it meanwhile.
func TestWorkerIDLostTwice(t *testing.T) {
	t.Parallel()
	ctx := testContext(t)
	w := newWorld(t)
	c, other := w.client(), w.beside()
	w.lose(t, path)
	_, err := other.Set(ctx, path+"/id-0000000000", []byte("2000"), 0)
	require.NoError(t, err)
	w.lose(t, "/app/other")
	looked := make(chan struct{}, 16)
	w.Seen(jute.OpGetData, func() { looked <- struct{}{} })
	waiter := begin(ctx, c, func(ctx context.Context, c *client.Client) (*recipes.Held, error) {
		h, _, err := naming.WorkerID(ctx, c, path, 1)
		return h, err
	})
	<-looked
	require.NoError(t, c.Sync(ctx, "/"))
	// A second later somebody has it without the wait, and loses it at once.
	_, _, err = naming.WorkerID(ctx, other, "/app/other", 1)
	require.NoError(t, err)
	_, err = other.Set(ctx, path+"/id-0000000000", []byte("2000"), 1)
	require.NoError(t, err)
	lost := time.Now()
	waiter.wins(t)
	require.GreaterOrEqual(t, time.Since(lost), 2*time.Second)
}

// A number whose holder has stood still is lost, not released, also if the session turns out to
// live and the client deletes the node itself.
func TestWorkerIDLapses(t *testing.T) {
	t.Parallel()
	ctx := testContext(t)
	w := newWorld(t)
	c, other := w.client(client.WithSessionTimeout(time.Second)), w.beside()
	h, _, err := naming.WorkerID(ctx, c, path, 1)
	require.NoError(t, err)
	w.Pause()
	isLost(t, h)
	w.Resume()
	waitChildren(t, other, 1)
	data, _, err := other.Get(ctx, path+"/id-0000000000")
	require.NoError(t, err)
	require.Equal(t, "1000", string(data), "not free")
}

// Workers take numbers, give them back and lose them, over broken connections and ended sessions.
// Whoever gets a number, the one before it knows that it has it no more.
func TestWorkerIDsAreOfOne(t *testing.T) {
	t.Parallel()
	const ids, rounds = 3, 12
	ctx := testContext(t)
	w := newWorld(t)
	var mu, expiring sync.Mutex
	holders := [ids]*recipes.Held{}
	overlap := 0
	win := func(h *recipes.Held, id int) {
		mu.Lock()
		defer mu.Unlock()
		if last := holders[id]; last != nil && last.Err() == nil {
			overlap++
		}
		holders[id] = h
	}
	var workers sync.WaitGroup
	for i := range 5 {
		c := w.client(client.WithSessionTimeout(time.Second))
		rng := rand.New(rand.NewPCG(uint64(i), 3))
		workers.Go(func() {
			for wins := 0; wins < rounds; {
				h, id, err := naming.WorkerID(ctx, c, path, ids)
				if ctx.Err() != nil {
					t.Errorf("worker id: %v", err)
					return
				}
				if err != nil {
					continue // all are held, or its connection or session was lost
				}
				win(h, id)
				switch wins++; {
				case wins == rounds/2:
					expiring.Lock()
					w.expire(c)
					expiring.Unlock()
				case rng.IntN(2) == 0:
					w.Cut(steps[rng.IntN(len(steps))], proxy.Where(rng.IntN(3)))
				case rng.IntN(4) == 0:
					w.Drop(0)
				}
				_ = h.Release(ctx)
			}
		})
	}
	workers.Wait()
	require.Zero(t, overlap, "two have one number")
}
