package counter

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"quoll/client"
	"quoll/client/recipes/internal/hold"
)

// cell is a node whose data is replaced as a whole.
type cell struct {
	client *client.Client
	path   string
	opts   hold.Options
	turn   chan struct{} // has room for one: those of one process do not get in each other's way
}

func newCell(c *client.Client, path string, opts []hold.Option) cell {
	return cell{c, path, hold.Apply(opts), make(chan struct{}, 1)}
}

// state is what was read of a node.
type state struct {
	data   []byte
	exists bool
	stat   client.Stat
}

func (c *cell) read(ctx context.Context) (state, error) {
	data, stat, err := c.client.Get(ctx, c.path)
	if errors.Is(err, client.ErrNoNode) {
		return state{}, nil
	}
	return state{data, err == nil, stat}, err
}

// replace writes new data if the node still has the version that was read, or is still not there.
// done says whether it has.
func (c *cell) replace(
	ctx context.Context, exists bool, version int32, data []byte,
) (done bool, err error) {
	switch {
	case !exists:
		return c.create(ctx, data)
	case version == client.AnyVersion:
		// Versions wrap, and a write with this one would replace whatever is there by then.
		return false, fmt.Errorf("%w: the version of the node is -1, a Set changes that",
			client.ErrBadVersion)
	}
	return first(c.write(ctx, client.OpSet(c.path, data, version)))
}

// create makes the node, if it is not there.
func (c *cell) create(ctx context.Context, data []byte) (done bool, err error) {
	for {
		err := c.write(ctx, client.OpCreate(c.path, data, client.WithACL(c.opts.ACL...)))
		if errors.Is(err, client.ErrNoNode) {
			err = hold.Parents(ctx, c.client, hold.Above(c.path), c.opts.ACL)
			if err == nil {
				continue
			}
		}
		return first(err)
	}
}

// overwrite writes new data, whatever was there.
func (c *cell) overwrite(ctx context.Context, data []byte) error {
	for {
		done, err := first(c.write(ctx, client.OpSet(c.path, data, client.AnyVersion)))
		if !done && err == nil {
			done, err = c.create(ctx, data)
		}
		if done || err != nil {
			return err
		}
	}
}

// write does a write once.
func (c *cell) write(ctx context.Context, op client.Op) error {
	_, _, err := hold.Once(ctx, &hold.Spec{
		Client: c.client, Dir: c.path, Prefix: "_c_" + hold.UUID(), ACL: c.opts.ACL,
		Logger: c.opts.Logger, Beside: []client.Op{op},
	})
	return err
}

// first says whether a write was the first one, or the node was not any more what it wanted.
func first(err error) (done bool, _ error) {
	for _, of := range []error{client.ErrBadVersion, client.ErrNodeExists, client.ErrNoNode} {
		if errors.Is(err, of) {
			return false, nil
		}
	}
	return err == nil, err
}

// longestPause is how long a change waits at most after others were first.
const longestPause = 50 * time.Millisecond

// change writes what next makes of the old data, until nobody else was first. next says whether
// there is anything to change.
func (c *cell) change(
	ctx context.Context, next func(old *state) (data []byte, want bool, err error),
) (done bool, err error) {
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return false, ctx.Err()
	}
	for pause := time.Millisecond; ; pause = min(2*pause, longestPause) {
		old, err := c.read(ctx)
		if err != nil {
			return false, err
		}
		data, want, err := next(&old)
		if err != nil || !want {
			return false, err
		}
		done, err := c.replace(ctx, old.exists, old.stat.Version, data)
		if done || err != nil {
			return done, err
		}
		hold.Pause(ctx, rand.N(pause))
	}
}
