package hold

import (
	"context"
	"errors"

	"quoll/client"
)

// MakeShared makes the node Shared, which only one can have, and with it one that is told apart
// from all others by its prefix: by that a delete and a check know whose the shared one is. The
// error is client.ErrNodeExists if somebody has it.
func MakeShared(ctx context.Context, s *Spec) (*Held, error) {
	path := Join(s.Dir, s.Prefix)
	return s.make(ctx, func(ctx context.Context) (string, client.Stat, error) {
		results, err := s.Client.Multi(ctx,
			client.OpCreate(s.Shared, s.Data, client.Ephemeral, client.WithACL(s.ACL...)),
			client.OpCreate(path, s.Data, client.Ephemeral, client.WithACL(s.ACL...)))
		if err != nil {
			return "", client.Stat{}, err
		}
		return path, results[1].Stat, nil
	})
}

// deleteShared deletes the node and the shared one with it, which is ours as long as the node is
// there.
func (h *Held) deleteShared(ctx context.Context) error {
	_, err := h.c.Multi(ctx,
		client.OpDelete(h.path, client.AnyVersion),
		client.OpDelete(h.shared, client.AnyVersion))
	var failed *client.MultiError
	if errors.As(err, &failed) && failed.Index == 1 && errors.Is(err, client.ErrNoNode) {
		return h.c.Delete(ctx, h.path, client.AnyVersion)
	}
	return err
}
