package recipes_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/client"
	"quoll/client/recipes"
	"quoll/client/recipes/cache"
)

// follow applies changes to a naive copy, and holds them to their promises.
func follow(t *testing.T, copied map[string]client.Node, c cache.Change) {
	t.Helper()
	old, had := copied[c.Path]
	require.Equal(t, c.Kind == cache.Added, !had, "%v %s", c.Kind, c.Path)
	if c.Kind == cache.Removed {
		require.Equal(t, old.Stat.Czxid, c.Node.Stat.Czxid)
		delete(copied, c.Path)
		return
	}
	require.Greater(t, c.Node.Stat.Mzxid, old.Stat.Mzxid, "%v %s goes back", c.Kind, c.Path)
	copied[c.Path] = c.Node
}

// data is what of a tree can be compared.
func data(nodes iter.Seq2[string, client.Node]) map[string]string {
	all := map[string]string{}
	for path, n := range nodes {
		all[path] = fmt.Sprintf("%v %v %q", n.Stat.Czxid, n.Stat.Mzxid, n.Data)
	}
	return all
}

// truth is the tree as the server has it.
func truth(t *testing.T, c *client.Client, root string) map[string]string {
	t.Helper()
	return data(func(yield func(string, client.Node) bool) {
		for n, err := range c.Walk(testContext(t), root, client.WalkOptions{Data: true}) {
			if errors.Is(err, client.ErrNoNode) {
				return
			}
			require.NoError(t, err)
			if !yield(n.Path, n) {
				return
			}
		}
	})
}

// Chance changes of a tree, while connections break and sessions end: the copy, and what a reader
// of the changes makes of them, becomes the tree of the server again and again.
func TestTreeFollowsTheServer(t *testing.T) {
	ctx := testContext(t)
	w := newWorld(t)
	c, other := w.client(), w.beside()
	tree, err := cache.OpenTree(ctx, c, path, cache.TreeOptions{})
	require.NoError(t, err)
	next, stop := iter.Pull2(tree.Changes(ctx))
	defer stop()
	rng := rand.New(rand.NewPCG(1, 1))
	copied := map[string]client.Node{}
	for round := range 60 {
		for range rng.IntN(30) {
			change(t, rng, other)
		}
		switch round % 6 {
		case 1:
			w.Drop(0)
		case 3:
			w.expire(c)
		case 5:
			_, err := other.DeleteAll(ctx, path, client.DeleteAllOptions{})
			require.NoError(t, err)
		}
		// The last change is one that was never there before, so that no state of the copy on the
		// way looks like the last one.
		_, _, err := other.Create(ctx, path, nil, client.Parents)
		if err != nil {
			require.ErrorIs(t, err, client.ErrNodeExists)
			_, err = other.Set(ctx, path, nil, client.AnyVersion)
			require.NoError(t, err)
		}
		want := truth(t, other, path)
		for !maps.Equal(want, data(maps.All(copied))) {
			c, err, ok := next()
			require.True(t, ok)
			require.NoError(t, err)
			follow(t, copied, c)
		}
		// The copy may be ahead of a reader, not behind it.
		require.Equal(t, want, data(tree.All()))
		for p, n := range copied {
			got, ok := tree.Get(p)
			require.True(t, ok)
			require.Equal(t, n, got)
		}
	}
	require.NoError(t, tree.Close())
	_, err, _ = next()
	require.ErrorIs(t, err, recipes.ErrStopped)
}

// change does one thing to the tree. Some of them fail.
func change(t *testing.T, rng *rand.Rand, c *client.Client) {
	ctx := testContext(t)
	p := path
	for range rng.IntN(4) {
		p += fmt.Sprintf("/%d", rng.IntN(3))
	}
	var err error
	switch rng.IntN(4) {
	case 0, 1:
		_, _, err = c.Create(ctx, p, []byte(fmt.Sprint(rng.IntN(100))), client.Parents)
	case 2:
		_, err = c.Set(ctx, p, []byte(fmt.Sprint(rng.IntN(100))), client.AnyVersion)
	case 3:
		err = c.Delete(ctx, p, client.AnyVersion)
	}
	var e *client.Error
	require.True(t, err == nil || errors.As(err, &e) && e.Code != 0, "%v", err)
}

// A reader that is slower than the log of changes gets the difference.
func TestSlowReaderOfChanges(t *testing.T) {
	const more = 1500
	ctx := testContext(t)
	c := newWorld(t).client()
	_, _, err := c.Create(ctx, path+"/gone", nil, client.Parents)
	require.NoError(t, err)
	tree, err := cache.OpenTree(ctx, c, path, cache.TreeOptions{NoData: true})
	require.NoError(t, err)
	next, stop := iter.Pull2(tree.Changes(ctx))
	defer stop()
	copied := map[string]client.Node{}
	for range 2 {
		change, err, _ := next()
		require.NoError(t, err)
		follow(t, copied, change)
	}
	require.NoError(t, c.Delete(ctx, path+"/gone", client.AnyVersion))
	var sent []*client.Future[client.Stat]
	for i := range more {
		sent = append(sent, c.Async().Set(ctx, path, []byte(fmt.Sprint(i)), client.AnyVersion))
		c.Async().Create(ctx, fmt.Sprintf("%s/%d", path, i), nil)
	}
	stat, err := sent[more-1].Wait(ctx)
	require.NoError(t, err)
	// A reader that begins now hears of all; the copy is complete then.
	all := map[string]bool{}
	for change, err := range tree.Changes(ctx) {
		require.NoError(t, err)
		if all[change.Path] = true; len(all) == more+1 {
			break
		}
	}
	for len(copied) != more+1 || copied[path].Stat.Mzxid != stat.Mzxid {
		change, err, _ := next()
		require.NoError(t, err)
		follow(t, copied, change)
	}
	require.NotContains(t, copied, path+"/gone")
	require.Nil(t, copied[path].Data)
	require.NoError(t, tree.Close())
}

func TestTreeLimits(t *testing.T) {
	ctx := testContext(t)
	c := newWorld(t).client()
	_, _, err := c.Create(ctx, path+"/a/b", []byte("12345"), client.Parents)
	require.NoError(t, err)
	for _, o := range []cache.TreeOptions{{MaxNodes: 2}, {MaxBytes: 20}} {
		_, err = cache.OpenTree(ctx, c, path, o)
		require.ErrorIs(t, err, recipes.ErrFull)
	}
	for _, root := range []string{path, "/"} {
		depth := map[string]int{path: 1, "/": 3}[root]
		tree, err := cache.OpenTree(ctx, c, root, cache.TreeOptions{Depth: depth})
		require.NoError(t, err)
		_, ok := tree.Get(path + "/a/b")
		require.False(t, ok)
		_, err = c.Set(ctx, path+"/a/b", nil, client.AnyVersion)
		require.NoError(t, err)
		_, err = c.Set(ctx, path+"/a", []byte(root), client.AnyVersion)
		require.NoError(t, err)
		for change, err := range tree.Changes(ctx) {
			require.NoError(t, err)
			require.NotEqual(t, path+"/a/b", change.Path)
			if string(change.Node.Data) == root {
				break
			}
		}
		require.NoError(t, tree.Close())
	}

	tree, err := cache.OpenTree(ctx, c, path, cache.TreeOptions{MaxNodes: 3})
	require.NoError(t, err)
	_, stale := tree.Stale()
	require.False(t, stale)
	_, _, err = c.Create(ctx, path+"/c", nil)
	require.NoError(t, err)
	for _, err = range tree.Changes(ctx) {
		if err != nil {
			break
		}
	}
	require.ErrorIs(t, err, recipes.ErrFull)
	_, stale = tree.Stale()
	require.True(t, stale, "it does not go on")
	require.NoError(t, tree.Close())
}

// A copy says that it may be old while there is no connection, and until all is read again.
func TestStale(t *testing.T) {
	ctx := testContext(t)
	w := newWorld(t)
	c, other := w.client(), w.beside()
	node, err := cache.OpenNode(ctx, c, path)
	require.NoError(t, err)
	tree, err := cache.OpenTree(ctx, c, path, cache.TreeOptions{})
	require.NoError(t, err)
	isStale := func() bool {
		_, one := node.Stale()
		_, other := tree.Stale()
		require.Equal(t, one, other)
		return one
	}
	require.False(t, isStale())
	w.Target("")
	w.Drop(0)
	for {
		now, changed := c.Status()
		if now.State == client.Suspended {
			break
		}
		<-changed
	}
	require.True(t, isStale())
	_, _, err = other.Create(ctx, path, []byte("new"), client.Parents)
	require.NoError(t, err)
	changed := node.Changed()
	w.Target(w.server)
	closed(t, changed, "the node is read again")
	got, ok := node.Get()
	require.True(t, ok)
	require.Equal(t, "new", string(got.Data))
	_, stale := node.Stale()
	require.False(t, stale)
	for change, err := range tree.Changes(ctx) {
		require.NoError(t, err)
		require.Equal(t, "new", string(change.Node.Data))
		break
	}
	require.NoError(t, node.Close())
	require.ErrorIs(t, node.Err(), recipes.ErrStopped)
	require.NoError(t, tree.Close())
	require.True(t, isStale())
}

func TestNodeCache(t *testing.T) {
	ctx := testContext(t)
	w := newWorld(t)
	c, other := w.client(), w.beside()
	node, err := cache.OpenNode(ctx, c, path)
	require.NoError(t, err)
	_, ok := node.Get()
	require.False(t, ok)
	becomes := func(data string, exists bool) {
		t.Helper()
		for {
			changed := node.Changed()
			if got, ok := node.Get(); ok == exists && string(got.Data) == data {
				return
			}
			closed(t, changed, "the copy changes")
		}
	}
	_, _, err = other.Create(ctx, path, []byte("1"), client.Parents)
	require.NoError(t, err)
	becomes("1", true)
	for i := range 20 {
		switch i % 3 {
		case 0:
			w.Drop(0)
		case 1:
			w.expire(c)
		}
		_, err = other.Set(ctx, path, []byte(fmt.Sprint(i)), client.AnyVersion)
		require.NoError(t, err)
		becomes(fmt.Sprint(i), true)
	}
	require.NoError(t, other.Delete(ctx, path, client.AnyVersion))
	becomes("", false)
	changed := node.Changed()
	require.NoError(t, c.Close())
	closed(t, changed, "the copy does not go on")
	require.ErrorIs(t, node.Err(), client.ErrClosed)
	require.NoError(t, node.Close())

	short, cancel := context.WithCancel(ctx)
	cancel()
	_, err = cache.OpenNode(short, other, path)
	require.ErrorIs(t, err, context.Canceled)
	_, err = cache.OpenTree(short, other, path, cache.TreeOptions{})
	require.ErrorIs(t, err, context.Canceled)
}
