package hold

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"quoll/client"
)

// Spec says which node to make.
type Spec struct {
	Client *client.Client
	Dir    string
	Prefix string // of the name, used for this node only
	Mark   string // behind the prefix; the number follows it
	Shared string // path of a second node, without a number; "" if there is none
	Data   []byte
	ACL    []client.ACL
	Logger *slog.Logger
}

// Make makes an ephemeral sequential node, exactly once. After an error there is none, or it is
// being deleted in the background.
func Make(ctx context.Context, s *Spec) (*Held, error) {
	return s.make(ctx, func(ctx context.Context) (string, client.Stat, error) {
		return s.Client.Create(ctx, Join(s.Dir, s.Prefix+s.Mark), s.Data,
			client.Ephemeral, client.Sequential, client.WithACL(s.ACL...))
	})
}

type creation func(ctx context.Context) (path string, stat client.Stat, err error)

func (s *Spec) make(ctx context.Context, create creation) (*Held, error) {
	session, err := Session(ctx, s.Client)
	if err != nil {
		return nil, err
	}
	for {
		path, stat, err := create(ctx)
		switch {
		case err == nil:
			return newHeld(s, path, stat)
		case errors.Is(err, client.ErrNoNode):
			if err := Parents(ctx, s.Client, s.Dir, s.ACL); err != nil {
				return nil, err
			}
			continue
		case !errors.Is(err, client.ErrUnknownOutcome) || Ended(err):
			return nil, err
		}
		path, stat, found, search := s.settle(ctx, session)
		switch {
		case search != nil:
			go s.forget(session)
			return nil, fmt.Errorf("%w, and %w", err, search)
		case found:
			return newHeld(s, path, stat)
		}
	}
}

// Session is the session of a client that is connected.
func Session(ctx context.Context, c *client.Client) (*client.Session, error) {
	if err := c.WaitConnected(ctx); err != nil {
		return nil, err
	}
	return c.Session(), nil
}

// settle looks for a node whose create was not answered. Behind a sync, what is not there will not
// come any more: the server takes the requests of a connection in order, and nothing of an old
// connection once it has taken the session over.
func (s *Spec) settle(
	ctx context.Context, session *client.Session,
) (path string, stat client.Stat, found bool, err error) {
	if err := s.Client.Sync(ctx, s.Dir); err != nil {
		return "", stat, false, err
	}
	names, _, err := s.Client.Children(ctx, s.Dir)
	if err != nil && !errors.Is(err, client.ErrNoNode) {
		return "", stat, false, err
	}
	if now := s.Client.Session(); now.ID() != session.ID() {
		return "", stat, false, client.ErrSessionExpired
	}
	for _, name := range names {
		if !strings.HasPrefix(name, s.Prefix) {
			continue
		}
		path := Join(s.Dir, name)
		stat, found, err := s.Client.Exists(ctx, path)
		return path, stat, found && stat.EphemeralOwner == session.ID(), err
	}
	return "", stat, false, nil
}

// Join is the path of a child.
func Join(dir, name string) string { return strings.TrimSuffix(dir, "/") + "/" + name }

// Name is the name of a node.
func Name(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }
