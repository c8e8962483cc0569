package discovery

import (
	"context"
	"fmt"
	"sync"
	"time"

	"quoll/client"
	"quoll/client/recipes/internal/hold"
	"quoll/client/recipes/internal/keep"
)

// Registration is an instance that is registered.
type Registration[T any] struct {
	node *keep.Node

	mu sync.Mutex
	in Instance[T]
}

// Register makes an instance known until Close, over lost sessions too. A dynamic one that another
// session has registered with the same id is replaced: a process that was started again does not
// wait for its own old session.
func Register[T any](
	ctx context.Context, c *client.Client, base string, in Instance[T],
) (*Registration[T], error) {
	if in.ID == "" {
		in.ID = hold.UUID()
	}
	if in.Registered.IsZero() {
		in.Registered = time.Now().Truncate(time.Millisecond)
	}
	path := hold.Join(hold.Join(base, in.Name), in.ID)
	err := in.check()
	var data []byte
	if err == nil {
		data, err = encode(&in)
	}
	if err != nil {
		return nil, hold.Wrap("register", path, err)
	}
	mode := keep.Ephemeral
	if in.Type != Dynamic {
		mode = keep.Permanent
	}
	n, err := keep.Open(ctx, &keep.Spec{
		Client: c, Path: path, Data: data, Mode: mode, Takeover: true,
	})
	if err != nil {
		return nil, hold.Wrap("register", path, err)
	}
	return &Registration[T]{node: n, in: in}, nil
}

// Path is the path of the instance's node.
func (r *Registration[T]) Path() string { return r.node.Path }

// Instance is what is registered.
func (r *Registration[T]) Instance() Instance[T] {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.in
}

// Reregistered is closed at the next time that the instance was registered again: after a lost
// session, or when somebody has deleted its node. Ask for it again then.
func (r *Registration[T]) Reregistered() <-chan struct{} { return r.node.Remade() }

// Done is closed when the instance is registered no more: by Close, or because the client can have
// no session any more.
func (r *Registration[T]) Done() <-chan struct{} { return r.node.Done() }

// Update replaces what is said of the instance, such as its load. Name, id and type are those that
// it has. It waits until that is there, or will be when the instance is registered again.
func (r *Registration[T]) Update(ctx context.Context, in Instance[T]) error {
	old := r.Instance()
	err := in.check()
	if in.Name != old.Name || in.ID != old.ID || in.Type != old.Type {
		err = fmt.Errorf("%w: name, id and type cannot change", client.ErrBadArguments)
	}
	var data []byte
	if err == nil {
		data, err = encode(&in)
	}
	if err == nil {
		err = r.node.Update(ctx, data)
	}
	if err != nil {
		return hold.Wrap("update", r.Path(), err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.in = in
	return nil
}

// Close ends the registration of an instance of any type, and waits until its node is deleted. If
// ctx ends before, that goes on in the background. It may be called any number of times.
func (r *Registration[T]) Close(ctx context.Context) error {
	return hold.Wrap("close", r.Path(), r.node.Close(ctx))
}
