package hold

import (
	"context"
	"errors"

	"quoll/client"
)

// Again says whether what failed may be tried again, and waits for the moment: a connection and a
// short pause. It returns err, or why there will be no connection, if not.
func Again(ctx context.Context, c *client.Client, err error) error {
	if !Passing(err) && !errors.Is(err, ErrLost) && !errors.Is(err, client.ErrSessionExpired) {
		return err
	}
	if err := c.WaitConnected(ctx); err != nil {
		return err
	}
	Pause(ctx, shortPause)
	return ctx.Err()
}

// key finds a Held in a context.
type key struct{}

// With is ctx with what is held.
func With(ctx context.Context, h *Held) context.Context {
	return context.WithValue(ctx, key{}, h)
}

// From is what is held according to ctx, the innermost if there are several.
func From(ctx context.Context) (*Held, bool) {
	h, ok := ctx.Value(key{}).(*Held)
	return h, ok
}
