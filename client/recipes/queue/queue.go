package queue

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"quoll/client"
	"quoll/client/recipes"
	"quoll/client/recipes/internal/hold"
)

// Queue is a queue of items of one type. Any number of goroutines may use it.
type Queue[T any] struct {
	store
	codec recipes.Codec[T]
}

// New is a queue. Who comes first is taken first. Its items are those of Curator's DistributedQueue
// with the codec as its serializer, or with kazoo's layout those of kazoo's Queue.
func New[T any](
	c *client.Client, path string, codec recipes.Codec[T], opts ...Option,
) *Queue[T] {
	return &Queue[T]{newStore(c, path, opts), codec}
}

// Len is how many items there are, those included that somebody has received and not acknowledged.
func (q *Queue[T]) Len(ctx context.Context) (int, error) {
	n, err := q.length(ctx)
	return n, hold.Wrap("length of queue", q.path, err)
}

// store is a queue of bytes.
type store struct {
	client *client.Client
	path   string
	o      options

	mu     sync.Mutex
	listed []entry // and not tried yet, the next one first
}

func newStore(c *client.Client, path string, opts []Option) store {
	return store{client: c, path: path, o: apply(path, opts)}
}

// dirs are the nodes that have items as children, and a watch that fires when there are more. There
// is no watch if watch is false.
func (s *store) dirs(ctx context.Context, watch bool) ([]string, *client.Watch, error) {
	if s.o.shards == 0 {
		return []string{s.path}, nil, nil
	}
	names, w, err := s.children(ctx, s.path, watch)
	if err != nil {
		return nil, nil, err
	}
	dirs := make([]string, len(names))
	for i, name := range names {
		if !strings.HasPrefix(name, shardName) {
			_ = closed(w)
			return nil, nil, fmt.Errorf("%w: %q, this is a queue with shards",
				hold.ErrLayout, name)
		}
		dirs[i] = hold.Join(s.path, name)
	}
	return dirs, w, nil
}

// children lists a node, with a watch that fires when the list is another one. A node that is not
// there has no children.
func (s *store) children(
	ctx context.Context, path string, watch bool,
) ([]string, *client.Watch, error) {
	if !watch {
		names, _, err := s.client.Children(ctx, path)
		if errors.Is(err, client.ErrNoNode) {
			err = nil
		}
		return names, nil, err
	}
	for {
		names, _, w, err := s.client.ChildrenW(ctx, path)
		if !errors.Is(err, client.ErrNoNode) {
			return names, w, err
		}
		_, exists, w, err := s.client.ExistsW(ctx, path)
		if err != nil || !exists {
			return nil, w, err
		}
		_ = closed(w)
	}
}

// closed closes a watch, if there is one.
func closed(w *client.Watch) error {
	if w == nil {
		return nil
	}
	return w.Close()
}

func (s *store) length(ctx context.Context) (int, error) {
	dirs, _, err := s.dirs(ctx, false)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, dir := range dirs {
		stat, _, err := s.client.Exists(ctx, dir)
		if err != nil {
			return 0, err
		}
		n += int(stat.NumChildren)
	}
	return n, nil
}

// spec is a node that is there for a moment, and ops that happen with it. claim is the item that it
// claims; "" if it is a receipt only.
func (s *store) spec(claim string, ops ...client.Op) *hold.Spec {
	spec := &hold.Spec{
		Client: s.client, Dir: s.o.locks, Prefix: "_c_" + hold.UUID(), ACL: s.o.hold.ACL,
		Data: s.o.hold.Data, Logger: s.o.hold.Logger, Beside: ops,
	}
	if claim != "" {
		spec.Shared = hold.Join(s.o.locks, claim)
	}
	return spec
}
