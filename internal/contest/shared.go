package contest

import (
	"context"
	"errors"
	"fmt"

	"github.com/anishathalye/porcupine"

	"quoll/client"
	"quoll/client/recipes"
)

// Acquiring acquires k leases.
type Acquiring func(ctx context.Context, c *client.Client, k int) (*recipes.Held, error)

// leased is an operation: k leases were acquired, or given back if k is negative.
type leased struct{ k int }

// Shared is the contest for n leases. Workers want one or two.
func Shared(n int, acquire Acquiring) Recipe {
	return Recipe{
		prepare: func(ctx context.Context, c *client.Client) error {
			if _, _, err := c.Create(ctx, value, nil); !errors.Is(err, client.ErrNodeExists) {
				return err
			}
			return nil
		},
		step: func(ctx context.Context, c *Contest, w *worker) error {
			k := 1 + w.id%2
			call := c.now()
			h, err := acquire(ctx, w.client, k)
			if err != nil {
				return err
			}
			c.enter(h, k, n)
			held := c.now()
			c.record(ctx, w, leased{k}, call, held)
			// Up to this write they were surely held.
			writing := c.now()
			_, err = w.client.Multi(ctx, h.Check(), client.OpSet(value, nil, client.AnyVersion))
			if err == nil {
				held = writing
			}
			if errors.Is(err, client.ErrNoNode) {
				err = fmt.Errorf("%w: refused by Check", recipes.ErrLost)
			}
			c.leave(h)
			released, back := h.Release(ctx), never
			if released == nil && h.Err() != nil && err == nil {
				back = c.now()
			}
			c.record(ctx, w, leased{-k}, held, back)
			return errors.Join(err, released)
		},
		model: porcupine.Model{
			Init: func() any { return 0 },
			Step: func(state, input, _ any) (bool, any) {
				sum := state.(int) + input.(leased).k
				return sum >= 0 && sum <= n, sum
			},
		},
	}
}
