package hold

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"quoll/client"
)

// Spec says which nodes to make: one, or several that are one thing. All of them are ephemeral.
type Spec struct {
	Client *client.Client
	Dir    string // is made if it is missing, unless Fixed
	Prefix string // of the names, used for these nodes only
	Mark   string // behind the prefix, and a number behind it; "" means no number
	Count  int    // how many nodes of the prefix; 0 is 1. More than one need a Mark
	Shared string // path of one more node, which only one can have; "" if there is none
	Fixed  bool   // Dir is not made
	Data   []byte
	ACL    []client.ACL
	Logger *slog.Logger

	// Beside happens when the nodes are made, or neither happens.
	Beside []client.Op
	// Behind happens when the nodes are deleted by Release. After a loss it does not happen.
	Behind []client.Op
}

// made is what a create has brought about.
type made struct {
	paths  []string // of the prefix, the first one is that of the Held
	stat   client.Stat
	beside []client.Result // nil if the answer got lost
}

// Make makes the nodes, exactly once. After an error there are none, or they are being deleted in
// the background. The error is client.ErrNodeExists if somebody has the shared one.
func Make(ctx context.Context, s *Spec) (*Held, error) {
	m, err := s.once(ctx)
	if err != nil {
		return nil, err
	}
	return newHeld(s, m)
}

// once makes the nodes, over lost answers too.
func (s *Spec) once(ctx context.Context) (made, error) {
	session, err := Session(ctx, s.Client)
	if err != nil {
		return made{}, err
	}
	for {
		m, err := s.create(ctx)
		switch {
		case err == nil:
			return m, nil
		case errors.Is(err, client.ErrNoNode) && !s.Fixed && !s.refused(err):
			if err := Parents(ctx, s.Client, s.Dir, s.ACL); err != nil {
				return made{}, err
			}
			continue
		case !errors.Is(err, client.ErrUnknownOutcome) || Ended(err):
			return made{}, err
		}
		m, search := s.settle(ctx, session)
		switch {
		case search != nil:
			go s.forget(session)
			return made{}, fmt.Errorf("%w, and %w", err, search)
		case len(m.paths) > 0:
			return m, nil
		}
	}
}

// refused says that an operation of Beside is what failed.
func (s *Spec) refused(err error) bool {
	var failed *client.MultiError
	if !errors.As(err, &failed) {
		return false
	}
	at := failed.Index
	if s.Shared != "" {
		at--
	}
	return at >= 0 && at < len(s.Beside)
}

// Once makes the operations of Beside happen once, or not at all. The node is the receipt by which
// a lost answer is settled, and is deleted in the background, with the shared one.
//
// The results are those of Beside; there are none if the answer got lost. The Czxid of the receipt
// is the zxid of what has happened. If an error wraps client.ErrUnknownOutcome, nobody knows
// whether it has.
func Once(ctx context.Context, s *Spec) ([]client.Result, client.Stat, error) {
	m, err := s.once(ctx)
	if err != nil {
		return nil, client.Stat{}, err
	}
	if session := s.Client.Session(); session.ID() == m.stat.EphemeralOwner {
		h := s.held(m)
		h.session, h.removed = session, make(chan struct{})
		go h.remove(nil)
	}
	return m.beside, m.stat, nil
}

// create sends the create: alone, or what belongs together as one Multi.
func (s *Spec) create(ctx context.Context) (made, error) {
	path := Join(s.Dir, s.Prefix+s.Mark)
	opts := []client.CreateOption{client.Ephemeral, client.WithACL(s.ACL...)}
	count := max(1, s.Count)
	var ops []client.Op
	if s.Shared != "" {
		ops = append(ops, client.OpCreate(s.Shared, s.Data, opts...))
	}
	if s.Mark != "" {
		opts = append(opts, client.Sequential)
	}
	if ops = append(ops, s.Beside...); len(ops) == 0 && count == 1 {
		path, stat, err := s.Client.Create(ctx, path, s.Data, opts...)
		return made{paths: []string{path}, stat: stat}, err
	}
	first := len(ops)
	for range count {
		ops = append(ops, client.OpCreate(path, s.Data, opts...))
	}
	results, err := s.Client.Multi(ctx, ops...)
	if err != nil {
		return made{}, err
	}
	m := made{stat: results[first].Stat, beside: results[first-len(s.Beside) : first]}
	for _, r := range results[first:] {
		m.paths = append(m.paths, r.Path)
	}
	return m, nil
}

// Session is the session of a client that is connected.
func Session(ctx context.Context, c *client.Client) (*client.Session, error) {
	if err := c.WaitConnected(ctx); err != nil {
		return nil, err
	}
	return c.Session(), nil
}

// settle looks for nodes whose create was not answered. Behind a sync, what is not there will not
// come any more: the server takes the requests of a connection in order, and nothing of an old
// connection once it has taken the session over.
func (s *Spec) settle(ctx context.Context, session *client.Session) (m made, err error) {
	if err := s.Client.Sync(ctx, s.Dir); err != nil {
		return made{}, err
	}
	names, _, err := s.Client.Children(ctx, s.Dir)
	if err != nil && !errors.Is(err, client.ErrNoNode) {
		return made{}, err
	}
	if now := s.Client.Session(); now.ID() != session.ID() {
		return made{}, client.ErrSessionExpired
	}
	for _, name := range names {
		if strings.HasPrefix(name, s.Prefix) {
			m.paths = append(m.paths, Join(s.Dir, name))
		}
	}
	if len(m.paths) == 0 {
		return made{}, nil
	}
	stat, found, err := s.Client.Exists(ctx, m.paths[0])
	if err != nil || !found || stat.EphemeralOwner != session.ID() {
		return made{}, err
	}
	m.stat = stat
	return m, nil
}

// Join is the path of a child.
func Join(dir, name string) string { return strings.TrimSuffix(dir, "/") + "/" + name }

// Name is the name of a node.
func Name(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }
