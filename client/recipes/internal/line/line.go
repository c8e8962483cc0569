package line

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"quoll/client"
	"quoll/client/recipes/internal/hold"
)

// Line is a waiting line below a node.
type Line struct {
	Client *client.Client
	Path   string
	Kind   Kind
	Opts   hold.Options
}

// Names are the children that have a place in the line, the first one first. There are none if the
// node is not there.
func (l *Line) Names(ctx context.Context) ([]string, error) {
	places, err := l.places(ctx)
	names := make([]string, len(places))
	for i := range places {
		names[i] = places[i].name
	}
	return names, err
}

func (l *Line) places(ctx context.Context) ([]place, error) {
	names, _, err := l.Client.Children(ctx, l.Path)
	if errors.Is(err, client.ErrNoNode) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	places, foreign := l.Kind.sorted(names)
	if foreign != "" {
		return nil, fmt.Errorf("%w: %q, the layout here is %v with %q",
			hold.ErrLayout, foreign, l.Kind.Layout, l.Kind.Mark)
	}
	return places, nil
}

// Join takes a place at the end of the line. The Held is not held before Wait has returned nil.
func (l *Line) Join(ctx context.Context) (*hold.Held, error) {
	return hold.Make(ctx, &hold.Spec{
		Client: l.Client, Dir: l.Path, Prefix: l.Kind.Layout.Prefix(), Mark: l.Kind.Mark,
		Data: l.Opts.Data, ACL: l.Opts.ACL, Logger: l.Opts.Logger,
	})
}

// Take joins the line and waits.
func (l *Line) Take(ctx context.Context) (*hold.Held, error) {
	h, err := l.Join(ctx)
	if err != nil {
		return nil, err
	}
	if err := l.Wait(ctx, h); err != nil {
		hold.Leave(ctx, h)
		return nil, err
	}
	return h, nil
}

// Try takes what nobody holds. Otherwise the error is ErrBusy.
func (l *Line) Try(ctx context.Context) (*hold.Held, error) {
	places, err := l.places(ctx)
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(places, func(p place) bool { return p.ahead }) {
		return nil, hold.ErrBusy
	}
	h, err := l.Join(ctx)
	if err != nil {
		return nil, err
	}
	blocker, err := l.Blocker(ctx, h)
	if err == nil && blocker != "" {
		err = hold.ErrBusy
	}
	if err != nil {
		hold.Leave(ctx, h)
		return nil, err
	}
	return h, nil
}

// Wait waits until nobody is in the way of h, which must be of this line. If somebody asks for h
// meanwhile, the error is ErrRevoked.
func (l *Line) Wait(ctx context.Context, h *hold.Held) error {
	both, stop := hold.Until(ctx, h)
	defer stop()
	for first := true; ; first = false {
		err := l.wait(both, h, first)
		switch {
		case h.Err() != nil:
			return h.Err()
		case err == nil:
			return nil
		case err != errAgain:
			return hold.Lost(err)
		}
	}
}

// errAgain: something has changed in front.
var errAgain = errors.New("again")

// wait waits for one change in front of h. It returns nil if nobody is in the way.
func (l *Line) wait(ctx context.Context, h *hold.Held, first bool) error {
	places, err := l.places(ctx)
	if err != nil {
		return err
	}
	blocker, front, ok := ahead(places, hold.Name(h.Path()))
	switch limit := l.Opts.MaxWaiters; {
	case !ok:
		return fmt.Errorf("%w: the node is gone", hold.ErrLost)
	case blocker == "":
		return nil
	case first && limit > 0 && front > limit:
		return fmt.Errorf("%w: %d in front, at most %d wait", hold.ErrFull, front, limit)
	}
	// Exists would leave a watch on a node that is gone already.
	_, _, w, err := l.Client.GetW(ctx, hold.Join(l.Path, blocker))
	if errors.Is(err, client.ErrNoNode) {
		return errAgain
	}
	if err != nil {
		return err
	}
	defer w.Close()
	select {
	case <-w.Fired():
		return errAgain
	case <-hold.Revoked(h):
		return hold.ErrRevoked
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Blocker is the name of whom h waits for, "" if nobody is in its way.
func (l *Line) Blocker(ctx context.Context, h *hold.Held) (string, error) {
	places, err := l.places(ctx)
	if err != nil {
		return "", err
	}
	blocker, _, ok := ahead(places, hold.Name(h.Path()))
	if !ok {
		return "", fmt.Errorf("%w: the node is gone", hold.ErrLost)
	}
	return blocker, nil
}

// ahead finds the nearest place in front of a name that it waits for, and how many are in front.
func ahead(places []place, name string) (blocker string, front int, ok bool) {
	for i := range places {
		if places[i].name == name {
			return blocker, i, true
		}
		if places[i].ahead {
			blocker = places[i].name
		}
	}
	return "", 0, false
}

// Has says whether a child has a place in the line.
func (l *Line) Has(name string) bool {
	_, ok := l.Kind.parse(name)
	return ok
}
