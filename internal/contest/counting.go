package contest

import (
	"context"
	"errors"

	"github.com/anishathalye/porcupine"

	"quoll/client"
)

// Adding adds one to a number that all share, and returns the sum.
type Adding func(ctx context.Context, c *client.Client) (sum int64, err error)

// counted is an operation: somebody has added one. The sum is 0 if there was no answer.
type counted struct{ sum int64 }

// Counting is the contest for a number, which is 0 at first.
func Counting(add Adding) Recipe {
	return Recipe{
		prepare: nothing,
		step: func(ctx context.Context, c *Contest, w *worker) error {
			call := c.now()
			sum, err := add(ctx, w.client)
			switch {
			case err == nil:
				c.record(ctx, w, counted{sum}, call, c.now())
			case errors.Is(err, client.ErrUnknownOutcome):
				c.record(ctx, w, counted{}, call, never)
			}
			return err
		},
		model: porcupine.Model{
			Init: func() any { return int64(0) },
			Step: func(state, input, _ any) (bool, any) {
				// What has not happened may be thought to happen behind all others.
				next := state.(int64) + 1
				sum := input.(counted).sum
				return sum == 0 || sum == next, next
			},
		},
	}
}

// nothing is to be prepared.
func nothing(context.Context, *client.Client) error { return nil }
