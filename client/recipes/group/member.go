package group

import (
	"context"
	"fmt"
	"strings"

	"quoll/client"
	"quoll/client/recipes/internal/hold"
	"quoll/client/recipes/internal/keep"
)

// Member is one who has joined a group.
type Member struct{ node *keep.Node }

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
	path = hold.Join(path, id)
	n, err := keep.Open(ctx, &keep.Spec{
		Client: c, Path: path, Data: data, Mode: keep.Ephemeral,
	})
	if err != nil {
		return nil, hold.Wrap("join", path, err)
	}
	return &Member{n}, nil
}

// Path is the path of the member's node.
func (m *Member) Path() string { return m.node.Path }

// Rejoined is closed at the next time that the member has joined again: after a lost session, or
// when somebody has deleted its node. Ask for it again then.
func (m *Member) Rejoined() <-chan struct{} { return m.node.Remade() }

// Done is closed when the member is none any more: by Leave, or because the client can have no
// session any more.
func (m *Member) Done() <-chan struct{} { return m.node.Done() }

// Update replaces the member's data. It waits until the data is there, or will be when the member
// has joined again. If ctx ends before, the data may be replaced or not. The error is
// recipes.ErrStopped when the member is none any more.
func (m *Member) Update(ctx context.Context, data []byte) error {
	return hold.Wrap("update", m.Path(), m.node.Update(ctx, data))
}

// Leave ends the membership and waits until the node is deleted. If ctx ends before, that goes on
// in the background until it is done or the session has ended. It may be called any number of
// times.
func (m *Member) Leave(ctx context.Context) error {
	return hold.Wrap("leave", m.Path(), m.node.Close(ctx))
}
