package recipes_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/client"
	"quoll/client/recipes"
	"quoll/client/recipes/barrier"
	"quoll/internal/proxy"
	"quoll/jute"
)

// later is a call in the background.
type later struct {
	err  error
	done chan struct{}
}

func inBackground(call func() error) *later {
	l := &later{done: make(chan struct{})}
	go func() {
		defer close(l.done)
		l.err = call()
	}()
	return l
}

// ends says that the call returns nil.
func (l *later) ends(t *testing.T) {
	t.Helper()
	closed(t, l.done, "the call returns")
	require.NoError(t, l.err)
}

// clear deletes what earlier tests have left.
func clear(t *testing.T, c *client.Client) {
	t.Helper()
	_, err := c.DeleteAll(testContext(t), "/app", client.DeleteAllOptions{})
	if err != nil {
		require.ErrorIs(t, err, client.ErrNoNode)
	}
}

func TestBarrier(t *testing.T) {
	w := newWorld(t)
	c, other := w.client(), w.beside()
	ctx := testContext(t)
	b := barrier.New(c, path)
	require.NoError(t, b.Wait(ctx), "a barrier that nobody has set is open")
	require.NoError(t, b.Remove(ctx))
	require.NoError(t, b.Set(ctx))
	require.NoError(t, b.Set(ctx), "it is set")
	reads := make(chan struct{}, 16)
	w.Seen(jute.OpGetData, func() { reads <- struct{}{} })
	waiter := inBackground(func() error { return b.Wait(ctx) })
	<-reads
	require.NoError(t, c.Sync(ctx, "/"))
	_, err := other.Set(ctx, path, []byte("changed"), client.AnyVersion)
	require.NoError(t, err)
	<-reads // it looks again, because a change is no removal
	require.True(t, isOpen(waiter.done))
	require.NoError(t, b.Remove(ctx))
	waiter.ends(t)

	require.NoError(t, b.Set(ctx))
	again := make(chan struct{}, 16)
	w.Seen(jute.OpGetData, func() { again <- struct{}{} })
	waiter = inBackground(func() error { return b.Wait(ctx) })
	<-again
	w.expire(c)
	closed(t, waiter.done, "its session is over")
	require.ErrorIs(t, waiter.err, recipes.ErrLost)
}

// member is one of a double barrier.
type member struct {
	*barrier.Double
	held *recipes.Held
}

func newMember(c *client.Client, n int, opts ...recipes.Option) *member {
	return &member{Double: barrier.NewDouble(c, path, n, "id", opts...)}
}

func (m *member) enters(ctx context.Context) *later {
	return inBackground(func() error {
		var err error
		m.held, err = m.Enter(ctx)
		return err
	})
}

func (m *member) leaves(ctx context.Context) *later {
	return inBackground(func() error { return m.Leave(ctx) })
}

// hasMembers waits until so many nodes are below the path, with that which says that the phase has
// begun.
func hasMembers(t *testing.T, c *client.Client, n int) { waitChildren(t, c, n) }

func TestDoubleBarrier(t *testing.T) {
	kazoo := recipes.WithLayout(recipes.Kazoo)
	for name, opts := range map[string][]recipes.Option{"Curator": nil, "kazoo": {kazoo}} {
		t.Run(name, func(t *testing.T) {
			ctx := testContext(t)
			w := newWorld(t)
			c, other := w.client(), w.beside()
			a, b, d := newMember(c, 2, opts...), newMember(other, 2, opts...), newMember(c, 2)
			for range 3 {
				enterA := a.enters(ctx)
				hasMembers(t, other, 1)
				require.True(t, isOpen(enterA.done), "it waits for the second one")
				enterB := b.enters(ctx)
				enterA.ends(t)
				enterB.ends(t)
				isHeld := func(m *member) { require.NoError(t, m.held.Err()) }
				isHeld(a)
				isHeld(b)
				_, err := a.Enter(ctx)
				require.ErrorIs(t, err, client.ErrBadArguments, "it is inside")

				third := d.enters(ctx)
				leaveA := a.leaves(ctx)
				leaveB := b.leaves(ctx)
				leaveA.ends(t)
				leaveB.ends(t)
				hasMembers(t, other, 1) // the third one has appeared
				require.True(t, isOpen(third.done), "the phase was one of two others")
				require.ErrorIs(t, a.Leave(ctx), client.ErrBadArguments, "it is outside")

				again := a.enters(ctx)
				third.ends(t)
				again.ends(t)
				leaveA, third = a.leaves(ctx), d.leaves(ctx)
				leaveA.ends(t)
				third.ends(t)
				hasMembers(t, other, 0)
			}
		})
	}
	_, err := newMember(newWorld(t).client(), 0).Enter(testContext(t))
	require.ErrorIs(t, err, client.ErrBadArguments)
}

// Whoever leaves waits for the others.
func TestDoubleBarrierLeave(t *testing.T) {
	ctx := testContext(t)
	w := newWorld(t)
	c, other := w.client(), w.beside()
	for _, first := range []bool{true, false} {
		a, b := newMember(c, 2), newMember(other, 2)
		entered := a.enters(ctx)
		b.enters(ctx).ends(t)
		entered.ends(t)
		if lower := a.held.Path() < b.held.Path(); lower != first {
			a, b = b, a
		}
		leaving := a.leaves(ctx)
		if !first {
			hasMembers(t, other, 2) // its own node is gone, and it waits
		}
		require.True(t, isOpen(leaving.done))
		short, cancel := context.WithCancel(ctx)
		cancel()
		require.ErrorIs(t, b.Leave(short), context.Canceled)
		leaving.ends(t)
		if !first {
			// The one that ended the phase did not wait; the next phase clears away what is left.
			require.LessOrEqual(t, len(waitChildren(t, other, 1)), 1)
		}
	}
}

// A member that is lost inside is not waited for. One that is lost while it waits has not entered.
// When all are lost, the next ones can enter nevertheless.
func TestDoubleBarrierLoss(t *testing.T) {
	ctx := testContext(t)
	w := newWorld(t)
	c, other := w.client(), w.beside()
	for _, all := range []bool{false, true} {
		a, b := newMember(c, 2), newMember(other, 2)
		if all {
			b = newMember(c, 2)
		}
		entered := a.enters(ctx)
		b.enters(ctx).ends(t)
		entered.ends(t)
		var leaving *later
		if !all {
			leaving = b.leaves(ctx)
		}
		w.expire(c)
		closed(t, a.held.Lost(), "it hears of it")
		require.ErrorIs(t, a.Leave(ctx), recipes.ErrLost)
		if !all {
			leaving.ends(t)
		}
	}
	a, b := newMember(c, 2), newMember(other, 2)
	entered := a.enters(ctx)
	for {
		names, _, err := other.Children(ctx, path)
		require.NoError(t, err)
		if len(names) == 1 && names[0] != "ready" {
			break // what the lost ones have left is swept
		}
	}
	w.expire(c)
	closed(t, entered.done, "it hears of it")
	require.ErrorIs(t, entered.err, recipes.ErrLost)
	entered = a.enters(ctx)
	b.enters(ctx).ends(t)
	entered.ends(t)
}

// A barrier of other clients: they do not say whose phase it is, and let in whoever comes.
func TestDoubleBarrierOfOthers(t *testing.T) {
	ctx := testContext(t)
	w := newWorld(t)
	c, other := w.client(), w.beside()
	theirs := path + "/0a1b2c3d-0000-4000-8000-000000000000"
	for name, data := range map[string]string{"Curator": "10.0.0.1", "kazoo": ""} {
		t.Run(name, func(t *testing.T) {
			a := newMember(c, 2)
			entered := a.enters(ctx)
			hasMembers(t, other, 1)
			_, _, err := other.Create(ctx, theirs, nil, client.Ephemeral)
			require.NoError(t, err)
			_, _, err = other.Create(ctx, path+"/ready", []byte(data))
			require.NoError(t, err)
			entered.ends(t)
			left := a.leaves(ctx)
			if name == "kazoo" {
				require.NoError(t, other.Delete(ctx, path+"/ready", client.AnyVersion))
			}
			require.NoError(t, other.Delete(ctx, theirs, client.AnyVersion))
			left.ends(t)
			clear(t, other)
		})
	}
	_, _, err := other.Create(ctx, path+"/lock-0000000001", nil, client.Parents)
	require.NoError(t, err)
	_, err = newMember(c, 2).Enter(ctx)
	require.ErrorIs(t, err, recipes.ErrLayout)
}

// A member that has come too late for a phase steps back, but not from the next one, which has begun
// meanwhile and is its own.
func TestDoubleBarrierStepBack(t *testing.T) {
	ctx := testContext(t)
	w := newWorld(t)
	other := w.beside()
	late, a, b, d := newMember(w.client(), 2), newMember(other, 2), newMember(other, 2),
		newMember(other, 2)
	appears, appear := make(chan struct{}), make(chan struct{})
	w.Seen(jute.OpCreate2, sync.OnceFunc(func() { close(appears); <-appear }))
	steps, step := make(chan struct{}), make(chan struct{})
	w.Seen(jute.OpMulti, sync.OnceFunc(func() { close(steps); <-step }))

	enterA := a.enters(ctx)
	hasMembers(t, other, 1)
	entered := late.enters(ctx)
	<-appears
	b.enters(ctx).ends(t)
	enterA.ends(t)
	close(appear)
	<-steps
	leaveA := a.leaves(ctx)
	b.leaves(ctx).ends(t)
	leaveA.ends(t)
	d.enters(ctx).ends(t) // with the late one
	close(step)
	entered.ends(t)
	require.NoError(t, late.held.Err())
}

// players are members that enter and leave as often as they can.
type players struct {
	n, enough int
	entering  context.Context // ends when so many have been inside
	stop      context.CancelFunc

	mu     sync.Mutex
	full   *sync.Cond
	inside int
	passed int
	most   int
}

// meet is what a member does inside: it waits until n have been there with it.
func (p *players) meet() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.passed++
	p.inside++
	p.most = max(p.most, p.inside)
	if p.passed >= p.enough {
		p.stop()
	}
	p.full.Broadcast()
	target := (p.passed + p.n - 1) / p.n * p.n
	for p.passed < target && p.entering.Err() == nil {
		p.full.Wait() // Enter has returned to this one, so it does to the others
	}
	p.inside--
}

// Six members of a barrier of three enter and leave over connections that break: three at a time
// are inside, never more, and nobody is let in unless three are.
func TestDoubleBarrierHistory(t *testing.T) {
	const n, members, phases = 3, 6, 15
	w := newWorld(t)
	ctx := testContext(t)
	p := &players{n: n, enough: n * phases}
	p.entering, p.stop = context.WithCancel(ctx)
	defer p.stop()
	p.full = sync.NewCond(&p.mu)
	context.AfterFunc(p.entering, p.full.Broadcast)
	var workers sync.WaitGroup
	for i := range members {
		c := w.client()
		rng := rand.New(rand.NewPCG(uint64(i), 7))
		m := newMember(c, n)
		workers.Go(func() {
			for p.entering.Err() == nil {
				w.Cut(steps[rng.IntN(len(steps))], proxy.Where(rng.IntN(3)))
				if _, err := m.Enter(p.entering); err != nil {
					if !errors.Is(err, context.Canceled) {
						t.Errorf("enter: %v", err)
					}
					return
				}
				p.meet()
				if err := m.Leave(ctx); err != nil {
					t.Errorf("leave: %v", err)
				}
			}
		})
	}
	workers.Wait()
	require.GreaterOrEqual(t, p.passed, p.enough)
	require.Equal(t, n, p.most)
}

func TestGather(t *testing.T) {
	ctx := testContext(t)
	w := newWorld(t)
	c, other := w.client(), w.beside()
	g, late := barrier.NewGather(other, path, 3), barrier.NewGather(c, path, 3)
	waits := make(chan struct{}, 256)
	w.Seen(jute.OpExists, func() { waits <- struct{}{} })
	lateIDs := make(chan []string, 1)
	waiter := inBackground(func() error {
		ids, err := late.Wait(ctx) // of the generation that is under way, which is the first
		lateIDs <- ids
		return err
	})
	<-waits
	for generation := range 20 {
		ids := []string{}
		for i := range 3 {
			ids = append(ids, fmt.Sprint(generation, "-", i))
			require.NoError(t, g.Arrive(ctx, ids[i]))
			if i < 2 {
				require.NoError(t, g.Arrive(ctx, ids[i]), "to arrive twice is to arrive once")
			}
		}
		got, err := g.Wait(ctx)
		require.NoError(t, err)
		require.Equal(t, ids, got)
		if generation == 0 {
			waiter.ends(t)
			require.Equal(t, ids, <-lateIDs)
			require.NoError(t, late.Arrive(ctx, "1-0")) // it does not wait before the end
		}
	}
	_, err := late.Wait(ctx)
	require.ErrorIs(t, err, recipes.ErrLost, "that was long ago")
	names := waitChildren(t, other, 16)
	require.NotContains(t, names, "done-0000000004")
	require.ErrorIs(t, barrier.NewGather(c, path, 4).Arrive(ctx, "a"), client.ErrBadArguments)
	require.ErrorIs(t, barrier.NewGather(c, path, 0).Arrive(ctx, "a"), client.ErrBadArguments)
	_, err = other.Set(ctx, path, []byte("not ours"), client.AnyVersion)
	require.NoError(t, err)
	require.ErrorIs(t, g.Arrive(ctx, "a"), recipes.ErrLayout)
}

// Ten arrive as often as they can, over connections that break: each arrival is in one generation,
// and each generation has as many as it should.
func TestGatherHistory(t *testing.T) {
	const n, arrivers, rounds = 4, 10, 6
	w := newWorld(t)
	ctx := testContext(t)
	var arriving sync.WaitGroup
	for i := range arrivers {
		g := barrier.NewGather(w.client(), path, n)
		rng := rand.New(rand.NewPCG(uint64(i), 9))
		arriving.Go(func() {
			for round := range rounds {
				w.Cut(steps[rng.IntN(len(steps))], proxy.Where(rng.IntN(3)))
				if err := g.Arrive(ctx, fmt.Sprint(i, "-", round)); err != nil {
					t.Errorf("arrive: %v", err)
				}
			}
		})
	}
	arriving.Wait()
	c := w.beside()
	names := waitChildren(t, c, arrivers*rounds/n)
	seen := map[string]bool{}
	for _, name := range names {
		text, _, err := c.Get(ctx, path+"/"+name)
		require.NoError(t, err)
		var ids []string
		ids, err = recipes.JSON[[]string]().Decode(text)
		require.NoError(t, err)
		require.Len(t, ids, n)
		for _, id := range ids {
			require.False(t, seen[id], "%s arrived twice", id)
			seen[id] = true
		}
	}
	require.Len(t, seen, arrivers*rounds)
}

// Who waits hears of the end of its session, and may wait again.
func TestGatherLoss(t *testing.T) {
	ctx := testContext(t)
	w := newWorld(t)
	c, other := w.client(), w.beside()
	g := barrier.NewGather(c, path, 2)
	require.NoError(t, g.Arrive(ctx, "a"))
	reads := make(chan struct{}, 16)
	w.Seen(jute.OpExists, func() { reads <- struct{}{} })
	wait := func() error { _, err := g.Wait(ctx); return err }
	waiter := inBackground(wait)
	<-reads
	w.expire(c)
	closed(t, waiter.done, "its session is over")
	require.ErrorIs(t, waiter.err, recipes.ErrLost)
	require.NoError(t, barrier.NewGather(other, path, 2).Arrive(ctx, "b"))
	require.NoError(t, wait())
}
