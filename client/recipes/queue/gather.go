package queue

import (
	"context"
	"errors"
	"fmt"

	"quoll/client"
	"quoll/client/recipes"
	"quoll/client/recipes/internal/hold"
)

// Gather is a queue that gives its items away n at a time.
type Gather[T any] struct {
	queue *Queue[T]
	n     int
}

// NewGather is a queue whose items are collected n at a time. The nodes are those of New. It has no
// shards, and nobody may Take or Receive from it.
func NewGather[T any](
	c *client.Client, path string, n int, codec recipes.Codec[T], opts ...Option,
) *Gather[T] {
	return &Gather[T]{New(c, path, codec, opts...), n}
}

// Put adds an item, as Put of a Queue does.
func (g *Gather[T]) Put(ctx context.Context, v T) (id string, err error) {
	return g.queue.Put(ctx, v)
}

// most is how many items one Multi deletes.
const most = 1000

// Collect waits until n items are there, deletes the first n and returns them, in their order. Each
// item goes to one collector, and each collector gets n. A lost answer is settled; only if ctx or
// the session ends before that, the error wraps client.ErrUnknownOutcome, and n items may be lost.
func (g *Gather[T]) Collect(ctx context.Context) ([]T, error) {
	values, err := g.collect(ctx)
	return values, hold.Wrap("collect from queue", g.queue.path, err)
}

func (g *Gather[T]) collect(ctx context.Context) ([]T, error) {
	s := &g.queue.store
	if g.n < 1 || g.n > most || s.o.shards > 0 {
		return nil, fmt.Errorf("%w: %d items at a time, at most %d, %d shards",
			client.ErrBadArguments, g.n, most, s.o.shards)
	}
	if err := s.o.check(); err != nil {
		return nil, err
	}
	ctx, stop, err := hold.WithSession(ctx, s.client)
	if err != nil {
		return nil, err
	}
	defer stop()
	for {
		entries, err := g.await(ctx)
		if err != nil {
			return nil, s.cause(ctx, err)
		}
		values, ops, err := g.load(ctx, entries)
		if err == nil {
			_, _, err = hold.Once(ctx, s.spec("", ops...))
		}
		if err == nil {
			return values, nil
		}
		if !errors.Is(err, client.ErrNoNode) { // another collector was first
			return nil, s.cause(ctx, err)
		}
	}
}

// await waits until n items are there, and returns the first n.
func (g *Gather[T]) await(ctx context.Context) ([]entry, error) {
	for {
		w := &waiting{}
		entries, err := g.queue.look(ctx, w)
		if err == nil && len(entries) < g.n {
			err = w.wait(ctx)
		}
		w.close()
		if err != nil {
			return nil, err
		}
		if len(entries) >= g.n {
			return entries[:g.n], nil
		}
	}
}

// load reads items, and has the operations that delete them.
func (g *Gather[T]) load(
	ctx context.Context, entries []entry,
) (values []T, ops []client.Op, err error) {
	s := &g.queue.store
	reads := make([]*client.Future[client.Node], len(entries))
	for i := range entries {
		reads[i] = s.client.Async().Get(ctx, entries[i].path())
	}
	for i := range entries {
		node, err := reads[i].Wait(ctx)
		if err != nil {
			return nil, nil, err
		}
		items, err := s.o.decode(node.Data)
		if err == nil && len(items) != 1 {
			err = fmt.Errorf("%w: %d items in one node", hold.ErrLayout, len(items))
		}
		var value T
		if err == nil {
			value, err = g.queue.codec.Decode(items[0])
		}
		if err != nil {
			return nil, nil, fmt.Errorf("item %q: %w", entries[i].path(), err)
		}
		values = append(values, value)
		ops = append(ops, client.OpDelete(entries[i].path(), client.AnyVersion))
	}
	return values, ops, nil
}
