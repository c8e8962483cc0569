package walk

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"slices"
	"strings"

	"quoll/client"
)

// Options says what is read.
type Options struct {
	Data     bool   // the nodes' data too
	MaxDepth int    // below root; 0: no limit. 1 is root and its children
	After    string // begins behind this path, in order; "": with root
	Skip     string // leaves out this node and all below it
	// Denied is told of a node below root that may not be read, and is left out with all below it.
	// nil: that is an error.
	Denied func(path string)
}

// Node is a node of a walk.
type Node struct {
	Path  string
	Depth int // below root
	Stat  client.Stat
	Data  []byte // with Options.Data
}

const (
	// ahead is how many nodes are asked for before they are needed.
	ahead = 64
	// kept is how many answers are kept, at least those.
	kept = 4 * ahead
)

// step is a node that is known and not visited.
type step struct {
	path    string
	depth   int
	listing *client.Future[client.Listing] // nil: not asked for
	data    *client.Future[client.Node]    // nil: not asked for, or not wanted
}

// Sorted goes through root and all nodes below it, in order. Nodes that are deleted meanwhile are
// left out. An error is the last element. In memory are the names of the nodes that are known and
// not visited, and the answers of those that come next.
func Sorted(
	ctx context.Context, c *client.Client, root string, o Options,
) iter.Seq2[Node, error] {
	return func(yield func(Node, error) bool) {
		stack := []*step{{path: root}} // the next one is the last
		var held answers
		for len(stack) > 0 {
			held.forget()
			for _, s := range stack[max(0, len(stack)-ahead):] {
				if s.listing == nil {
					s.ask(ctx, c, o)
					held = append(held, s)
				}
			}
			s := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			held.take(s)
			node, names, err := s.wait(ctx)
			if errors.Is(err, client.ErrNoNode) && s.depth > 0 {
				continue
			}
			shown := o.After == "" || Compare(s.path, o.After) > 0
			if errors.Is(err, client.ErrNoAuth) && s.depth > 0 && o.Denied != nil {
				if shown {
					o.Denied(s.path)
				}
				continue
			}
			if (shown || err != nil) && !yield(node, err) || err != nil {
				return
			}
			if o.MaxDepth > 0 && s.depth >= o.MaxDepth {
				continue
			}
			slices.Sort(names)
			for _, name := range slices.Backward(names) {
				if path := Below(s.path, name); o.wants(path) {
					stack = append(stack, &step{path: path, depth: s.depth + 1})
				}
			}
		}
	}
}

// wants reports whether a node is visited. Those above After are, and not shown.
func (o *Options) wants(path string) bool {
	return (o.Skip == "" || path != o.Skip) &&
		(Compare(path, o.After) >= 0 || strings.HasPrefix(o.After, path+"/"))
}

// Compare is the order of Sorted, of two paths: by their parts, from left to right.
func Compare(a, b string) int {
	for i := range min(len(a), len(b)) {
		switch {
		case a[i] == b[i]:
		case a[i] == '/':
			return -1
		case b[i] == '/':
			return 1
		default:
			return cmp.Compare(a[i], b[i])
		}
	}
	return cmp.Compare(len(a), len(b))
}

// Below is the path of a child.
func Below(path, name string) string { return strings.TrimSuffix(path, "/") + "/" + name }

func (s *step) ask(ctx context.Context, c *client.Client, o Options) {
	s.listing = c.Async().Children(ctx, s.path)
	if o.Data {
		s.data = c.Async().Get(ctx, s.path)
	}
}

// answers are the nodes that were asked for and not visited, those asked for first in front: they
// are the farthest up in the tree, and needed last.
type answers []*step

// forget lets go of some if there are too many, and they will be asked for again. Each level of a
// deep tree would keep 64 listings otherwise.
func (a *answers) forget() {
	for len(*a) > kept {
		(*a)[0].listing, (*a)[0].data = nil, nil
		*a = (*a)[1:]
	}
}

// take is a node that is visited now: one of the last.
func (a *answers) take(s *step) {
	for i, other := range slices.Backward(*a) {
		if other == s {
			*a = slices.Delete(*a, i, i+1)
			return
		}
	}
}

func (s *step) wait(ctx context.Context) (Node, []string, error) {
	listing, err := s.listing.Wait(ctx)
	node := Node{Path: s.path, Depth: s.depth, Stat: listing.Stat}
	if err == nil && s.data != nil {
		var read client.Node
		read, err = s.data.Wait(ctx)
		node.Data, node.Stat = read.Data, read.Stat
	}
	return node, listing.Names, err
}
