package barrier

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"

	"quoll/client"
	"quoll/client/recipes"
	"quoll/client/recipes/internal/hold"
)

// Gather waits until n have arrived. Then it begins again: the next n are the next generation.
type Gather struct {
	client *client.Client
	path   string
	n      int
	opts   hold.Options

	mu     sync.Mutex
	number int64 // of the generation of the last Arrive; 0 before the first
}

// NewGather is a gather of n. All who use the path must use the same n: another one is
// client.ErrBadArguments. No other client has this layout.
func NewGather(c *client.Client, path string, n int, opts ...recipes.Option) *Gather {
	return &Gather{client: c, path: path, n: n, opts: hold.Apply(opts)}
}

// Arrive tells that id is there. To arrive twice in one generation is to arrive once, so whoever
// does not know whether it has arrived may do it again. An arrival stays, whatever becomes of the
// session. A lost answer is settled; only if ctx or the session ends before that, the error wraps
// client.ErrUnknownOutcome.
func (g *Gather) Arrive(ctx context.Context, id string) error {
	number, err := g.arrive(ctx, id)
	if err == nil {
		g.mu.Lock()
		g.number = number
		g.mu.Unlock()
	}
	return hold.Wrap("arrive at", g.path, err)
}

func (g *Gather) arrive(ctx context.Context, id string) (int64, error) {
	if g.n < 1 {
		return 0, fmt.Errorf("%w: a gather of %d", client.ErrBadArguments, g.n)
	}
	for {
		now, version, err := g.current(ctx)
		if err != nil {
			return 0, err
		}
		if slices.Contains(now.Arrived, id) {
			return now.Number, nil
		}
		ops, err := g.arrival(now, version, id)
		if err != nil {
			return 0, err
		}
		_, _, err = hold.Once(ctx, &hold.Spec{
			Client: g.client, Dir: g.path, Prefix: "_c_" + hold.UUID(), ACL: g.opts.ACL,
			Logger: g.opts.Logger, Beside: ops,
		})
		switch {
		case errors.Is(err, client.ErrBadVersion): // somebody else has arrived
		case err != nil:
			return 0, err
		default:
			if len(ops) > 1 && now.Number > kept {
				// If that fails there is one small node too many.
				_ = g.client.Delete(ctx, g.donePath(now.Number-kept), client.AnyVersion)
			}
			return now.Number, nil
		}
	}
}

// arrival is what has to be written when id arrives. The last one of a generation begins the next.
func (g *Gather) arrival(now generation, version int32, id string) ([]client.Op, error) {
	ids := append(now.Arrived, id)
	next := generation{N: g.n, Number: now.Number, Arrived: ids}
	complete := len(ids) >= g.n
	if complete {
		next = generation{N: g.n, Number: now.Number + 1, Arrived: []string{}}
	}
	text, err := json.Marshal(next)
	if err != nil {
		return nil, err
	}
	ops := []client.Op{client.OpSet(g.path, text, version)}
	if complete {
		if text, err = json.Marshal(ids); err != nil {
			return nil, err
		}
		ops = append(ops,
			client.OpCreate(g.donePath(now.Number), text, client.WithACL(g.opts.ACL...)))
	}
	return ops, nil
}

// Wait waits until a generation is complete, and returns the ids of all n in the order in which
// they have arrived. It is the generation of the last Arrive of this Gather, or that which is under
// way if there was none. If the session may have ended before, the error is recipes.ErrLost; the
// arrival stays, and Wait may be called again. Who is more than sixteen generations late gets
// recipes.ErrLost too.
func (g *Gather) Wait(ctx context.Context) ([]string, error) {
	g.mu.Lock()
	number := g.number
	g.mu.Unlock()
	ids, err := g.wait(ctx, number)
	return ids, hold.Wrap("wait for", g.path, err)
}

func (g *Gather) wait(ctx context.Context, number int64) ([]string, error) {
	ctx, stop, err := hold.WithSession(ctx, g.client)
	if err != nil {
		return nil, err
	}
	defer stop()
	for {
		now, _, err := g.current(ctx)
		if number == 0 {
			number = now.Number
		}
		if err == nil && now.Number > number {
			return g.done(ctx, number)
		}
		if err == nil {
			err = g.awaitDone(ctx, number)
		}
		if err != nil {
			return nil, hold.Lost(errors.Join(context.Cause(ctx), err))
		}
	}
}

// awaitDone waits until a generation may be complete.
func (g *Gather) awaitDone(ctx context.Context, number int64) error {
	_, found, w, err := g.client.ExistsW(ctx, g.donePath(number))
	if err != nil {
		return err
	}
	defer w.Close()
	if found {
		return nil
	}
	select {
	case <-w.Fired():
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
