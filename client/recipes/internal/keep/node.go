package keep

import (
	"context"
	"fmt"
	"sync"
	"time"

	"quoll/client"
	"quoll/client/recipes/internal/hold"
)

// Mode is what kind of node is kept: a TTL if it is positive.
type Mode time.Duration

// The modes without a TTL.
const (
	Permanent Mode = 0  // a plain node
	Ephemeral Mode = -1 // one that goes with its session
)

// Spec says what is kept.
type Spec struct {
	Client   *client.Client
	Path     string
	Data     []byte
	Mode     Mode
	Takeover bool // Open deletes an ephemeral node of another session
}

// Node is a node that is kept.
type Node struct {
	Spec

	ctx     context.Context // ends with Close
	stop    context.CancelFunc
	done    chan struct{} // closed when keep has ended
	updates chan update

	// Of keep alone:

	session *client.Session // of the node, if it is ephemeral
	waiting []update        // those whose data is Data, and not on the server yet
	touched time.Time       // when the child that keeps a TTL from running out was written

	mu     sync.Mutex
	remade chan struct{} // closed at the next time
	err    error         // why it is not kept any more, if not by Close
	left   chan struct{} // closed when the node is gone
	stays  error         // why it could not be deleted; set before left is closed
}

// update is a call of Update. The answer has room for one error.
type update struct {
	data   []byte
	answer chan error
}

// Open makes the node and begins to keep it. After an error there is none, or it is being deleted
// in the background.
func Open(ctx context.Context, s *Spec) (*Node, error) {
	n := &Node{
		Spec: *s, done: make(chan struct{}), updates: make(chan update),
		remade: make(chan struct{}), left: make(chan struct{}), touched: time.Now(),
	}
	n.ctx, n.stop = context.WithCancel(context.Background())
	if err := n.enter(ctx); err != nil {
		n.stop()
		return nil, err
	}
	n.Takeover = false
	go n.keep()
	return n, nil
}

// Remade is closed at the next time that the node has been made again.
func (n *Node) Remade() <-chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.remade
}

// Done is closed when the node is not kept any more.
func (n *Node) Done() <-chan struct{} { return n.done }

// Update replaces the data, and waits until it is there or will be when the node is made again.
func (n *Node) Update(ctx context.Context, data []byte) error {
	u := update{data, make(chan error, 1)}
	select {
	case n.updates <- u:
	case <-n.done:
		return n.ended()
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-u.answer:
		return err
	case <-n.done:
		return n.ended()
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (n *Node) ended() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.err != nil {
		return fmt.Errorf("%w: %w", hold.ErrStopped, n.err)
	}
	return hold.ErrStopped
}

// Close ends the keeping and waits until the node is deleted; one with a TTL is left to that. If
// ctx ends before, the deletion goes on in the background.
func (n *Node) Close(ctx context.Context) error {
	n.stop()
	select {
	case <-n.done:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-n.left:
		return n.stays
	case <-ctx.Done():
		return ctx.Err()
	}
}
