package lock

import (
	"context"
	"errors"
	"fmt"

	"quoll/client"
	"quoll/client/recipes"
	"quoll/client/recipes/internal/hold"
)

// held finds in a context what an outer Do holds.
type held struct {
	client *client.Client
	path   string
}

// outer is a lock that a Do holds while its fn runs.
type outer struct {
	held   *recipes.Held
	shared bool
}

// Do takes the lock, calls fn and gives the lock back. The context of fn ends when the lock is
// lost; if that happens before fn has returned, the error wraps ErrLost beside that of fn.
//
// recipes.HeldFrom finds the lock in the context of fn, for Check.
//
// fn may call Do of the same lock, or of the read lock of a write lock, with its context or one
// made of it: that runs at once under the lock that is held. A reader that wants to write gets
// ErrBusy, because it would wait for itself. Same means the same path and the same *client.Client;
// a Chroot of it is another one.
func (m *Mutex) Do(ctx context.Context, fn func(ctx context.Context) error) error {
	key := held{m.line.Client, m.line.Path}
	if o, ok := ctx.Value(key).(outer); ok {
		return m.again(ctx, o, fn)
	}
	h, err := m.Lock(ctx)
	if err != nil {
		return err
	}
	defer hold.Leave(ctx, h)
	inner, stop := hold.Until(hold.With(context.WithValue(ctx, key, outer{h, m.shared}), h), h)
	defer stop()
	return m.run(inner, h, fn)
}

// again runs fn under a lock that an outer Do holds.
func (m *Mutex) again(ctx context.Context, o outer, fn func(ctx context.Context) error) error {
	if o.shared && !m.shared {
		return hold.Wrap("lock", m.line.Path,
			fmt.Errorf("%w: by the caller, for reading", hold.ErrBusy))
	}
	if err := o.held.Err(); err != nil {
		return hold.Wrap("lock", m.line.Path, err)
	}
	return m.run(hold.With(ctx, o.held), o.held, fn)
}

func (m *Mutex) run(
	ctx context.Context, h *recipes.Held, fn func(ctx context.Context) error,
) error {
	err := fn(ctx)
	if lost := h.Err(); lost != nil && !errors.Is(err, hold.ErrLost) {
		return errors.Join(err, hold.Wrap("lock", m.line.Path, lost))
	}
	return err
}
