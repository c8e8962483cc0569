package discovery

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"quoll/client"
	"quoll/client/recipes/cache"
	"quoll/client/recipes/internal/hold"
)

// Service is the instances of one service, kept up to date.
type Service[T any] struct {
	name string
	path string
	tree *cache.Tree
	stop context.CancelFunc
	done chan struct{} // closed when follow has ended

	mu      sync.Mutex
	nodes   map[string]entry[T] // by path
	view    View[T]
	usage   map[string]*usage // by id
	err     error             // why it does not go on
	changed chan struct{}     // closed at the next change of view and err
}

// entry is one node.
type entry[T any] struct {
	in  Instance[T]
	err error // why it is none
}

// View is the instances of a service at one moment.
type View[T any] struct {
	Instances []Instance[T] // in the order of their nodes' names
	Bad       []error       // of nodes that are no instances of a T
}

// Open follows the instances of a service until Close, and returns when they are known. There need
// not be any. It needs a server of version 3.6.
func Open[T any](
	ctx context.Context, c *client.Client, base, service string,
) (*Service[T], error) {
	path := hold.Join(base, service)
	if service == "" || strings.Contains(service, "/") {
		return nil, hold.Wrap("open service", path,
			fmt.Errorf("%w: %q is not a name of a node", client.ErrBadArguments, service))
	}
	tree, err := cache.OpenTree(ctx, c, path, cache.TreeOptions{Depth: 1})
	if err != nil {
		return nil, hold.Wrap("open service", path, err)
	}
	s := &Service[T]{
		name: service, path: path, tree: tree, done: make(chan struct{}),
		nodes: map[string]entry[T]{}, usage: map[string]*usage{}, changed: make(chan struct{}),
	}
	for path, node := range tree.All() {
		s.put(path, node.Data)
	}
	s.refresh()
	ctx, s.stop = context.WithCancel(context.Background())
	go s.follow(ctx)
	return s, nil
}

// follow takes the changes of the tree until the Service is closed.
func (s *Service[T]) follow(ctx context.Context) {
	defer close(s.done)
	for change, err := range s.tree.Changes(ctx) {
		s.mu.Lock()
		switch {
		case ctx.Err() != nil:
			s.err = hold.Wrap("service", s.path, hold.ErrStopped)
		case err != nil:
			s.err = err
		case change.Kind == cache.Removed:
			delete(s.nodes, change.Path)
		default:
			s.put(change.Path, change.Node.Data)
		}
		s.refresh()
		s.mu.Unlock()
	}
}

// put takes a node. s.mu is held, or nobody else has s yet.
func (s *Service[T]) put(path string, data []byte) {
	if path == s.path {
		return
	}
	in, err := decode[T](data)
	if err != nil {
		err = hold.Wrap("instance", path, err)
	}
	s.nodes[path] = entry[T]{in, err}
}

// refresh makes the view of the nodes, and wakes whoever waits for it. s.mu is held, or nobody else
// has s yet.
func (s *Service[T]) refresh() {
	s.view = View[T]{}
	known := map[string]bool{}
	for _, path := range slices.Sorted(maps.Keys(s.nodes)) {
		if e := s.nodes[path]; e.err != nil {
			s.view.Bad = append(s.view.Bad, e.err)
		} else {
			s.view.Instances = append(s.view.Instances, e.in)
			known[e.in.ID] = true
		}
	}
	for id, u := range s.usage {
		if !known[id] && u.pending == 0 {
			delete(s.usage, id)
		}
	}
	close(s.changed)
	s.changed = make(chan struct{})
}

// state is the view, the next change of it, and why there will be no other.
func (s *Service[T]) state() (View[T], <-chan struct{}, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.view, s.changed, s.err
}

// Instances returns the instances, also those that are disabled or down. The slice must not be
// changed. Nodes that are no instances of a T are left out; Watch tells of them.
func (s *Service[T]) Instances() []Instance[T] {
	view, _, _ := s.state()
	return view.Instances
}

// Watch tells the instances now, and each time that they have changed. Quick changes may come as
// one. The last element has the error: of ctx, recipes.ErrStopped after Close, or why the Service
// does not go on.
func (s *Service[T]) Watch(ctx context.Context) iter.Seq2[View[T], error] {
	return func(yield func(View[T], error) bool) {
		for {
			view, changed, err := s.state()
			if err == nil && !yield(view, nil) {
				return
			}
			if err == nil {
				select {
				case <-changed:
					continue
				case <-ctx.Done():
					err = hold.Wrap("watch service", s.path, ctx.Err())
				}
			}
			yield(View[T]{}, err)
			return
		}
	}
}

// Stale says whether the instances may be old because there is no connection, or because they are
// not followed any more; and since when.
func (s *Service[T]) Stale() (since time.Time, stale bool) { return s.tree.Stale() }

// Close ends the following. Instances and Pick go on with what is there.
func (s *Service[T]) Close() error {
	s.stop()
	<-s.done
	return s.tree.Close()
}
