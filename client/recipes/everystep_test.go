package recipes_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"quoll/client"
	"quoll/internal/proxy"
)

// scene is where a recipe is used: by a client whose requests are disturbed, and by another one.
type scene struct {
	c, other *client.Client
}

// step is a call of a recipe, or a few. It must succeed, over a cut at any of its requests, and
// checks what it has brought about.
type step func(ctx context.Context) error

// A scenario is the steps of one use of a recipe, from the first one to the last one. It begins
// without any node below /app.
type scenario func(s *scene) []step

// mostRequests is more than any scenario sends.
const mostRequests = 300

// Each request of each recipe is cut: the k-th request of a scenario, for each k until there are not
// as many, before it gets to the server, before its reply, and inside the reply. There is no hang, and
// each step does what it should, once. If it was carried out, the request that follows is cut too in a
// round of its own: often it is to find out what has become of the first.
func TestCutAtEveryRequest(t *testing.T) {
	for name, places := range map[string][]proxy.Where{
		"before": {proxy.Before}, "after": {proxy.After}, "inside": {proxy.Inside},
		"after, twice": {proxy.After, proxy.After},
	} {
		cut := func(w *world, k int) (last <-chan struct{}) {
			for _, where := range places {
				last = w.CutNth(k, where) // the request that meets one cut does not count for the other
			}
			return last
		}
		eachRequest(t, name, cut,
			func(t *testing.T, _ *world, steps []step, _ <-chan struct{}) {
				ctx := testContext(t)
				for i, step := range steps {
					require.NoError(t, step(ctx), "step %d", i)
				}
			})
	}
}

// Whoever waits for a recipe leaves when its context ends, whatever request is not answered.
func TestCancelAtEveryRequest(t *testing.T) {
	for name, why := range map[string]error{
		"cancelled": context.Canceled, "late": context.DeadlineExceeded,
	} {
		hold := func(w *world, k int) <-chan struct{} { return w.CutNth(k, proxy.Held) }
		eachRequest(t, name, hold,
			func(t *testing.T, w *world, steps []step, held <-chan struct{}) {
				givesUp(t, w, steps, held, why)
			})
	}
}

// givesUp runs steps until a request is held back. Then their context ends, with why.
func givesUp(t *testing.T, w *world, steps []step, held <-chan struct{}, why error) {
	ctx := &ending{Context: context.Background(), done: make(chan struct{}), why: why}
	cancel := sync.OnceFunc(func() { close(ctx.done) })
	defer cancel()
	defer w.Resume()
	for i, step := range steps {
		ended := inBackground(func() error { return step(ctx) })
		select {
		case <-ended.done:
			require.NoError(t, ended.err, "step %d", i)
			continue
		case <-held:
		}
		begin := time.Now()
		cancel()
		closed(t, ended.done, fmt.Sprint("step ", i, " ends"))
		require.Less(t, time.Since(begin), *cancelBound)
		if ended.err != nil {
			require.ErrorIs(t, ended.err, why, "step %d", i)
		}
		return
	}
}

// ending is a context that ends when a test says so, as if its time were over.
type ending struct {
	context.Context
	done chan struct{}
	why  error
}

func (e *ending) Done() <-chan struct{} { return e.done }

func (e *ending) Err() error {
	if isOpen(e.done) {
		return nil
	}
	return e.why
}

// eachRequest runs each scenario, and disturbs its first request, then its second, and so on, until
// it has fewer.
func eachRequest(
	t *testing.T, how string, disturb func(w *world, k int) <-chan struct{},
	run func(t *testing.T, w *world, steps []step, happened <-chan struct{}),
) {
	for name, begin := range scenarios() {
		t.Run(name+"/"+how, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if w.root != "" && how != "after" {
				t.Skip("thousands of runs: a process has one kind of them")
			}
			other := w.beside()
			for k := 1; k < mostRequests; k++ {
				more := true
				t.Run(fmt.Sprint(k), func(t *testing.T) {
					clear(t, other)
					s := &scene{c: w.client(), other: other}
					happened := disturb(w, k)
					run(t, w, begin(s), happened)
					more = w.Forget() == 0
					_ = s.c.Close()
				})
				if !more || t.Failed() {
					return
				}
			}
			t.Error("there is no end")
		})
	}
}

// errOther is another result than a scenario expects.
var errOther = errors.New("another result")

// is says that a call had no error, and what it returned.
func is[T comparable](want, got T, err error) error {
	if err == nil && got != want {
		return fmt.Errorf("%w: got %v, want %v", errOther, got, want)
	}
	return err
}

// becomes waits until path has n children, as another client sees it.
func (s *scene) becomes(ctx context.Context, dir string, n int) error {
	for {
		names, _, w, err := s.other.ChildrenW(ctx, dir)
		if errors.Is(err, client.ErrNoNode) && n == 0 {
			return nil
		}
		if err != nil {
			return err
		}
		if len(names) == n {
			return w.Close()
		}
		if _, err := w.Next(ctx); err != nil {
			return fmt.Errorf("%s has %q, want %d: %w", dir, names, n, err)
		}
	}
}
