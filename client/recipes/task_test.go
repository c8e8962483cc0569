package recipes_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"quoll/client"
	"quoll/client/recipes"
	"quoll/client/recipes/task"
	"quoll/internal/proxy"
	"quoll/jute"
)

func TestTasks(t *testing.T) {
	ctx := testContext(t)
	w := newWorld(t)
	c, other := w.client(), w.beside()
	tasks := task.New(other, path)
	_, err := tasks.Wait(ctx, "a")
	require.ErrorIs(t, err, client.ErrNoNode)
	require.NoError(t, tasks.Submit(ctx, "b", []byte("second")))
	require.NoError(t, tasks.Submit(ctx, "a", []byte("first")))
	require.ErrorIs(t, tasks.Submit(ctx, "a", []byte("first")), client.ErrNodeExists)
	require.ErrorIs(t, tasks.Submit(ctx, "a/b", nil), client.ErrBadArguments)

	worker, err := task.New(c, path).Join(ctx, "host-7", []byte("fast"))
	require.NoError(t, err)
	peers, err := tasks.Workers(ctx)
	require.NoError(t, err)
	require.Equal(t, []string{"host-7=fast"}, ids(peers))
	cl, err := worker.Claim(ctx)
	require.NoError(t, err)
	require.Equal(t, "a", cl.ID)
	require.Equal(t, "first", string(cl.Data))
	require.Nil(t, cl.Left)
	isHeld(t, c, other, cl.Held)
	require.NoError(t, cl.Progress(ctx, []byte("10 %")))
	require.NoError(t, cl.Progress(ctx, []byte("20 %")))
	got, err := tasks.Get(ctx, "a")
	require.NoError(t, err)
	require.Equal(t, task.Claimed, got.State)
	require.Equal(t, "host-7", got.Worker)
	require.Equal(t, "20 %", string(got.Progress))

	// The session is lost: another worker goes on, and the first one changes nothing any more.
	second, err := tasks.Join(ctx, "host-8", nil)
	require.NoError(t, err)
	w.expire(c)
	isLost(t, cl.Held)
	next, err := second.Claim(ctx)
	require.NoError(t, err)
	require.Equal(t, "a", next.ID)
	require.Equal(t, "20 %", string(next.Left))
	require.ErrorIs(t, cl.Progress(ctx, []byte("30 %")), recipes.ErrLost)
	require.ErrorIs(t, cl.Finish(ctx, []byte("wrong")), recipes.ErrLost)
	waited := make(chan task.Task, 1)
	go func() {
		done, err := task.New(c, path).Wait(ctx, "a")
		if err != nil {
			t.Errorf("wait: %v", err)
		}
		waited <- done
	}()
	require.NoError(t, next.Finish(ctx, []byte("right")))
	isLost(t, next.Held)
	require.ErrorIs(t, next.Finish(ctx, []byte("again")), recipes.ErrLost)
	done := <-waited
	require.Equal(t, "right", string(done.Outcome))
	require.Equal(t, "host-8", done.Worker)
	require.ErrorIs(t, tasks.Submit(ctx, "a", []byte("first")), client.ErrNodeExists, "it is done")

	// One that is given back waits for a worker again.
	cl, err = worker.Claim(ctx)
	require.NoError(t, err)
	require.NoError(t, cl.Release(ctx))
	// A dispatcher that starts again finds everything.
	all, err := task.New(w.beside(), path).All(ctx)
	require.NoError(t, err)
	require.Len(t, all, 2)
	require.Equal(t, []task.State{task.Done, task.Waiting}, []task.State{all[0].State, all[1].State})
	require.Equal(t, "second", string(all[1].Data))
	require.NoError(t, tasks.Forget(ctx, "a"))
	require.ErrorIs(t, tasks.Forget(ctx, "a"), client.ErrNoNode)
	_, err = tasks.Get(ctx, "a")
	require.ErrorIs(t, err, client.ErrNoNode)
	require.NoError(t, tasks.Submit(ctx, "a", nil), "the id may be used again")
}

// A worker that waits gets what comes, and leaves with its context or its session.
func TestClaimWaits(t *testing.T) {
	ctx := testContext(t)
	w := newWorld(t)
	c, other := w.client(client.WithSessionTimeout(time.Second)), w.beside()
	tasks := task.New(other, path)
	worker, err := task.New(c, path).Join(ctx, "w", nil)
	require.NoError(t, err)
	claim := func(ctx context.Context, _ *client.Client) (*recipes.Held, error) {
		cl, err := worker.Claim(ctx)
		if err != nil {
			return nil, err
		}
		return cl.Held, cl.Finish(ctx, nil)
	}
	for i := range 3 {
		waiter := begin(ctx, c, claim)
		require.NoError(t, tasks.Submit(ctx, fmt.Sprint(i), nil))
		closed(t, waiter.done, "it gets the task")
		require.NoError(t, waiter.err)
	}
	short, cancel := context.WithCancel(ctx)
	waiter := begin(short, c, claim)
	cancel()
	closed(t, waiter.done, "it leaves")
	require.ErrorIs(t, waiter.err, context.Canceled)
	listed := make(chan struct{}, 16)
	w.Seen(jute.OpGetChildren2, func() { listed <- struct{}{} })
	waiter = begin(ctx, c, claim)
	<-listed
	w.Pause()
	closed(t, waiter.done, "it leaves")
	require.ErrorIs(t, waiter.err, recipes.ErrLost)
	w.Resume()
}

// Workers do tasks while connections break at chance requests and sessions end. Every task is
// finished by one worker, which hears that it has, or is told that the answer got lost; and the
// outcome is that of the last claim.
func TestEveryTaskIsDoneOnce(t *testing.T) {
	const count, workers = 40, 4
	ctx := testContext(t)
	w := newWorld(t)
	other := w.beside()
	tasks := task.New(other, path)
	var mu sync.Mutex
	var expiring sync.Mutex
	finished, tokens := map[string][]client.Zxid{}, map[string]client.Zxid{}
	claims := 0
	working, stop := context.WithCancel(ctx)
	defer stop()
	var running sync.WaitGroup
	for i := range workers {
		c := w.client()
		rng := rand.New(rand.NewPCG(uint64(i), 6))
		running.Go(func() {
			worker, err := task.New(c, path).Join(ctx, fmt.Sprint(i), nil)
			if err != nil {
				t.Errorf("join: %v", err)
				return
			}
			for working.Err() == nil {
				cl, err := worker.Claim(working)
				if err != nil {
					continue
				}
				mu.Lock()
				claims++
				if cl.Token() <= tokens[cl.ID] {
					t.Errorf("%s: token %v behind %v", cl.ID, cl.Token(), tokens[cl.ID])
				}
				tokens[cl.ID] = cl.Token()
				mu.Unlock()
				switch rng.IntN(8) {
				case 0:
					expiring.Lock()
					w.expire(c)
					expiring.Unlock()
				case 1, 2, 3:
					w.Cut(steps[rng.IntN(len(steps))], proxy.Where(rng.IntN(3)))
				}
				_ = cl.Progress(ctx, []byte("half"))
				err = cl.Finish(ctx, fmt.Append(nil, cl.Token()))
				mu.Lock()
				if err == nil {
					finished[cl.ID] = append(finished[cl.ID], cl.Token())
				}
				mu.Unlock()
				_ = cl.Release(ctx)
			}
		})
	}
	for i := range count {
		require.NoError(t, tasks.Submit(ctx, fmt.Sprint(i), nil))
	}
	for i := range count {
		id := fmt.Sprint(i)
		done, err := tasks.Wait(ctx, id)
		require.NoError(t, err)
		mu.Lock()
		require.Equal(t, fmt.Sprint(tokens[id]), string(done.Outcome), "the last claim has done it")
		mu.Unlock()
	}
	stop()
	running.Wait()
	require.GreaterOrEqual(t, claims, count)
	for id, by := range finished {
		require.Len(t, by, 1, id)
	}
}
