package contest

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/anishathalye/porcupine"

	"quoll/client"
	"quoll/client/recipes"
)

// Taking takes what only one can have.
type Taking func(ctx context.Context, c *client.Client) (*recipes.Held, error)

// value is the node that the holders count in. Nothing but the recipe keeps others out.
const value = "/contest-value"

// taken is an operation: somebody has taken it, with a token.
type taken struct{ token client.Zxid }

// written is an operation: who has the token has read n, and wrote n+1 under Check.
type written struct {
	token   client.Zxid
	n       int
	unknown bool
}

// exclusion is the state of the model.
type exclusion struct {
	token client.Zxid // of the holder, the last one if there is none
	n     int
}

// Exclusive is the contest for what only one can have. Each holder adds one to a number.
func Exclusive(take Taking) Recipe {
	return Recipe{
		prepare: func(ctx context.Context, c *client.Client) error {
			if _, _, err := c.Create(ctx, value, nil); !errors.Is(err, client.ErrNodeExists) {
				return err
			}
			return nil
		},
		step: func(ctx context.Context, c *Contest, w *worker) error {
			call := c.now()
			h, err := take(ctx, w.client)
			if err != nil {
				return err
			}
			c.enter(h, 1, 1)
			c.record(ctx, w, taken{h.Token()}, call, c.now())
			err = c.add(ctx, w, h)
			c.leave(h)
			return errors.Join(err, h.Release(ctx))
		},
		model: porcupine.Model{
			Init: func() any { return exclusion{} },
			Step: func(state, input, _ any) (bool, any) { return state.(exclusion).step(input) },
		},
	}
}

// add adds one, by a read and a write that happens only while h is held.
func (c *Contest) add(ctx context.Context, w *worker, h *recipes.Held) error {
	data, _, err := w.client.Get(ctx, value)
	if err != nil {
		return err
	}
	n, _ := strconv.Atoi(string(data)) // null is 0
	op := written{token: h.Token(), n: n}
	call, back := c.now(), never
	_, err = w.client.Multi(ctx, h.Check(),
		client.OpSet(value, []byte(strconv.Itoa(n+1)), client.AnyVersion))
	switch {
	case err == nil:
		back = c.now()
	case errors.Is(err, client.ErrUnknownOutcome):
		op.unknown = true
	case errors.Is(err, client.ErrNoNode) && h.Err() == nil:
		// The server has taken it away from one who believes to have it; guard has not said so yet.
		return fmt.Errorf("%w: refused by Check", recipes.ErrLost)
	case errors.Is(err, client.ErrNoNode):
		return h.Err()
	default:
		return err
	}
	c.record(ctx, w, op, call, back)
	return err
}

func (s exclusion) step(input any) (bool, any) {
	switch op := input.(type) {
	case taken:
		if op.token <= s.token {
			return false, s
		}
		return true, exclusion{op.token, s.n}
	case written:
		if op.token == s.token && op.n == s.n {
			return true, exclusion{s.token, s.n + 1}
		}
		return op.unknown, s
	}
	return false, s
}
