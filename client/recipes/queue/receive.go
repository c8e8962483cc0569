package queue

import (
	"context"
	"errors"
	"fmt"

	"quoll/client"
	"quoll/client/recipes"
	"quoll/client/recipes/internal/hold"
)

// Item is an item that this process has received: nobody else gets it until it is lost, or given
// back. What is done about it may be done twice, by whoever gets it next: Check of the Held keeps
// late writes out.
type Item[T any] struct {
	*recipes.Held
	Value      T
	ID         string // the name of its node
	Deliveries int    // how often it was received, this time included
	store      *store
	path       string
}

// Receive waits for an item and holds it. It stays in the queue until Ack.
func (q *Queue[T]) Receive(ctx context.Context) (*Item[T], error) {
	var got *Item[T]
	err := q.next(ctx, func(ctx context.Context, e *entry) (bool, error) {
		it := &Item[T]{ID: e.name, store: &q.store, path: e.path()}
		found, err := q.load(ctx, e, func(data []byte) (err error) {
			it.Value, err = q.codec.Decode(data)
			return err
		})
		if err != nil || found == nil {
			return false, err
		}
		if q.o.dead != "" && int(found.version) >= q.o.deadAfter {
			return false, q.bury(ctx, e, found)
		}
		// The data stays the same. Its version counts the deliveries.
		it.Held, err = hold.Make(ctx,
			q.spec(q.claim(e), client.OpSet(e.path(), found.data, found.version)))
		it.Deliveries, got = int(found.version)+1, it
		return taken(err)
	})
	if err != nil {
		return nil, hold.Wrap("receive from queue", q.path, err)
	}
	return got, nil
}

// Ack says that the work is done: the item is deleted. The error is recipes.ErrLost if it was lost
// before; somebody else has it then, or will. If it wraps client.ErrUnknownOutcome, the item may be
// deleted or not. After any error it is not held any more.
func (it *Item[T]) Ack(ctx context.Context) error {
	err := hold.Finish(ctx, it.Held, client.OpDelete(it.path, client.AnyVersion))
	if err != nil {
		hold.Leave(ctx, it.Held)
	}
	if errors.Is(err, client.ErrNoNode) {
		err = fmt.Errorf("%w: somebody has deleted the item", hold.ErrLost)
	}
	return hold.Wrap("acknowledge", it.path, hold.Lost(err))
}

// Nack gives the item back, for somebody else or for later. It keeps its place in the queue. The
// error is recipes.ErrLost if it was lost before.
func (it *Item[T]) Nack(ctx context.Context) error {
	err := it.Err()
	if err == nil {
		err = it.Release(ctx)
	}
	return hold.Wrap("give back", it.path, err)
}
