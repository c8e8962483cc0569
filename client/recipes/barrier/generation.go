package barrier

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"quoll/client"
	"quoll/client/recipes/internal/hold"
)

// generation is what the node of a Gather says.
type generation struct {
	N       int      `json:"n"`
	Number  int64    `json:"generation"` // 1 is the first
	Arrived []string `json:"arrived"`
}

// kept is how many complete generations are kept for those who are late to read who has arrived.
const kept = 16

// current reads the generation that is not complete yet, and the version of the node. It makes the
// node if it is not there.
func (g *Gather) current(ctx context.Context) (now generation, version int32, err error) {
	for {
		text, stat, err := g.client.Get(ctx, g.path)
		if errors.Is(err, client.ErrNoNode) {
			if err := g.found(ctx); err != nil {
				return now, 0, err
			}
			continue
		}
		if err != nil {
			return now, 0, err
		}
		if err := json.Unmarshal(text, &now); err != nil || now.Number < 1 || now.N < 1 {
			return now, 0, fmt.Errorf("%w: not the node of a gather", hold.ErrLayout)
		}
		if now.N != g.n {
			return now, 0, fmt.Errorf("%w: a gather of %d, not of %d",
				client.ErrBadArguments, now.N, g.n)
		}
		return now, stat.Version, nil
	}
}

// found makes the node, with the first generation.
func (g *Gather) found(ctx context.Context) error {
	text, err := json.Marshal(generation{N: g.n, Number: 1, Arrived: []string{}})
	if err != nil {
		return err
	}
	_, _, err = g.client.Create(ctx, g.path, text, client.WithACL(g.opts.ACL...))
	switch {
	case errors.Is(err, client.ErrNodeExists):
		return nil
	case errors.Is(err, client.ErrNoNode):
		return hold.Parents(ctx, g.client, hold.Above(g.path), g.opts.ACL)
	case errors.Is(err, client.ErrConnectionLoss) && ctx.Err() == nil:
		return nil // it is looked for again
	}
	return err
}

func (g *Gather) donePath(number int64) string {
	return hold.Join(g.path, fmt.Sprintf("done-%010d", number))
}

// done reads who was in a complete generation.
func (g *Gather) done(ctx context.Context, number int64) (ids []string, err error) {
	text, _, err := g.client.Get(ctx, g.donePath(number))
	if errors.Is(err, client.ErrNoNode) {
		return nil, fmt.Errorf("%w: generation %d is forgotten", hold.ErrLost, number)
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &ids); err != nil {
		return nil, fmt.Errorf("%w: not a generation: %w", hold.ErrLayout, err)
	}
	return ids, nil
}
