package elect

import (
	"context"
	"errors"

	"quoll/client"
	"quoll/client/recipes"
	"quoll/client/recipes/internal/hold"
	"quoll/client/recipes/internal/line"
)

// Election is an election at one path. Any number of goroutines may use it; each campaign is a
// candidate of its own.
type Election struct{ line line.Line }

// New is an election. id is what others see of this candidate. The nodes are those of Curator's
// LeaderSelector, or of kazoo's Election.
func New(c *client.Client, path string, id []byte, opts ...recipes.Option) *Election {
	o := hold.Apply(opts)
	o.Data = id
	return &Election{line.Line{Client: c, Path: path, Kind: line.Lock(o.Layout), Opts: o}}
}

// Term is the time for which a candidate leads. It ends when it is lost or released.
type Term struct {
	*recipes.Held
	client *client.Client
	// proclaiming has room for one: a proclamation that is sent again must not follow a newer one.
	proclaiming chan struct{}
}

// Campaign waits until this candidate leads. If ctx ends before, or the session may have ended
// (recipes.ErrLost), it does not lead and its node is given up.
func (e *Election) Campaign(ctx context.Context) (*Term, error) {
	h, err := e.line.Take(ctx)
	if err != nil {
		return nil, hold.Wrap("campaign", e.line.Path, err)
	}
	return &Term{h, e.line.Client, make(chan struct{}, 1)}, nil
}

// Proclaim replaces the data that others see of the leader, which is its id at first. The error is
// recipes.ErrLost if the term is over: then nobody has seen the data.
func (t *Term) Proclaim(ctx context.Context, data []byte) error {
	select {
	case t.proclaiming <- struct{}{}:
		defer func() { <-t.proclaiming }()
	case <-ctx.Done():
		return hold.Wrap("proclaim", t.Path(), ctx.Err())
	}
	for {
		_, err := t.client.Set(ctx, t.Path(), data, client.AnyVersion)
		if errors.Is(err, client.ErrNoNode) {
			err = hold.ErrLost
		}
		// Nobody else writes to the node, so the same write may come twice.
		if !errors.Is(err, client.ErrConnectionLoss) || t.Err() != nil {
			return hold.Wrap("proclaim", t.Path(), hold.LostWrite(err))
		}
	}
}

// Run campaigns, and calls lead for each term. The context of lead ends when the term does;
// recipes.HeldFrom finds the term's Held in it, for Check. If lead returns while the term lasts,
// the term is given back, and Run returns lead's error. After a loss Run waits for lead to return,
// and campaigns again. It also ends with ctx, and when the client can have no session any more.
func (e *Election) Run(ctx context.Context, lead func(ctx context.Context) error) error {
	return e.run(ctx, func(ctx context.Context, _ *Term) error { return lead(ctx) })
}

func (e *Election) run(
	ctx context.Context, lead func(ctx context.Context, t *Term) error,
) error {
	for {
		t, err := e.Campaign(ctx)
		if err != nil {
			if err = hold.Again(ctx, e.line.Client, err); err != nil {
				return hold.Wrap("run for", e.line.Path, err)
			}
			continue
		}
		inner, stop := hold.Until(hold.With(ctx, t.Held), t.Held)
		err = lead(inner, t)
		stop()
		if t.Err() == nil {
			hold.Leave(ctx, t.Held)
			return err
		}
	}
}
