package queue

import (
	"context"
	"errors"
	"fmt"

	"quoll/client"
	"quoll/client/recipes/internal/hold"
)

// Take waits for an item, deletes it and returns it. Nobody else gets it: at most once. If this
// process ends before it has done its work, the item is lost. A lost answer is settled; only if ctx
// or the session ends before that, the error wraps client.ErrUnknownOutcome, and an item may be
// lost.
//
// Of items that cannot be decoded the error tells; they stay, unless there is WithDeadLetter.
func (q *Queue[T]) Take(ctx context.Context) (T, error) {
	var got T
	err := q.next(ctx, func(ctx context.Context, e *entry) (bool, error) {
		found, err := q.load(ctx, e, func(data []byte) (err error) {
			got, err = q.codec.Decode(data)
			return err
		})
		if err != nil || found == nil {
			return false, err
		}
		_, _, err = hold.Once(ctx, q.spec(q.claim(e), client.OpDelete(e.path(), found.version)))
		return taken(err)
	})
	if err != nil {
		var none T
		return none, hold.Wrap("take from queue", q.path, err)
	}
	return got, nil
}

// taken says whether an item is ours now. That somebody else was first is no error.
func taken(err error) (bool, error) {
	for _, of := range []error{client.ErrNodeExists, client.ErrNoNode, client.ErrBadVersion} {
		if errors.Is(err, of) {
			return false, nil
		}
	}
	return err == nil, err
}

// item is an item as it was read.
type item struct {
	data    []byte // of the node
	version int32
}

// load reads an item and lets decode have it. It returns nil if there is nothing for the caller:
// the item is gone, or is no good and was moved away.
func (s *store) load(
	ctx context.Context, e *entry, decode func(value []byte) error,
) (*item, error) {
	data, stat, err := s.client.Get(ctx, e.path())
	if errors.Is(err, client.ErrNoNode) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	found := &item{data, stat.Version}
	values, err := s.o.decode(data)
	if err == nil && len(values) != 1 {
		return nil, s.split(ctx, e, found, values)
	}
	if err == nil {
		err = decode(values[0])
	}
	if err != nil && s.o.dead != "" {
		return nil, s.bury(ctx, e, found)
	}
	if err != nil {
		return nil, fmt.Errorf("item %q: %w", e.path(), err)
	}
	return found, nil
}

// split makes items of their own of those that Curator's putMulti has put into one node. They go to
// the end of the queue.
func (s *store) split(ctx context.Context, e *entry, of *item, values [][]byte) error {
	ops := []client.Op{client.OpDelete(e.path(), of.version)}
	for _, v := range values {
		ops = append(ops, client.OpCreate(hold.Join(e.dir, e.unnumbered()), s.o.encode(v),
			client.Sequential, client.WithACL(s.o.hold.ACL...)))
	}
	_, _, err := hold.Once(ctx, s.spec(s.claim(e), ops...))
	_, err = taken(err)
	return err
}

// bury moves an item to where nobody takes it from.
func (s *store) bury(ctx context.Context, e *entry, of *item) error {
	if err := hold.Ensure(ctx, s.client, s.o.dead, s.o.hold.ACL); err != nil {
		return err
	}
	_, _, err := hold.Once(ctx, s.spec(s.claim(e), client.OpDelete(e.path(), of.version),
		client.OpCreate(hold.Join(s.o.dead, e.unnumbered()), of.data, client.Sequential,
			client.WithACL(s.o.hold.ACL...))))
	_, err = taken(err)
	return err
}
