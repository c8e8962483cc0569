package keep

import (
	"context"
	"errors"
	"fmt"
	"time"

	"quoll/client"
	"quoll/client/recipes/internal/hold"
)

// enter makes the node. After an error there is none of this Node, or it is being deleted in the
// background; only a permanent one may be left over.
func (n *Node) enter(ctx context.Context) error {
	if n.Mode != Ephemeral {
		return n.put(ctx)
	}
	session, err := hold.Session(ctx, n.Client)
	if err != nil {
		return err
	}
	asked := false // a create was sent and not answered
	for {
		_, stat, err := n.Client.Create(ctx, n.Path, n.Data, client.Ephemeral)
		switch {
		case err == nil:
			return n.entered(stat)
		case errors.Is(err, client.ErrNoNode):
			err = n.parents(ctx)
		case errors.Is(err, client.ErrNodeExists):
			var mine bool
			if mine, err = n.occupied(ctx, session, asked); mine {
				return err
			}
		case errors.Is(err, client.ErrUnknownOutcome) && ctx.Err() == nil && !hold.Ended(err):
			asked = true
			continue
		case errors.Is(err, client.ErrUnknownOutcome) && !hold.Ended(err):
			asked = true
		}
		if err != nil {
			if asked {
				go hold.Remove(n.Client, session, n.Path)
			}
			return err
		}
		if now := n.Client.Session(); now.ID() != session.ID() {
			session, asked = now, false
		}
	}
}

func (n *Node) parents(ctx context.Context) error {
	return hold.Parents(ctx, n.Client, hold.Above(n.Path), client.World())
}

// occupied looks whose the node is that is there already. If it is not this one's, it waits until
// something happens to it, or takes its place.
func (n *Node) occupied(
	ctx context.Context, session *client.Session, asked bool,
) (mine bool, err error) {
	_, stat, w, err := n.Client.GetW(ctx, n.Path)
	switch {
	case errors.Is(err, client.ErrNoNode):
		return false, nil
	case err != nil:
		return false, err
	}
	defer w.Close()
	if stat.EphemeralOwner == session.ID() {
		if asked {
			return true, n.entered(stat)
		}
		return false, fmt.Errorf("%w: this client has made the node already", hold.ErrBusy)
	}
	if n.Takeover {
		err = n.Client.Delete(ctx, n.Path, stat.Version)
		if errors.Is(err, client.ErrNoNode) || errors.Is(err, client.ErrBadVersion) ||
			errors.Is(err, client.ErrConnectionLoss) && ctx.Err() == nil {
			err = nil // the create says what has become of it
		}
		return false, err
	}
	_, err = w.Next(ctx)
	if errors.Is(err, client.ErrSessionExpired) {
		err = nil // that of this client: the watch is gone, and the loop sets another
	}
	return false, err
}

// entered notes whose the node is.
func (n *Node) entered(stat client.Stat) error {
	session := n.Client.Session()
	if session.ID() != stat.EphemeralOwner {
		return client.ErrSessionExpired
	}
	n.session = session
	return nil
}

// put makes a node that is not ephemeral. One that is there already gets the data.
func (n *Node) put(ctx context.Context) error {
	for {
		err := n.tryPut(ctx)
		if err == nil {
			return nil
		}
		if err = hold.Again(ctx, n.Client, err); err != nil {
			return err
		}
	}
}

func (n *Node) tryPut(ctx context.Context) error {
	var opts []client.CreateOption
	if n.Mode > 0 {
		opts = append(opts, client.TTL(time.Duration(n.Mode)))
	}
	for {
		_, _, err := n.Client.Create(ctx, n.Path, n.Data, opts...)
		switch {
		case errors.Is(err, client.ErrNodeExists):
			_, err = n.Client.Set(ctx, n.Path, n.Data, client.AnyVersion)
			if !errors.Is(err, client.ErrNoNode) { // else it is gone again
				return err
			}
		case errors.Is(err, client.ErrNoNode):
			if err = n.parents(ctx); err != nil {
				return err
			}
		default:
			return err
		}
	}
}
