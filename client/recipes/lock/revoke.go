package lock

import (
	"context"
	"errors"
	"fmt"

	"quoll/client"
	"quoll/client/recipes"
	"quoll/client/recipes/internal/hold"
)

// Revoke asks one of the Contenders to leave. One that waits leaves: its Lock returns
// recipes.ErrRevoked. The holder is asked, and not made to: Revoked tells it. Its data is replaced,
// as Curator's Revoker does it, whose lock hears of it too. If it is gone already, that is no
// error. A simple lock cannot be asked for.
func (m *Mutex) Revoke(ctx context.Context, who Contender) error {
	if m.simple || hold.Above(who.Path) != m.line.Path {
		return hold.Wrap("revoke", who.Path,
			fmt.Errorf("%w: not in the line of this lock", client.ErrBadArguments))
	}
	for {
		_, err := m.line.Client.Set(ctx, who.Path, []byte(hold.Revocation), client.AnyVersion)
		switch {
		case errors.Is(err, client.ErrNoNode):
			return nil
		case !errors.Is(err, client.ErrConnectionLoss) || ctx.Err() != nil:
			return hold.Wrap("revoke", who.Path, err)
		}
	}
}

// Revoked is closed when somebody has asked the holder of a lock to give it back, by Revoke or by
// Curator's Revoker. What it does about that is its own affair: h is held until Release.
func Revoked(h *recipes.Held) <-chan struct{} { return hold.Revoked(h) }
