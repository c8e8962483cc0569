package cache

import (
	"context"
	"errors"
	"sync"
	"time"

	"quoll/client"
	"quoll/client/recipes/internal/hold"
)

// Node is a copy of one node.
type Node struct {
	c    *client.Client
	path string
	stop context.CancelFunc
	done chan struct{} // closed when keep has ended

	mu      sync.Mutex
	node    client.Node
	exists  bool
	fresh   moment
	err     error         // why it does not go on
	changed chan struct{} // closed at the next change of node, exists and err
}

// OpenNode makes a copy of a node and returns when it is filled. There need not be such a node.
func OpenNode(ctx context.Context, c *client.Client, path string) (*Node, error) {
	n := &Node{c: c, path: path, done: make(chan struct{}), changed: make(chan struct{})}
	w, err := n.read(ctx)
	if err != nil {
		return nil, hold.Wrap("open cache", path, err)
	}
	ctx, n.stop = context.WithCancel(context.Background())
	go n.keep(ctx, w)
	return n, nil
}

// Get returns the node, and whether it exists. The data must not be changed.
func (n *Node) Get() (client.Node, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.node, n.exists
}

// Changed is closed at the next time that Get returns something else, or the copy does not go on.
// Ask for it before Get, and again afterwards.
func (n *Node) Changed() <-chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.changed
}

// Stale says whether the copy may be old because there is no connection, or has been none and the
// node is not read again, or because the copy does not go on; and since when.
func (n *Node) Stale() (since time.Time, stale bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.fresh.stale(n.c, n.err)
}

// Err is why the copy does not go on, nil while it does: recipes.ErrStopped after Close.
func (n *Node) Err() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.err
}

// Close ends the copy. Get goes on with what is there.
func (n *Node) Close() error {
	n.stop()
	<-n.done
	return nil
}

// keep reads the node again whenever something has happened to it or to the connection.
func (n *Node) keep(ctx context.Context, w *client.Watch) {
	defer close(n.done)
	for {
		now, changed := n.c.Status()
		n.mu.Lock()
		current := connected(&now) && now.Since.Equal(n.fresh.connection)
		n.mu.Unlock()
		if current || !connected(&now) {
			select {
			case <-w.Fired():
			case <-changed:
			case <-ctx.Done():
			}
			if !current && isOpen(w.Fired()) && ctx.Err() == nil {
				continue
			}
		}
		_ = w.Close()
		next, err := n.read(ctx)
		if err == nil {
			w = next
			continue
		}
		if ctx.Err() != nil {
			err = hold.ErrStopped
		}
		n.mu.Lock()
		n.err = hold.Wrap("cache", n.path, err)
		n.tell()
		n.mu.Unlock()
		return
	}
}

func isOpen(ch <-chan struct{}) bool {
	select {
	case <-ch:
		return false
	default:
		return true
	}
}

// read reads the node and leaves a watch on it, or on its absence.
func (n *Node) read(ctx context.Context) (*client.Watch, error) {
	for {
		// A read that begins without a connection does not say on which one it was answered.
		if err := n.c.WaitConnected(ctx); err != nil {
			return nil, err
		}
		before, _ := n.c.Status()
		data, stat, w, err := n.c.GetW(ctx, n.path)
		exists := err == nil
		if errors.Is(err, client.ErrNoNode) {
			var made bool
			if stat, made, w, err = n.c.ExistsW(ctx, n.path); err == nil && made {
				_ = w.Close()
				continue
			}
		}
		if err != nil {
			if err = hold.Again(ctx, n.c, err); err != nil {
				return nil, err
			}
			continue
		}
		n.mu.Lock()
		if connected(&before) {
			n.fresh = moment{before.Since, time.Now()}
		}
		if exists != n.exists || stat.Mzxid != n.node.Stat.Mzxid {
			n.node, n.exists = client.Node{Path: n.path, Data: data, Stat: stat}, exists
			n.tell()
		}
		n.mu.Unlock()
		return w, nil
	}
}

// tell wakes whoever waits for a change. n.mu is held.
func (n *Node) tell() {
	close(n.changed)
	n.changed = make(chan struct{})
}
