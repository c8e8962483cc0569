package cache

import (
	"context"
	"iter"
	"slices"
	"sync"
	"time"

	"quoll/client"
	"quoll/client/recipes/internal/hold"
)

// TreeOptions says what a Tree holds. If there is more than MaxNodes or MaxBytes, it does not go
// on: the error is recipes.ErrFull.
type TreeOptions struct {
	MaxNodes int  // 0: 100,000
	MaxBytes int  // of paths and data; 0: 256 MiB
	Depth    int  // below the root; 0: no limit. 1 is the root and its children
	NoData   bool // only the Stats
}

const (
	defaultNodes = 100_000
	defaultBytes = 256 << 20
)

// Tree is a copy of a node and all nodes below it. The Stat of a node is that of its last change of
// data: what it says of children may be old.
type Tree struct {
	c    *client.Client
	root string
	o    TreeOptions

	stop context.CancelFunc
	done chan struct{} // closed when keep has ended

	mu      sync.Mutex
	nodes   map[string]state
	bytes   int // of paths and data in nodes
	log     changeLog
	fresh   moment
	err     error         // why it does not go on
	changed chan struct{} // closed at the next change of all that
}

// state is a node and the number of the change that has brought it.
type state struct {
	node   client.Node
	number uint64
}

// OpenTree makes a copy and returns when it is filled. There need not be such a node: then the copy
// is empty until there is. All nodes must be readable. It needs a server of version 3.6; an older
// one answers client.ErrUnimplemented and hangs up.
func OpenTree(
	ctx context.Context, c *client.Client, root string, o TreeOptions,
) (*Tree, error) {
	if o.MaxNodes <= 0 {
		o.MaxNodes = defaultNodes
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = defaultBytes
	}
	w, err := c.AddWatch(ctx, root, client.Recursive)
	if err != nil {
		return nil, hold.Wrap("open cache", root, err)
	}
	t := &Tree{
		c: c, root: root, o: o, done: make(chan struct{}), nodes: map[string]state{},
		changed: make(chan struct{}),
	}
	if err := t.fill(ctx); err != nil {
		_ = w.Close()
		return nil, hold.Wrap("open cache", root, err)
	}
	ctx, t.stop = context.WithCancel(context.Background())
	go t.keep(ctx, w)
	return t, nil
}

// Get returns a node of the copy. The data must not be changed.
func (t *Tree) Get(path string) (client.Node, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s, ok := t.nodes[path]
	return s.node, ok
}

// All goes through the copy as it is now, in the order of the paths.
func (t *Tree) All() iter.Seq2[string, client.Node] {
	return func(yield func(string, client.Node) bool) {
		t.mu.Lock()
		nodes := make([]client.Node, 0, len(t.nodes))
		for _, s := range t.nodes {
			nodes = append(nodes, s.node)
		}
		t.mu.Unlock()
		slices.SortFunc(nodes, byPath)
		for _, n := range nodes {
			if !yield(n.Path, n) {
				return
			}
		}
	}
}

// Stale says whether the copy may be old because there is no connection, or has been none and not
// all is read again, or because the copy does not go on; and since when.
func (t *Tree) Stale() (since time.Time, stale bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.fresh.stale(t.c, t.err)
}

// Close ends the copy. Get and All go on with what is there.
func (t *Tree) Close() error {
	t.stop()
	<-t.done
	return nil
}
