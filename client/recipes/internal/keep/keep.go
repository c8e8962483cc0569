package keep

import (
	"context"
	"errors"
	"time"

	"quoll/client"
	"quoll/client/recipes/internal/hold"
)

// keep keeps the node in being until Close.
func (n *Node) keep() {
	defer func() {
		go n.remove()
		close(n.done)
	}()
	for n.ctx.Err() == nil {
		err := n.watch()
		if err == nil {
			continue
		}
		if err = hold.Again(n.ctx, n.Client, err); err != nil {
			n.mu.Lock()
			if n.ctx.Err() == nil {
				n.err = err
			}
			n.mu.Unlock()
			return
		}
	}
}

// watch waits for one thing to happen, and does what it asks for.
func (n *Node) watch() error {
	_, stat, w, err := n.Client.GetW(n.ctx, n.Path)
	if errors.Is(err, client.ErrNoNode) {
		return n.remake()
	}
	if err != nil {
		return err
	}
	defer w.Close()
	if n.Mode == Ephemeral && stat.EphemeralOwner != n.session.ID() {
		return n.remake()
	}
	if err := n.write(); err != nil {
		return err
	}
	if err := n.touch(); err != nil {
		return err
	}
	ctx, stop := n.untilTouch()
	defer stop()
	select {
	case <-w.Fired():
	case u := <-n.updates:
		n.Data, n.waiting = u.data, append(n.waiting, u)
	case <-ctx.Done():
	}
	return nil
}

// write brings the data to the server, if it is not there.
func (n *Node) write() error {
	if len(n.waiting) == 0 {
		return nil
	}
	_, err := n.Client.Set(n.ctx, n.Path, n.Data, client.AnyVersion)
	switch {
	case errors.Is(err, client.ErrNoNode):
		return n.remake()
	case err == nil, !hold.Passing(err) && !hold.Ended(err) && n.ctx.Err() == nil:
		n.answer(err) // the server has it, or refuses it
		return nil
	}
	return err
}

func (n *Node) answer(err error) {
	for _, u := range n.waiting {
		u.answer <- err
	}
	n.waiting = nil
}

// touchName is the child that keeps a node with a TTL in being. It is written instead of the node,
// so that whoever watches the node hears nothing of it. Curator has the same name.
const touchName = "touch"

// touchEach is how often that is done.
func (n *Node) touchEach() time.Duration { return time.Duration(n.Mode) / 3 }

// touch writes the child, if it is time.
func (n *Node) touch() error {
	if n.Mode <= 0 || time.Since(n.touched) < n.touchEach() {
		return nil
	}
	path := hold.Join(n.Path, touchName)
	_, err := n.Client.Set(n.ctx, path, nil, client.AnyVersion)
	if errors.Is(err, client.ErrNoNode) {
		_, _, err = n.Client.Create(n.ctx, path, nil, client.TTL(time.Duration(n.Mode)))
		if errors.Is(err, client.ErrNoNode) || errors.Is(err, client.ErrNodeExists) {
			// The node is gone, and its watch tells of it; or a lost answer was a success.
			err = nil
		}
	}
	if err == nil {
		n.touched = time.Now()
	}
	return err
}

// untilTouch ends when the child is to be written, or with Close.
func (n *Node) untilTouch() (context.Context, context.CancelFunc) {
	if n.Mode <= 0 {
		return n.ctx, func() {}
	}
	return context.WithDeadline(n.ctx, n.touched.Add(n.touchEach()))
}

// remake makes the node again.
func (n *Node) remake() error {
	if err := n.enter(n.ctx); err != nil {
		return err
	}
	n.answer(nil)
	n.mu.Lock()
	defer n.mu.Unlock()
	close(n.remade)
	n.remade = make(chan struct{})
	return nil
}

// remove deletes the node until it is gone.
func (n *Node) remove() {
	defer close(n.left)
	switch {
	case n.Mode > 0:
	case n.Mode == Ephemeral:
		hold.Remove(n.Client, n.session, n.Path)
	default:
		ctx := context.Background()
		for {
			err := n.Client.Delete(ctx, n.Path, client.AnyVersion)
			if err == nil || errors.Is(err, client.ErrNoNode) {
				return
			}
			if err = hold.Again(ctx, n.Client, err); err != nil {
				n.stays = err
				return
			}
		}
	}
}
