package cache

import (
	"context"
	"iter"
	"slices"
	"strings"

	"quoll/client"
	"quoll/client/recipes/internal/hold"
)

// Change is what has become of one path.
type Change struct {
	Path   string
	Node   client.Node // as it is now; of a Removed one as it was seen last, without its data
	Kind   Kind
	number uint64
}

// Kind is what a Change tells.
type Kind uint8

// The kinds of changes.
const (
	Added Kind = iota
	Changed
	Removed
)

func (k Kind) String() string { return [...]string{"Added", "Changed", "Removed"}[k] }

// changeLog has the paths of the latest changes, the newest at number last.
type changeLog struct {
	last  uint64
	paths [1024]string
}

func (l *changeLog) add(path string) (number uint64) {
	l.last++
	l.paths[l.last%uint64(len(l.paths))] = path
	return l.last
}

// since has the paths that have changed after a number. ok is false if they are not known any more.
func (l *changeLog) since(number uint64) (paths []string, ok bool) {
	if l.last-number > uint64(len(l.paths)) {
		return nil, false
	}
	for n := number + 1; n <= l.last; n++ {
		paths = append(paths, l.paths[n%uint64(len(l.paths))])
	}
	return paths, true
}

// seen is what a reader of changes knows of a path.
type seen struct {
	number uint64
	stat   client.Stat
}

// Changes tells all nodes of the copy as Added, and then what changes. Several changes of a path
// may come as one, and a node that was deleted and made again as Changed; a path never goes back. A
// parent is added before its children, and removed after them, as far as they come together. A
// reader that is slow, or a lost connection, means a difference, not a gap. The last element has
// the error: of ctx, recipes.ErrStopped after Close, or why the copy does not go on.
func (t *Tree) Changes(ctx context.Context) iter.Seq2[Change, error] {
	return func(yield func(Change, error) bool) {
		known, at := map[string]seen{}, uint64(0)
		for {
			changes, last, wake, err := t.difference(known, at)
			at = last
			for i := range changes {
				c := &changes[i]
				if c.Kind == Removed {
					delete(known, c.Path)
				} else {
					known[c.Path] = seen{c.number, c.Node.Stat}
				}
				if !yield(*c, nil) {
					return
				}
			}
			if err == nil {
				select {
				case <-wake:
					continue
				case <-ctx.Done():
					err = hold.Wrap("changes of cache", t.root, ctx.Err())
				}
			}
			yield(Change{}, err)
			return
		}
	}
}

// difference is what has changed for a reader that knows of some states, and of nothing after
// change at.
func (t *Tree) difference(known map[string]seen, at uint64) (
	changes []Change, last uint64, wake <-chan struct{}, err error,
) {
	t.mu.Lock()
	defer t.mu.Unlock()
	paths, ok := t.log.since(at)
	if !ok {
		for path := range t.nodes {
			paths = append(paths, path)
		}
		for path := range known {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	var removed []Change
	for _, path := range slices.Compact(paths) {
		now, is := t.nodes[path]
		before, was := known[path]
		c := Change{Path: path, Node: now.node, number: now.number}
		switch {
		case is && !was:
			changes = append(changes, c)
		case is && now.number > before.number:
			c.Kind = Changed
			changes = append(changes, c)
		case was && !is:
			removed = append(removed, Change{
				Path: path, Node: client.Node{Path: path, Stat: before.stat}, Kind: Removed,
			})
		}
	}
	slices.Reverse(removed)
	return append(removed, changes...), t.log.last, t.changed, t.err
}

func byPath(a, b client.Node) int { return strings.Compare(a.Path, b.Path) }
