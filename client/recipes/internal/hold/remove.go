package hold

import (
	"context"
	"errors"
	"slices"
	"time"

	"quoll/client"
)

// remove deletes the nodes until they are gone. Those of a session that has ended go by themselves.
func (h *Held) remove(behind []client.Op) {
	defer close(h.removed)
	err := insist(h.session, func(ctx context.Context) error { return h.delete(ctx, behind) })
	if err != nil {
		h.logger.Error("a node that nobody holds cannot be deleted", "path", h.path, "error", err)
	}
}

// delete deletes the nodes at one moment. As long as the first one is there, the shared one is this
// one's own. An operation that cannot be done, on what somebody else has deleted or changed by
// hand, does not hold up the rest.
func (h *Held) delete(ctx context.Context, behind []client.Op) error {
	ops := []client.Op{client.OpDelete(h.path, client.AnyVersion)}
	for _, path := range h.others {
		ops = append(ops, client.OpDelete(path, client.AnyVersion))
	}
	if h.shared != "" {
		ops = append(ops, client.OpDelete(h.shared, client.AnyVersion))
	}
	ops = append(ops, behind...)
	for len(ops) > 1 {
		_, err := h.c.Multi(ctx, ops...)
		var failed *client.MultiError
		if !errors.As(err, &failed) {
			return err
		}
		if failed.Index == 0 {
			return h.deleteOthers(ctx, err)
		}
		ops = slices.Delete(ops, failed.Index, failed.Index+1)
	}
	return h.c.Delete(ctx, h.path, client.AnyVersion)
}

// deleteOthers deletes those of the nodes that nobody else can have, when the first one is gone
// according to err.
func (h *Held) deleteOthers(ctx context.Context, err error) error {
	for _, path := range h.others {
		if !errors.Is(err, client.ErrNoNode) {
			break
		}
		if e := h.c.Delete(ctx, path, client.AnyVersion); e != nil {
			err = e
		}
	}
	return err
}

// forget deletes nodes of which nobody knows whether they were made.
func (s *Spec) forget(session *client.Session) {
	err := insist(session, func(ctx context.Context) error {
		m, err := s.settle(ctx, session)
		if err != nil || len(m.paths) == 0 {
			return err
		}
		return s.held(m).delete(ctx, s.Behind)
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
