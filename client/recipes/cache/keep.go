package cache

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"quoll/client"
	"quoll/client/recipes/internal/hold"
)

// keep follows the events until the tree is closed, or cannot go on.
func (t *Tree) keep(ctx context.Context, w *client.Watch) {
	defer close(t.done)
	defer w.Close()
	for {
		paths, again, err := t.events(ctx, w)
		if err == nil && again {
			err = t.fill(ctx)
		} else if err == nil {
			err = t.read(ctx, paths)
		}
		if err == nil {
			continue
		}
		if ctx.Err() != nil {
			err = hold.ErrStopped
		}
		t.mu.Lock()
		t.err = hold.Wrap("cache", t.root, err)
		t.tell()
		t.mu.Unlock()
		return
	}
}

// batch is how many paths are read at once.
const batch = 256

// events waits for events and takes those that are there. again says that some may be missing.
func (t *Tree) events(
	ctx context.Context, w *client.Watch,
) (paths []string, again bool, err error) {
	known := map[string]bool{}
	for first := true; first || len(paths) < batch; first = false {
		if !first {
			select {
			case <-w.Fired():
			default:
				return paths, again, nil
			}
		}
		e, err := w.Next(ctx)
		if err != nil {
			return nil, false, err
		}
		switch {
		case e.Kind == client.Resync || e.Kind == client.Overflow:
			again = true
		case !known[e.Path] && t.holds(e.Path):
			known[e.Path] = true
			paths = append(paths, e.Path)
		}
	}
	return paths, again, nil
}

// holds says whether a path is not too deep.
func (t *Tree) holds(path string) bool {
	below := strings.TrimPrefix(path, strings.TrimSuffix(t.root, "/"))
	return t.o.Depth <= 0 || path == t.root || strings.Count(below, "/") <= t.o.Depth
}

// fill reads all. What has changed on the way has events, which come behind.
func (t *Tree) fill(ctx context.Context) error {
	for {
		// A read that begins without a connection does not say on which one it was answered.
		if err := t.c.WaitConnected(ctx); err != nil {
			return err
		}
		before, _ := t.c.Status()
		nodes, err := t.walk(ctx)
		if err != nil {
			if err = hold.Again(ctx, t.c, err); err != nil {
				return err
			}
			continue
		}
		after, _ := t.c.Status()
		t.mu.Lock()
		for path := range t.nodes {
			if _, ok := nodes[path]; !ok {
				t.remove(path)
			}
		}
		for _, n := range nodes {
			t.put(n)
		}
		complete := connected(&before) && before.Since.Equal(after.Since)
		if complete {
			t.fresh = moment{after.Since, time.Now()}
		}
		t.tell()
		t.mu.Unlock()
		if complete {
			return nil
		}
	}
}

func (t *Tree) walk(ctx context.Context) (map[string]client.Node, error) {
	nodes, bytes := map[string]client.Node{}, 0
	o := client.WalkOptions{Data: !t.o.NoData, MaxDepth: t.o.Depth}
	for node, err := range t.c.Walk(ctx, t.root, o) {
		if errors.Is(err, client.ErrNoNode) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		nodes[node.Path] = node
		bytes += size(&node)
		if err := t.room(len(nodes), bytes); err != nil {
			return nil, err
		}
	}
	return nodes, nil
}

func size(n *client.Node) int { return len(n.Path) + len(n.Data) }

// room says whether so much may be in the copy.
func (t *Tree) room(nodes, bytes int) error {
	if nodes > t.o.MaxNodes || bytes > t.o.MaxBytes {
		return fmt.Errorf("%w: %d nodes, at most %d; %d bytes, at most %d",
			hold.ErrFull, nodes, t.o.MaxNodes, bytes, t.o.MaxBytes)
	}
	return nil
}

// read reads nodes that have changed.
func (t *Tree) read(ctx context.Context, paths []string) error {
	asked := make([]func(context.Context) (client.Node, bool, error), len(paths))
	for i, path := range paths {
		asked[i] = t.ask(ctx, path)
	}
	for i, path := range paths {
		node, exists, err := asked[i](ctx)
		for err != nil {
			if err = hold.Again(ctx, t.c, err); err != nil {
				return err
			}
			node, exists, err = t.ask(ctx, path)(ctx)
		}
		t.mu.Lock()
		if exists {
			t.put(node)
		} else {
			t.remove(path)
		}
		err = t.room(len(t.nodes), t.bytes)
		t.tell()
		t.mu.Unlock()
		if err != nil {
			return err
		}
	}
	return nil
}

// ask sends the read of a node, and returns what waits for its answer.
func (t *Tree) ask(
	ctx context.Context, path string,
) func(context.Context) (client.Node, bool, error) {
	if t.o.NoData {
		f := t.c.Async().Exists(ctx, path)
		return func(ctx context.Context) (client.Node, bool, error) {
			stat, err := f.Wait(ctx)
			if err != nil || stat == nil {
				return client.Node{}, false, err
			}
			return client.Node{Path: path, Stat: *stat}, true, nil
		}
	}
	f := t.c.Async().Get(ctx, path)
	return func(ctx context.Context) (client.Node, bool, error) {
		node, err := f.Wait(ctx)
		if errors.Is(err, client.ErrNoNode) {
			return client.Node{}, false, nil
		}
		node.Path = path
		return node, err == nil, err
	}
}

// put takes a node into the copy, unless the copy has it as it is or newer. t.mu is held.
func (t *Tree) put(n client.Node) {
	old, ok := t.nodes[n.Path]
	if ok && old.node.Stat.Mzxid >= n.Stat.Mzxid {
		return
	}
	if ok {
		t.bytes -= size(&old.node)
	}
	t.bytes += size(&n)
	t.nodes[n.Path] = state{n, t.log.add(n.Path)}
}

// remove takes a node out of the copy. t.mu is held.
func (t *Tree) remove(path string) {
	old, ok := t.nodes[path]
	if !ok {
		return
	}
	t.bytes -= size(&old.node)
	delete(t.nodes, path)
	t.log.add(path)
}

// tell wakes whoever waits for a change. t.mu is held.
func (t *Tree) tell() {
	close(t.changed)
	t.changed = make(chan struct{})
}
