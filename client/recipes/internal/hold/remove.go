package hold

import (
	"context"
	"errors"
	"time"

	"quoll/client"
)

// remove deletes the node until it is gone. A node of a session that has ended goes by itself.
func (h *Held) remove() {
	defer close(h.removed)
	err := insist(h.session, func(ctx context.Context) error {
		if h.shared != "" {
			return h.deleteShared(ctx)
		}
		return h.c.Delete(ctx, h.path, client.AnyVersion)
	})
	if err != nil {
		h.logger.Error("a node that nobody holds cannot be deleted", "path", h.path, "error", err)
	}
}

// forget deletes a node of which nobody knows whether it was made.
func (s *Spec) forget(session *client.Session) {
	err := insist(session, func(ctx context.Context) error {
		path, stat, found, err := s.settle(ctx, session)
		if err != nil || !found {
			return err
		}
		h := &Held{c: s.Client, path: path, shared: s.Shared, token: stat.Czxid}
		if h.shared != "" {
			return h.deleteShared(ctx)
		}
		return s.Client.Delete(ctx, path, client.AnyVersion)
	})
	if err != nil {
		s.Logger.Error("a node that nobody wants cannot be deleted",
			"prefix", Join(s.Dir, s.Prefix), "error", err)
	}
}

// insist does something until it is done, or the session is over. An error says that it never will
// be done.
func insist(session *client.Session, do func(ctx context.Context) error) error {
	// A request without a deadline ends with the client's request timeout. It waits for a
	// connection as long.
	ctx := context.Background()
	for pause := shortPause; ; pause = min(2*pause, longPause) {
		err := do(ctx)
		switch {
		case err == nil, errors.Is(err, client.ErrNoNode), Ended(err):
			return nil
		case !Passing(err):
			return err
		}
		select {
		case <-session.Done():
			return nil
		case <-time.After(pause):
		}
	}
}

// Remove deletes a node with a name that others may use too, if it is of the session. It returns
// when the node is gone or goes with its session.
func Remove(c *client.Client, session *client.Session, path string) {
	// An error says that it may not be deleted: then it goes with the session.
	_ = insist(session, func(ctx context.Context) error {
		stat, found, err := c.Exists(ctx, path)
		if err != nil || !found || stat.EphemeralOwner != session.ID() {
			return err
		}
		return c.Delete(ctx, path, client.AnyVersion)
	})
}
