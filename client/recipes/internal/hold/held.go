package hold

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"quoll/client"
)

// Held is something that this process holds as long as its session lives. Package recipes exports
// it and says what it promises.
type Held struct {
	c       *client.Client
	session *client.Session // that of the node
	path    string          // of a node that no other Held has, had or will have
	others  []string        // of nodes of the same prefix, which go together with it
	shared  string          // of one more, which others may have later; "" if there is none
	behind  []client.Op     // what Release does besides
	token   client.Zxid
	logger  *slog.Logger

	ctx  context.Context // ends when this is lost or released
	lose context.CancelCauseFunc

	removal sync.Once
	removed chan struct{} // closed when the nodes are gone, or go with the session
}

// newHeld watches over nodes that have been made. The session must be theirs.
func newHeld(s *Spec, m made) (*Held, error) {
	session := s.Client.Session()
	if session == nil || session.ID() != m.stat.EphemeralOwner {
		return nil, fmt.Errorf("%w: %w", ErrLost, client.ErrSessionExpired)
	}
	h := s.held(m)
	h.session, h.removed = session, make(chan struct{})
	h.ctx, h.lose = context.WithCancelCause(context.Background())
	go h.lapse()
	go h.guard()
	return h, nil
}

// held is a Held that nobody watches over.
func (s *Spec) held(m made) *Held {
	return &Held{
		c: s.Client, path: m.paths[0], others: m.paths[1:], shared: s.Shared, behind: s.Behind,
		token: m.stat.Czxid, logger: s.Logger,
	}
}

// Path is the path of the node.
func (h *Held) Path() string { return h.path }

// Token is the czxid of the node.
func (h *Held) Token() client.Zxid { return h.token }

// Check is an operation that makes a Multi fail when the node is gone.
func (h *Held) Check() client.Op { return client.OpCheck(h.path, client.AnyVersion) }

// Lost is closed when this is not held any more, for whatever reason.
func (h *Held) Lost() <-chan struct{} { return h.ctx.Done() }

// Context ends when Lost is closed. Its cause wraps ErrLost and says why.
func (h *Held) Context() context.Context { return h.ctx }

// Err is nil while this is held, and then says why it is not.
func (h *Held) Err() error { return context.Cause(h.ctx) }

// Release gives up what is held and waits until the node is deleted. If ctx ends before, that goes
// on in the background.
func (h *Held) Release(ctx context.Context) error {
	h.end(fmt.Errorf("%w: released", ErrLost), h.behind)
	select {
	case <-h.removed:
		return nil
	default:
	}
	select {
	case <-h.removed:
		return nil
	case <-ctx.Done():
		return Wrap("release", h.path, ctx.Err())
	}
}

// giveUp ends the holding because it is lost.
func (h *Held) giveUp(why error) { h.end(why, nil) }

// end ends the holding and begins to delete the nodes.
func (h *Held) end(why error, behind []client.Op) {
	h.lose(why)
	h.removal.Do(func() {
		h.logger.Debug("given up", "path", h.path, "reason", why)
		go h.remove(behind)
	})
}

// lapse ends the holding when the servers may have ended the session.
func (h *Held) lapse() {
	select {
	case <-h.session.Lapsed():
		h.giveUp(errLapsed)
	case <-h.ctx.Done():
	}
}

// guard ends the holding when the node is gone although the session lives, or cannot be watched.
func (h *Held) guard() {
	for h.ctx.Err() == nil {
		_, _, w, err := h.c.GetW(h.ctx, h.path)
		switch {
		case err == nil:
			select {
			case <-w.Fired():
			case <-h.ctx.Done():
			}
			_ = w.Close()
		case errors.Is(err, client.ErrNoNode):
			h.giveUp(fmt.Errorf("%w: the node is gone", ErrLost))
		case Passing(err):
			Pause(h.ctx, shortPause)
		case h.ctx.Err() == nil:
			h.giveUp(fmt.Errorf("%w: %w", ErrLost, err))
		}
	}
}

// patience is how long Leave waits.
const patience = 50 * time.Millisecond

// Leave gives up what is held. Usually the node is gone when it returns; if the server does not
// answer at once, the deletion goes on in the background.
func Leave(ctx context.Context, h *Held) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	_ = h.Release(ctx)
}

// Until is ctx, and ends with the holding too.
func Until(ctx context.Context, h *Held) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(h.ctx, func() { cancel(h.Err()) })
	return ctx, func() {
		stop()
		cancel(nil)
	}
}

// WithSession is ctx, and ends with ErrLost when the client's session has lapsed.
func WithSession(
	ctx context.Context, c *client.Client,
) (both context.Context, stop func(), err error) {
	session, err := Session(ctx, c)
	if err != nil {
		return nil, nil, err
	}
	both, cancel := context.WithCancelCause(ctx)
	go func() {
		select {
		case <-session.Lapsed():
			cancel(errLapsed)
		case <-both.Done():
		}
	}()
	return both, func() { cancel(nil) }, nil
}

const (
	shortPause = 20 * time.Millisecond
	longPause  = time.Second
)

// Pause waits for d or the end of ctx.
func Pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
