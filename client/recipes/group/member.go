package group

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"quoll/client"
	"quoll/client/recipes/internal/hold"
)

// Member is one who has joined a group.
type Member struct {
	c    *client.Client
	dir  string
	path string

	ctx     context.Context // ends with Leave
	stop    context.CancelFunc
	done    chan struct{} // closed when keep has ended
	updates chan update

	// Of keep alone:

	data    []byte
	session *client.Session // of the node
	waiting []update        // those whose data is data, and not on the server yet

	mu       sync.Mutex
	rejoined chan struct{} // closed at the next time
	err      error         // why it is no member any more, if not by Leave
	left     chan struct{} // closed when the node is gone
}

// update is a call of Update. The answer has room for one error.
type update struct {
	data   []byte
	answer chan error
}

// Join makes a member of a group. The id is the name of its node, and must be of nobody else. If
// the node is there already, of a session that is ending perhaps, Join waits until it is gone; an
// id that another Member of the same client has is recipes.ErrBusy.
func Join(
	ctx context.Context, c *client.Client, path, id string, data []byte,
) (*Member, error) {
	if id == "" || strings.Contains(id, "/") {
		return nil, hold.Wrap("join", path,
			fmt.Errorf("%w: %q is not a name of a node", client.ErrBadArguments, id))
	}
	m := &Member{
		c: c, dir: path, path: hold.Join(path, id), data: data, done: make(chan struct{}),
		updates: make(chan update), rejoined: make(chan struct{}), left: make(chan struct{}),
	}
	m.ctx, m.stop = context.WithCancel(context.Background())
	if err := m.enter(ctx); err != nil {
		m.stop()
		return nil, hold.Wrap("join", m.path, err)
	}
	go m.keep()
	return m, nil
}

// Path is the path of the member's node.
func (m *Member) Path() string { return m.path }

// Rejoined is closed at the next time that the member has joined again: after a lost session, or
// when somebody has deleted its node. Ask for it again then.
func (m *Member) Rejoined() <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.rejoined
}

// Done is closed when the member is none any more: by Leave, or because the client can have no
// session any more.
func (m *Member) Done() <-chan struct{} { return m.done }

// Update replaces the member's data. It waits until the data is there, or will be when the member
// has joined again. If ctx ends before, the data may be replaced or not. The error is
// recipes.ErrStopped when the member is none any more.
func (m *Member) Update(ctx context.Context, data []byte) error {
	u := update{data, make(chan error, 1)}
	var err error
	select {
	case m.updates <- u:
		select {
		case err = <-u.answer:
		case <-m.done:
			err = m.ended()
		case <-ctx.Done():
			err = ctx.Err()
		}
	case <-m.done:
		err = m.ended()
	case <-ctx.Done():
		err = ctx.Err()
	}
	return hold.Wrap("update", m.path, err)
}

func (m *Member) ended() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err != nil {
		return fmt.Errorf("%w: %w", hold.ErrStopped, m.err)
	}
	return hold.ErrStopped
}

// Leave ends the membership and waits until the node is deleted. If ctx ends before, that goes on
// in the background until it is done or the session has ended. It may be called any number of
// times.
func (m *Member) Leave(ctx context.Context) error {
	m.stop()
	select {
	case <-m.done:
	case <-ctx.Done():
		return hold.Wrap("leave", m.path, ctx.Err())
	}
	select {
	case <-m.left:
		return nil
	case <-ctx.Done():
		return hold.Wrap("leave", m.path, ctx.Err())
	}
}
