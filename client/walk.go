package client

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"quoll/jute"
)

// WalkOptions says what a Walk reads.
type WalkOptions struct {
	Data     bool // the nodes' data too
	MaxDepth int  // below root; 0: no limit. 1 is root and its children
	Parallel int  // nodes that are asked for at a time; 0: 64
}

const defaultParallel = 64

// step is a node that a walk has to visit.
type step struct {
	path  string
	depth int
}

// Walk goes through root and all nodes below it. A node comes before its children; otherwise there
// is no order. Nodes that are deleted meanwhile are left out. An error is the last element.
// In memory there are the names of the nodes that are known and not visited, not more.
func (c *Client) Walk(
	ctx context.Context, root string, o WalkOptions,
) iter.Seq2[Node, error] {
	if o.Parallel <= 0 {
		o.Parallel = defaultParallel
	}
	return func(yield func(Node, error) bool) {
		stack := []step{{path: root}}
		for len(stack) > 0 {
			from := max(len(stack)-o.Parallel, 0)
			asked := c.ask(ctx, stack[from:], o.Data)
			stack = stack[:from]
			for _, a := range asked {
				node, names, err := a.wait(ctx)
				if errors.Is(err, ErrNoNode) && a.depth > 0 {
					continue
				}
				if !yield(node, err) || err != nil {
					return
				}
				if o.MaxDepth > 0 && a.depth >= o.MaxDepth {
					continue
				}
				for _, name := range names {
					stack = append(stack, step{below(a.path, name), a.depth + 1})
				}
			}
		}
	}
}

// below is the path of a child.
func below(path, name string) string { return strings.TrimSuffix(path, "/") + "/" + name }

// asked is a node of a walk, asked for.
type asked struct {
	step
	listing *Future[Listing]
	data    *Future[Node] // nil if it is not wanted
}

func (c *Client) ask(ctx context.Context, steps []step, data bool) []asked {
	out := make([]asked, len(steps))
	for i, s := range steps {
		out[i] = asked{step: s, listing: c.Async().Children(ctx, s.path)}
		if data {
			out[i].data = c.Async().Get(ctx, s.path)
		}
	}
	return out
}

func (a *asked) wait(ctx context.Context) (Node, []string, error) {
	listing, err := a.listing.Wait(ctx)
	node := Node{Path: a.path, Stat: listing.Stat}
	if err == nil && a.data != nil {
		var read Node
		read, err = a.data.Wait(ctx)
		node.Data, node.Stat = read.Data, read.Stat
	}
	return node, listing.Names, err
}

// DeleteAllOptions says how DeleteAll works.
type DeleteAllOptions struct {
	KeepRoot bool // delete what is below the path only
	Batch    int  // deletes in one Multi; 0: 100
}

const (
	defaultBatch = 100
	// deleteRounds is how often DeleteAll begins again because others make nodes meanwhile.
	deleteRounds = 10
)

// DeleteAll deletes a node and all nodes below it, children first, many in one Multi. It returns
// how many it deleted. It is not atomic; after an error it can be called again to go on. A path
// that does not exist is no error. /zookeeper stays when the path is /.
func (c *Client) DeleteAll(
	ctx context.Context, path string, o DeleteAllOptions,
) (int, error) {
	if o.Batch <= 0 {
		o.Batch = defaultBatch
	}
	deleted := 0
	for range deleteRounds {
		paths, err := c.doomed(ctx, path, o.KeepRoot)
		if err != nil || len(paths) == 0 {
			return deleted, err
		}
		again := false
		for len(paths) > 0 {
			n := min(o.Batch, len(paths))
			done, left, err := c.deleteBatch(ctx, paths[:n])
			deleted += done
			if err != nil {
				return deleted, err
			}
			again = again || left
			paths = paths[n:]
		}
		if !again {
			return deleted, nil
		}
	}
	return deleted, c.fail(jute.OpDelete, path,
		fmt.Errorf("%w: others make nodes there", ErrNotEmpty))
}

// doomed lists what has to be deleted, children first.
func (c *Client) doomed(ctx context.Context, root string, keepRoot bool) ([]string, error) {
	var paths []string
	for node, err := range c.Walk(ctx, root, WalkOptions{}) {
		if errors.Is(err, ErrNoNode) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		full := c.absolute(node.Path)
		system := full == "/" || full == "/zookeeper" || strings.HasPrefix(full, "/zookeeper/")
		if !system && !(keepRoot && node.Path == root) {
			paths = append(paths, node.Path)
		}
	}
	for i, j := 0, len(paths)-1; i < j; i, j = i+1, j-1 {
		paths[i], paths[j] = paths[j], paths[i]
	}
	return paths, nil
}

// deleteBatch deletes nodes in one Multi, or one by one if that fails because others change them.
// left says that a node has got children.
func (c *Client) deleteBatch(
	ctx context.Context, paths []string,
) (deleted int, left bool, err error) {
	ops := make([]Op, len(paths))
	for i, path := range paths {
		ops[i] = OpDelete(path, AnyVersion)
	}
	_, err = c.Multi(ctx, ops...)
	if err == nil {
		return len(paths), false, nil
	}
	if !errors.Is(err, ErrNoNode) && !errors.Is(err, ErrNotEmpty) {
		return 0, false, err
	}
	for _, path := range paths {
		err := c.Delete(ctx, path, AnyVersion)
		switch {
		case err == nil:
			deleted++
		case errors.Is(err, ErrNotEmpty):
			left = true
		case !errors.Is(err, ErrNoNode):
			return deleted, left, err
		}
	}
	return deleted, left, nil
}

// Update reads a node, lets fn make new data of the old, and writes that if the node has not
// changed meanwhile; otherwise it begins again, so fn may run many times. An error of fn ends it.
func Update(
	ctx context.Context, c *Client, path string, fn func(old []byte) ([]byte, error),
) (Stat, error) {
	for {
		old, stat, err := c.Get(ctx, path)
		if err != nil {
			return Stat{}, err
		}
		data, err := fn(old)
		if err != nil {
			return Stat{}, c.fail(jute.OpSetData, path, err)
		}
		stat, err = c.Set(ctx, path, data, stat.Version)
		if !errors.Is(err, ErrBadVersion) {
			return stat, err
		}
	}
}
