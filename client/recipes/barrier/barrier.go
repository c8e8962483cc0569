package barrier

import (
	"context"
	"errors"

	"quoll/client"
	"quoll/client/recipes"
	"quoll/client/recipes/internal/hold"
)

// Barrier is closed or open. It knows where it is, not which of both: any number of goroutines may
// use it.
type Barrier struct {
	client *client.Client
	path   string
	opts   hold.Options
}

// New is a barrier. Its node is that of Curator's DistributedBarrier and kazoo's Barrier.
func New(c *client.Client, path string, opts ...recipes.Option) *Barrier {
	return &Barrier{c, path, hold.Apply(opts)}
}

// Set closes the barrier. It may be closed already.
func (b *Barrier) Set(ctx context.Context) error {
	for {
		_, _, err := b.client.Create(ctx, b.path, b.opts.Data, client.WithACL(b.opts.ACL...))
		switch {
		case errors.Is(err, client.ErrNodeExists):
			return nil
		case errors.Is(err, client.ErrNoNode):
			err = hold.Parents(ctx, b.client, hold.Above(b.path), b.opts.ACL)
			if err == nil {
				continue
			}
		case errors.Is(err, client.ErrConnectionLoss) && ctx.Err() == nil:
			continue // closed or not, it is to be closed
		}
		return hold.Wrap("set barrier", b.path, err)
	}
}

// Remove opens the barrier, and all who wait go on. It may be open already.
func (b *Barrier) Remove(ctx context.Context) error {
	for {
		err := b.client.Delete(ctx, b.path, client.AnyVersion)
		switch {
		case errors.Is(err, client.ErrNoNode):
			return nil
		case errors.Is(err, client.ErrConnectionLoss) && ctx.Err() == nil:
			continue
		}
		return hold.Wrap("remove barrier", b.path, err)
	}
}

// Wait returns when the barrier is open. If the session may have ended before, the error is
// recipes.ErrLost.
func (b *Barrier) Wait(ctx context.Context) error {
	return hold.Wrap("wait for barrier", b.path, hold.Gone(ctx, b.client, b.path))
}
