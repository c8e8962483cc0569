package recipes_test

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"quoll/client"
	"quoll/client/recipes"
	"quoll/internal/proxy"
)

// contest is a number of workers who want the same thing, each with a connection of its own that
// can be disturbed alone.
type contest struct {
	take    taking
	clients []*client.Client
	proxies []*proxy.Proxy
	won     chan int // the worker that has won

	mu      sync.Mutex
	holder  *recipes.Held
	overlap int     // wins while the holder before did not know of its loss
	writes  []write // that were answered
	unknown int     // that were not
}

// write is one write of a holder.
type write struct{ at, token client.Zxid }

const counter = "/counter"

// Workers count in turns, each under its lock, while connections break at chance requests, stand
// still for longer than the session, and sessions end. No count is lost, none is doubled; the
// tokens grow in the order of the writes; and whoever wins, the holder before it knows that it is
// none.
func TestMutualExclusion(t *testing.T) {
	eachTaking(t, func(t *testing.T, take taking) {
		w := newWorld(t)
		c := &contest{take: take, won: make(chan int)}
		for range 4 {
			p, err := proxy.Start(w.server)
			require.NoError(t, err)
			t.Cleanup(p.Close)
			c.proxies = append(c.proxies, p)
			c.clients = append(c.clients,
				w.dial(p.Addr(), []client.Option{client.WithSessionTimeout(time.Second)}))
		}
		other := w.beside()
		_, _, err := other.Create(testContext(t), counter, []byte("0"))
		require.NoError(t, err)

		ctx, stop := context.WithCancel(testContext(t))
		var workers sync.WaitGroup
		for i := range c.clients {
			workers.Go(func() { c.work(ctx, i) })
		}
		c.disturb(t)
		stop()
		c.heal(w.server)
		done := make(chan struct{})
		go func() {
			defer close(done)
			workers.Wait()
		}()
		closed(t, done, "the workers end")
		c.judge(t, other)
	})
}

// work takes and counts until ctx ends.
func (c *contest) work(ctx context.Context, i int) {
	for ctx.Err() == nil {
		h, err := c.take(ctx, c.clients[i])
		if err != nil {
			continue
		}
		c.mu.Lock()
		if c.holder != nil && c.holder.Err() == nil {
			c.overlap++
		}
		c.holder = h
		c.mu.Unlock()
		select {
		case c.won <- i:
		case <-ctx.Done():
		}
		c.count(ctx, c.clients[i], h)
		_ = h.Release(ctx)
	}
}

// count adds one to the counter, with nothing but the lock to keep others out.
func (c *contest) count(ctx context.Context, cl *client.Client, h *recipes.Held) {
	data, _, err := cl.Get(ctx, counter)
	if err != nil {
		return
	}
	n, _ := strconv.Atoi(string(data))
	results, err := cl.Multi(ctx, h.Check(),
		client.OpSet(counter, []byte(strconv.Itoa(n+1)), client.AnyVersion))
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case err == nil:
		c.writes = append(c.writes, write{results[1].Stat.Mzxid, h.Token()})
	case errors.Is(err, client.ErrUnknownOutcome):
		c.unknown++
	}
}

// disturb is the nemesis: after each few wins it hurts one worker.
func (c *contest) disturb(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	ctx := testContext(t)
	next := func() int {
		select {
		case i := <-c.won:
			return i
		case <-ctx.Done():
			require.Fail(t, "nobody wins any more")
			return 0
		}
	}
	for round := range 60 {
		victim := next()
		for range rng.IntN(4) {
			victim = next()
		}
		p, cl := c.proxies[victim], c.clients[victim]
		switch {
		case round%30 == 29:
			// It holds the lock while its connection stands still: others get it once its session
			// is over.
			lapsed := cl.Session().Lapsed()
			p.Pause()
			<-lapsed
			require.NotEqual(t, victim, next())
			p.Resume()
		case round%4 == 0:
			p.Drop(0)
		default:
			p.Cut(steps[rng.IntN(len(steps))], proxy.Where(rng.IntN(3)))
		}
	}
}

func (c *contest) heal(server string) {
	for _, p := range c.proxies {
		p.Target(server)
		p.Resume()
	}
}

func (c *contest) judge(t *testing.T, cl *client.Client) {
	data, _, err := cl.Get(testContext(t), counter)
	require.NoError(t, err)
	n, err := strconv.Atoi(string(data))
	require.NoError(t, err)
	require.Zero(t, c.overlap, "two holders at once")
	require.Greater(t, len(c.writes), 30)
	require.GreaterOrEqual(t, n, len(c.writes), "a count was lost")
	require.LessOrEqual(t, n, len(c.writes)+c.unknown, "a count was doubled")
	slices.SortFunc(c.writes, func(a, b write) int { return cmp.Compare(a.at, b.at) })
	require.True(t, slices.IsSortedFunc(c.writes, func(a, b write) int {
		return cmp.Compare(a.token, b.token)
	}), "a write of an older holder behind one of a newer")
}
