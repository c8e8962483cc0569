package lock

import (
	"context"
	"errors"
	"fmt"

	"quoll/client"
	"quoll/client/recipes"
	"quoll/client/recipes/internal/hold"
	"quoll/client/recipes/internal/line"
)

// NewSimple is an exclusive lock of one node, which all who wait watch. A release wakes them all
// (the herd), and any of them may get the lock: it is for a few contenders. Waiting leaves no node.
// No other client has this layout.
func NewSimple(c *client.Client, path string, opts ...recipes.Option) *Mutex {
	o := hold.Apply(opts)
	return &Mutex{simple: true, line: line.Line{Client: c, Path: path, Opts: o}}
}

func (m *Mutex) trySimple(ctx context.Context) (*recipes.Held, error) {
	if err := m.foreign(ctx); err != nil {
		return nil, err
	}
	l := &m.line
	h, err := hold.Make(ctx, &hold.Spec{
		Client: l.Client, Dir: l.Path, Prefix: line.SimpleName + "-" + hold.UUID(),
		Shared: hold.Join(l.Path, line.SimpleName), Data: l.Opts.Data, ACL: l.Opts.ACL,
		Logger: l.Opts.Logger,
	})
	if errors.Is(err, client.ErrNodeExists) {
		return nil, hold.ErrBusy
	}
	if err != nil {
		return nil, err
	}
	// Of two who make their node and then look for the other's, one at least sees it.
	if err := m.foreign(ctx); err != nil {
		hold.Leave(ctx, h)
		return nil, err
	}
	return h, nil
}

// foreign looks for a child of a line.
func (m *Mutex) foreign(ctx context.Context) error {
	names, _, err := m.line.Client.Children(ctx, m.line.Path)
	if err != nil && !errors.Is(err, client.ErrNoNode) {
		return err
	}
	for _, name := range names {
		if line.Foreign(name) && !line.Simple(name) {
			return fmt.Errorf("%w: %q, this is a simple lock", hold.ErrLayout, name)
		}
	}
	return nil
}

func (m *Mutex) takeSimple(ctx context.Context) (*recipes.Held, error) {
	for {
		h, err := m.trySimple(ctx)
		if !errors.Is(err, hold.ErrBusy) {
			return h, err
		}
		held := hold.Join(m.line.Path, line.SimpleName)
		if err := hold.Gone(ctx, m.line.Client, held); err != nil {
			return nil, err
		}
	}
}
