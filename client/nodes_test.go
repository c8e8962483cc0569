package client_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"quoll/client"
	"quoll/jute"
)

func TestNodes(t *testing.T) {
	ctx := testContext(t)
	c := newWorld(t).client()

	name, stat, err := c.Create(ctx, "/a", []byte("one"))
	require.NoError(t, err)
	require.Equal(t, "/a", name)
	require.Equal(t, int32(3), stat.DataLength)

	data, got, err := c.Get(ctx, "/a")
	require.NoError(t, err)
	require.Equal(t, "one", string(data))
	require.Equal(t, stat, got)

	stat, err = c.Set(ctx, "/a", []byte("two"), 0)
	require.NoError(t, err)
	require.Equal(t, int32(1), stat.Version)
	got, exists, err := c.Exists(ctx, "/a")
	require.NoError(t, err)
	require.True(t, exists)
	require.Equal(t, stat, got)

	_, exists, err = c.Exists(ctx, "/none")
	require.NoError(t, err)
	require.False(t, exists)

	_, _, err = c.Create(ctx, "/a/b", nil)
	require.NoError(t, err)
	names, stat, err := c.Children(ctx, "/a")
	require.NoError(t, err)
	require.Equal(t, []string{"b"}, names)
	require.Equal(t, int32(1), stat.NumChildren)
	names, _, err = c.Children(ctx, "/")
	require.NoError(t, err)
	require.Equal(t, []string{"a"}, names)

	require.ErrorIs(t, c.Delete(ctx, "/a", client.AnyVersion), client.ErrNotEmpty)
	require.ErrorIs(t, c.Delete(ctx, "/a/b", 7), client.ErrBadVersion)
	require.NoError(t, c.Delete(ctx, "/a/b", 0))
	require.NoError(t, c.Delete(ctx, "/a", client.AnyVersion))
}

// Null data and empty data are not the same to ZooKeeper.
func TestNullAndEmptyData(t *testing.T) {
	ctx := testContext(t)
	c := newWorld(t).client()
	_, _, err := c.Create(ctx, "/null", nil)
	require.NoError(t, err)
	_, _, err = c.Create(ctx, "/empty", []byte{})
	require.NoError(t, err)
	data, _, err := c.Get(ctx, "/null")
	require.NoError(t, err)
	require.Nil(t, data)
	data, _, err = c.Get(ctx, "/empty")
	require.NoError(t, err)
	require.NotNil(t, data)
	require.Empty(t, data)
}

func TestErrorsSayWhatAndWhere(t *testing.T) {
	ctx := testContext(t)
	w := newWorld(t)
	c := w.client()
	_, _, err := c.Get(ctx, "/none")
	require.ErrorIs(t, err, client.ErrNoNode)
	var e *client.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, "getData", e.Op)
	require.Equal(t, "/none", e.Path, "as the caller knows it, without the chroot")
	require.Equal(t, jute.NoNode, e.Code)
	require.Equal(t, w.Addr(), e.Server)
	for _, part := range []string{"getData", "/none", "no such node", w.Addr()} {
		require.Contains(t, err.Error(), part)
	}

	for _, path := range []string{"", "a", "/a/", "//", "/a//b", "/./a", "/a/..", "/\x00"} {
		_, _, err := c.Get(ctx, path)
		require.ErrorIs(t, err, client.ErrInvalidPath, "%q", path)
		_, _, err = c.Create(ctx, path, nil)
		require.ErrorIs(t, err, client.ErrInvalidPath, "%q", path)
		_, err = c.Multi(ctx, client.OpDelete(path, -1))
		require.ErrorIs(t, err, client.ErrInvalidPath, "%q", path)
	}

	_, _, err = c.Create(ctx, "/large", make([]byte, 1<<20))
	require.ErrorIs(t, err, client.ErrTooLarge)
	_, _, err = c.Create(ctx, "/large", make([]byte, 1<<20-2<<10))
	require.NoError(t, err, "nearly jute.maxbuffer")

	ended, cancel := context.WithCancel(ctx)
	cancel()
	_, _, err = c.Get(ended, "/")
	require.ErrorIs(t, err, context.Canceled)
	require.NotErrorIs(t, err, client.ErrUnknownOutcome, "nothing was sent")
}

func TestKindsOfNodes(t *testing.T) {
	ctx := testContext(t)
	c := newWorld(t).client()
	for _, k := range []struct {
		name  string
		opts  []client.CreateOption
		owner client.SessionID
	}{
		{"persistent", nil, 0},
		{"ephemeral", []client.CreateOption{client.Ephemeral}, c.Session().ID()},
		{"container", []client.CreateOption{client.Container}, 0},
		{"ttl", []client.CreateOption{client.TTL(time.Hour)}, 0},
	} {
		_, stat, err := c.Create(ctx, "/"+k.name, nil, k.opts...)
		require.NoError(t, err, k.name)
		require.Equal(t, k.owner, stat.EphemeralOwner, k.name)
	}
	for i, want := range []string{"/s/n0000000000", "/s/0000000001", "/s/e0000000002", "/s/t0000000003"} {
		opts := []client.CreateOption{client.Sequential, client.Parents}
		if i == 2 {
			opts = append(opts, client.Ephemeral)
		}
		if i == 3 {
			opts = append(opts, client.TTL(time.Hour))
		}
		name, _, err := c.Create(ctx, strings.TrimRight(want, "0123456789"), nil, opts...)
		require.NoError(t, err)
		require.Equal(t, want, name)
	}
	for _, opts := range [][]client.CreateOption{
		{client.Container, client.Ephemeral}, {client.TTL(time.Hour), client.Ephemeral},
		{client.TTL(time.Microsecond)}, {client.TTL(-time.Hour)},
	} {
		_, _, err := c.Create(ctx, "/bad", nil, opts...)
		require.ErrorIs(t, err, client.ErrBadArguments)
	}
	_, _, err := c.Create(ctx, "/ephemeral/x", nil)
	require.ErrorIs(t, err, client.ErrNoChildrenForEphemerals)

	_, _, err = c.Create(ctx, "/x/y/z", []byte("d"))
	require.ErrorIs(t, err, client.ErrNoNode)
	_, _, err = c.Create(ctx, "/x/y/z", []byte("d"), client.Parents)
	require.NoError(t, err)

	paths, err := c.Ephemerals(ctx, "")
	require.NoError(t, err)
	slices.Sort(paths)
	require.Equal(t, []string{"/ephemeral", "/s/e0000000002"}, paths)
	paths, err = c.Ephemerals(ctx, "/s")
	require.NoError(t, err)
	require.Equal(t, []string{"/s/e0000000002"}, paths)
	n, err := c.Descendants(ctx, "/x")
	require.NoError(t, err)
	require.Equal(t, 2, n)
}

func TestChroot(t *testing.T) {
	ctx := testContext(t)
	w := newWorld(t)
	c := w.client()
	_, _, err := c.Create(ctx, "/in/side", []byte("d"), client.Parents)
	require.NoError(t, err)
	view := c.Chroot("/in")
	data, _, err := view.Get(ctx, "/side")
	require.NoError(t, err)
	require.Equal(t, "d", string(data))
	names, _, err := view.Children(ctx, "/")
	require.NoError(t, err)
	require.Equal(t, []string{"side"}, names)
	name, _, err := view.Create(ctx, "/n-", nil, client.Sequential)
	require.NoError(t, err)
	require.Equal(t, "/n-0000000001", name)
	results, err := view.Multi(ctx, client.OpCreate("/m", nil))
	require.NoError(t, err)
	require.Equal(t, "/m", results[0].Path)
	require.NoError(t, view.Close())
	_, _, err = c.Get(ctx, "/in/m")
	require.NoError(t, err, "the view's Close closes nothing")
}

func TestMulti(t *testing.T) {
	ctx := testContext(t)
	c := newWorld(t).client()
	results, err := c.Multi(ctx,
		client.OpCreate("/m", []byte("0")),
		client.OpCreate("/m/n-", nil, client.Sequential, client.Ephemeral),
		client.OpCreate("/m/ttl", nil, client.TTL(time.Hour)),
		client.OpCreate("/m/box", nil, client.Container),
		client.OpSet("/m", []byte("1"), 0),
		client.OpCheck("/m", 1),
		client.OpDelete("/m/box", client.AnyVersion),
	)
	require.NoError(t, err)
	require.Len(t, results, 7)
	require.Equal(t, "/m/n-0000000000", results[1].Path)
	require.Equal(t, c.Session().ID(), results[1].Stat.EphemeralOwner)
	require.Equal(t, int32(1), results[4].Stat.Version)

	_, err = c.Multi(ctx,
		client.OpSet("/m", []byte("2"), client.AnyVersion),
		client.OpCheck("/m", 9),
		client.OpDelete("/m/ttl", client.AnyVersion))
	require.ErrorIs(t, err, client.ErrBadVersion)
	var failed *client.MultiError
	require.ErrorAs(t, err, &failed)
	require.Equal(t, 1, failed.Index)
	require.Equal(t, "/m", failed.Err.Path)
	require.Equal(t, "check", failed.Err.Op)
	data, _, err := c.Get(ctx, "/m")
	require.NoError(t, err)
	require.Equal(t, "1", string(data), "nothing of a failed multi has happened")

	_, err = c.Multi(ctx, client.OpCreate("/q", nil, client.Parents))
	require.ErrorIs(t, err, client.ErrBadArguments)
	results, err = c.Multi(ctx)
	require.NoError(t, err)
	require.Empty(t, results)

	reads, err := c.ReadMulti(ctx, client.ReadData("/m"), client.ReadChildren("/m"),
		client.ReadData("/none"))
	require.NoError(t, err)
	require.Equal(t, "1", string(reads[0].Data))
	require.Equal(t, int32(1), reads[0].Stat.Version)
	slices.Sort(reads[1].Children)
	require.Equal(t, []string{"n-0000000000", "ttl"}, reads[1].Children)
	require.ErrorIs(t, reads[2].Err, client.ErrNoNode)
}

func TestAccess(t *testing.T) {
	ctx := testContext(t)
	w := newWorld(t)
	c := w.client(client.WithAuth("digest", func(context.Context) ([]byte, error) {
		return []byte("alice:secret"), nil
	}))
	mine := client.ACL{Perms: jute.PermAll, ID: client.ID{Scheme: "auth"}}
	_, _, err := c.Create(ctx, "/mine", []byte("d"), client.WithACL(mine))
	require.NoError(t, err)
	acl, stat, err := c.GetACL(ctx, "/mine")
	require.NoError(t, err)
	require.Equal(t, "digest", acl[0].ID.Scheme)
	require.True(t, strings.HasPrefix(acl[0].ID.ID, "alice:"))
	require.Equal(t, int32(0), stat.Aversion)
	ids, err := c.WhoAmI(ctx)
	require.NoError(t, err)
	require.Contains(t, ids, client.ID{Scheme: "digest", ID: "alice"})

	other := w.client()
	_, _, err = other.Get(ctx, "/mine")
	require.ErrorIs(t, err, client.ErrNoAuth)
	require.NoError(t, other.AddAuth(ctx, "digest", []byte("alice:secret")))
	_, _, err = other.Get(ctx, "/mine")
	require.NoError(t, err)

	stat, err = c.SetACL(ctx, "/mine", client.World(), 0)
	require.NoError(t, err)
	require.Equal(t, int32(1), stat.Aversion)
	_, err = c.SetACL(ctx, "/mine", []client.ACL{}, client.AnyVersion)
	require.ErrorIs(t, err, client.ErrInvalidACL)
	require.NoError(t, c.Sync(ctx, "/mine"))
}

func TestConfig(t *testing.T) {
	ctx := testContext(t)
	c := newWorld(t).client()
	config, err := c.Config(ctx)
	if errors.Is(err, client.ErrNoNode) {
		t.Skip("a standalone server of Apache's has no such node")
	}
	require.NoError(t, err)
	for i, m := range config.Members {
		require.Equal(t, int64(i+1), m.ID)
	}
	_, err = c.Reconfig(ctx, client.ConfigChange{Leave: []int64{1}}, -1)
	require.Error(t, err, "a server alone cannot be reconfigured, and reconfig is off by default")
}

func TestAsync(t *testing.T) {
	ctx := testContext(t)
	c := newWorld(t).client()
	a := c.Async()
	made := a.Create(ctx, "/a", []byte("0"))
	set := a.Set(ctx, "/a", []byte("1"), 0)
	got := a.Get(ctx, "/a")
	stat := a.Exists(ctx, "/a")
	none := a.Exists(ctx, "/none")
	child := a.Create(ctx, "/a/b", nil)
	list := a.Children(ctx, "/a")
	multi := a.Multi(ctx, client.OpCheck("/a", 1), client.OpDelete("/a/b", -1))
	gone := a.Delete(ctx, "/a", 1)
	missing := a.Get(ctx, "/a")

	node, err := made.Wait(ctx)
	require.NoError(t, err)
	require.Equal(t, "/a", node.Path)
	after, err := set.Wait(ctx)
	require.NoError(t, err)
	node, err = got.Wait(ctx)
	require.NoError(t, err)
	require.Equal(t, "1", string(node.Data), "sent in the order of the calls")
	found, err := stat.Wait(ctx)
	require.NoError(t, err)
	require.Equal(t, after, *found)
	found, err = none.Wait(ctx)
	require.NoError(t, err)
	require.Nil(t, found)
	_, err = child.Wait(ctx)
	require.NoError(t, err)
	listing, err := list.Wait(ctx)
	require.NoError(t, err)
	require.Equal(t, []string{"b"}, listing.Names)
	results, err := multi.Wait(ctx)
	require.NoError(t, err)
	require.Len(t, results, 2)
	_, err = gone.Wait(ctx)
	require.NoError(t, err)
	closed(t, missing.Done(), "it has an answer")
	_, err = missing.Wait(ctx)
	require.ErrorIs(t, err, client.ErrNoNode)

	_, err = a.Create(ctx, "/p", nil, client.Parents).Wait(ctx)
	require.ErrorIs(t, err, client.ErrBadArguments)
	_, err = a.Get(ctx, "nonsense").Wait(ctx)
	require.ErrorIs(t, err, client.ErrInvalidPath)
}

func TestWalkAndDeleteAll(t *testing.T) {
	ctx := testContext(t)
	c := newWorld(t).client()
	want := []string{"/t"}
	for _, a := range []string{"a", "b", "c"} {
		want = append(want, "/t/"+a)
		for _, b := range []string{"x", "y"} {
			want = append(want, "/t/"+a+"/"+b)
			_, _, err := c.Create(ctx, "/t/"+a+"/"+b, []byte(b), client.Parents)
			require.NoError(t, err)
		}
	}
	for _, parallel := range []int{0, 1, 2} {
		var got []string
		o := client.WalkOptions{Data: true, Parallel: parallel}
		for node, err := range c.Walk(ctx, "/t", o) {
			require.NoError(t, err)
			if i := strings.LastIndexByte(node.Path, '/'); i > 0 {
				require.Contains(t, got, node.Path[:i], "parents come before children")
			}
			require.Len(t, node.Data, int(node.Stat.DataLength))
			got = append(got, node.Path)
		}
		slices.Sort(got)
		slices.Sort(want)
		require.Equal(t, want, got)
	}
	n := 0
	for _, err := range c.Walk(ctx, "/t", client.WalkOptions{MaxDepth: 1}) {
		require.NoError(t, err)
		n++
	}
	require.Equal(t, 4, n)
	for _, err := range c.Walk(ctx, "/none", client.WalkOptions{}) {
		require.ErrorIs(t, err, client.ErrNoNode)
	}

	deleted, err := c.DeleteAll(ctx, "/t", client.DeleteAllOptions{KeepRoot: true, Batch: 4})
	require.NoError(t, err)
	require.Equal(t, 9, deleted)
	deleted, err = c.DeleteAll(ctx, "/t", client.DeleteAllOptions{})
	require.NoError(t, err)
	require.Equal(t, 1, deleted)
	deleted, err = c.DeleteAll(ctx, "/t", client.DeleteAllOptions{})
	require.NoError(t, err)
	require.Zero(t, deleted)
}

// Two who update one node at a time lose no update.
func TestUpdate(t *testing.T) {
	ctx := testContext(t)
	w := newWorld(t)
	c := w.client()
	_, _, err := c.Create(ctx, "/n", nil)
	require.NoError(t, err)
	const each = 50
	done := make(chan error, 2)
	for range 2 {
		c := w.client()
		go func() {
			var err error
			for range each {
				_, e := client.Update(ctx, c, "/n", func(old []byte) ([]byte, error) {
					return append(old, 'x'), nil
				})
				err = errors.Join(err, e)
			}
			done <- err
		}()
	}
	require.NoError(t, <-done)
	require.NoError(t, <-done)
	data, stat, err := c.Get(ctx, "/n")
	require.NoError(t, err)
	require.Len(t, data, 2*each)
	require.Equal(t, int32(2*each), stat.Version)
	own := errors.New("mine")
	_, err = client.Update(ctx, c, "/n", func([]byte) ([]byte, error) { return nil, own })
	require.ErrorIs(t, err, own)
}
