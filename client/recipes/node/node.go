package node

import (
	"context"
	"time"

	"quoll/client"
	"quoll/client/recipes/internal/hold"
	"quoll/client/recipes/internal/keep"
)

// Mode is what kind of node is kept.
type Mode struct{ mode keep.Mode }

// Ephemeral is a node that goes with its session, and is made again with the next one.
func Ephemeral() Mode { return Mode{keep.Ephemeral} }

// Permanent is a node that stays when this process ends without Close.
func Permanent() Mode { return Mode{keep.Permanent} }

// WithTTL is a node that stays when this process ends, for d about. It is kept from that as long as
// any process keeps it, by writes to a child named touch, each third of d. Servers need
// zookeeper.extendedTypesEnabled for it, and look for what is too old once a minute.
func WithTTL(d time.Duration) Mode { return Mode{keep.Mode(max(d, time.Millisecond))} }

// Node is a node that is kept.
type Node struct{ node *keep.Node }

// Persistent makes a node and keeps it in being until Close. It returns when the node is there.
//
// An ephemeral node at the path that is of another session is waited for; one of this client is
// recipes.ErrBusy. A node of the other modes that is there already gets the data, and several
// processes may keep it.
func Persistent(
	ctx context.Context, c *client.Client, path string, data []byte, mode Mode,
) (*Node, error) {
	n, err := keep.Open(ctx, &keep.Spec{Client: c, Path: path, Data: data, Mode: mode.mode})
	if err != nil {
		return nil, hold.Wrap("persistent node", path, err)
	}
	return &Node{n}, nil
}

// Path is the path of the node.
func (n *Node) Path() string { return n.node.Path }

// Remade is closed at the next time that the node has been made again. Ask for it again then.
func (n *Node) Remade() <-chan struct{} { return n.node.Remade() }

// Done is closed when the node is not kept any more: by Close, or because the client can have no
// session any more.
func (n *Node) Done() <-chan struct{} { return n.node.Done() }

// Update replaces the data. It waits until the data is there, or will be when the node is made
// again. If ctx ends before, the data may be replaced or not. The error is recipes.ErrStopped when
// the node is not kept any more. Data that somebody else writes is left as it is.
func (n *Node) Update(ctx context.Context, data []byte) error {
	return hold.Wrap("update", n.Path(), n.node.Update(ctx, data))
}

// Close ends the keeping, and waits until the node is deleted; a node WithTTL is left to that. If
// ctx ends before, the deletion goes on in the background. It may be called any number of times.
func (n *Node) Close(ctx context.Context) error {
	return hold.Wrap("close", n.Path(), n.node.Close(ctx))
}
