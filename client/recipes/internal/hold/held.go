package hold

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
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

	revoked  chan struct{} // closed when somebody has asked to give it back
	mu       sync.Mutex
	removing bool          // somebody sees to it that the nodes are deleted
	removed  chan struct{} // closed when they are gone, or go with the session
}

// newHeld watches over nodes that have been made. The session must be theirs.
func newHeld(s *Spec, m made) (*Held, error) {
	session := s.Client.Session()
	if session == nil || session.ID() != m.stat.EphemeralOwner {
		return nil, fmt.Errorf("%w: %w", ErrLost, client.ErrSessionExpired)
	}
	h := s.held(m)
	h.session, h.removed, h.revoked = session, make(chan struct{}), make(chan struct{})
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
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.removing {
		h.removing = true
		h.logger.Debug("given up", "path", h.path, "reason", why)
		go h.remove(behind)
	}
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
	revoke := sync.OnceFunc(func() { close(h.revoked) })
	for h.ctx.Err() == nil {
		data, _, w, err := h.c.GetW(h.ctx, h.path)
		switch {
		case err == nil:
			if string(data) == Revocation {
				revoke()
			}
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

// Finish gives up what is held, and in the same moment does ops: all of that happens once, or
// nothing does. If ops are refused, the error is a *client.MultiError, and it is held as before.
// After any other error it is given up, in the background: the error wraps ErrLost if it was lost
// before, and client.ErrUnknownOutcome if nobody knows whether ops have happened.
func Finish(ctx context.Context, h *Held, ops ...client.Op) error {
	h.mu.Lock()
	if h.removing {
		h.mu.Unlock()
		return h.Err()
	}
	h.removing = true // from now on nobody else deletes the nodes
	h.mu.Unlock()
	err := h.finish(ctx, ops)
	var refused *client.MultiError
	switch {
	case err == nil:
		h.lose(fmt.Errorf("%w: released", ErrLost))
		close(h.removed)
		return nil
	case !errors.As(err, &refused):
		h.lose(fmt.Errorf("%w: %w", ErrLost, err))
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.removing = h.Err() != nil // it may have been given up meanwhile
	if h.removing {
		go h.remove(nil)
	}
	return err
}

// finish deletes the nodes together with ops.
func (h *Held) finish(ctx context.Context, ops []client.Op) error {
	all := []client.Op{}
	for _, path := range slices.Concat([]string{h.path}, h.others, []string{h.shared}) {
		if path != "" {
			all = append(all, client.OpDelete(path, client.AnyVersion))
		}
	}
	own := len(all)
	all = append(all, ops...)
	for {
		_, err := h.c.Multi(ctx, all...)
		var failed *client.MultiError
		if errors.As(err, &failed) && failed.Index < own && errors.Is(err, client.ErrNoNode) {
			return fmt.Errorf("%w: the node is gone", ErrLost)
		}
		if err == nil || !errors.Is(err, client.ErrUnknownOutcome) || Ended(err) {
			return err
		}
		// As long as the session lives, nobody but the Multi deletes the nodes.
		found, search := h.there(ctx)
		switch {
		case search != nil:
			return fmt.Errorf("%w, and %w", err, search)
		case !found:
			return nil
		}
	}
}

// there says whether the node is there, of a session that lives.
func (h *Held) there(ctx context.Context) (bool, error) {
	if err := h.c.Sync(ctx, h.path); err != nil {
		return false, err
	}
	_, found, err := h.c.Exists(ctx, h.path)
	if err == nil && h.c.Session().ID() != h.session.ID() {
		err = client.ErrSessionExpired
	}
	return found, err
}

// patience is how long Leave waits. A recipe may give up two things one after the other, and a call
// whose ctx is cancelled returns within 100 ms.
const patience = 20 * time.Millisecond

// Leave gives up what is held. Usually the node is gone when it returns; if the server does not
// answer at once, the deletion goes on in the background.
func Leave(ctx context.Context, h *Held) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	_ = h.Release(ctx)
}

// Revocation is the data by which the holder of a node is asked to give it back: Curator's.
const Revocation = "__REVOKE__"

// Revoked is closed when somebody has asked for h.
func Revoked(h *Held) <-chan struct{} { return h.revoked }

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

// Gone waits until there is no node at a path, or the client's session has lapsed.
func Gone(ctx context.Context, c *client.Client, path string) error {
	ctx, stop, err := WithSession(ctx, c)
	if err != nil {
		return err
	}
	defer stop()
	for {
		// Exists would leave a watch on a node that is gone already.
		_, _, w, err := c.GetW(ctx, path)
		if errors.Is(err, client.ErrNoNode) {
			return nil
		}
		if err != nil {
			return Lost(errors.Join(context.Cause(ctx), err))
		}
		select {
		case <-w.Fired():
		case <-ctx.Done():
		}
		_ = w.Close()
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
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
