package client_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"quoll/client"
	"quoll/jute"
)

// byPath are all calls for a node.
func byPath() map[string]func(ctx context.Context, c *client.Client, path string) error {
	type ctx = context.Context
	type cl = *client.Client
	return map[string]func(x ctx, c cl, path string) error{
		"Create": func(x ctx, c cl, p string) error {
			_, _, err := c.Create(x, p, nil)
			return err
		},
		"Create, Parents": func(x ctx, c cl, p string) error {
			_, _, err := c.Create(x, p, nil, client.Parents)
			return err
		},
		"Create, Protected": func(x ctx, c cl, p string) error {
			_, _, err := c.Create(x, p, nil, client.Protected)
			return err
		},
		"Get": func(x ctx, c cl, p string) error {
			_, _, err := c.Get(x, p)
			return err
		},
		"Exists": func(x ctx, c cl, p string) error {
			_, _, err := c.Exists(x, p)
			return err
		},
		"Children": func(x ctx, c cl, p string) error {
			_, _, err := c.Children(x, p)
			return err
		},
		"Set": func(x ctx, c cl, p string) error {
			_, err := c.Set(x, p, nil, -1)
			return err
		},
		"Update": func(x ctx, c cl, p string) error {
			_, err := client.Update(x, c, p, func([]byte) ([]byte, error) { return nil, nil })
			return err
		},
		"Delete": func(x ctx, c cl, p string) error { return c.Delete(x, p, -1) },
		"DeleteAll": func(x ctx, c cl, p string) error {
			_, err := c.DeleteAll(x, p, client.DeleteAllOptions{})
			return err
		},
		"Walk": func(x ctx, c cl, p string) error {
			for _, err := range c.Walk(x, p, client.WalkOptions{}) {
				return err
			}
			return nil
		},
		"Descendants": func(x ctx, c cl, p string) error {
			_, err := c.Descendants(x, p)
			return err
		},
		"GetACL": func(x ctx, c cl, p string) error {
			_, _, err := c.GetACL(x, p)
			return err
		},
		"SetACL": func(x ctx, c cl, p string) error {
			_, err := c.SetACL(x, p, client.World(), -1)
			return err
		},
		"Sync": func(x ctx, c cl, p string) error { return c.Sync(x, p) },
		"GetW": func(x ctx, c cl, p string) error {
			_, _, _, err := c.GetW(x, p)
			return err
		},
		"ExistsW": func(x ctx, c cl, p string) error {
			_, _, _, err := c.ExistsW(x, p)
			return err
		},
		"ChildrenW": func(x ctx, c cl, p string) error {
			_, _, _, err := c.ChildrenW(x, p)
			return err
		},
		"AddWatch": func(x ctx, c cl, p string) error {
			_, err := c.AddWatch(x, p, client.Recursive)
			return err
		},
		"Multi": func(x ctx, c cl, p string) error {
			_, err := c.Multi(x, client.OpSet(p, nil, -1), client.OpCheck("/", -1))
			return err
		},
		"ReadMulti": func(x ctx, c cl, p string) error {
			_, err := c.ReadMulti(x, client.ReadChildren(p), client.ReadData("/"))
			return err
		},
		"Async": func(x ctx, c cl, p string) error {
			_, err := c.Async().Set(x, p, nil, -1).Wait(x)
			return err
		},
	}
}

// A path that no node can have is refused by each call, with the call and the path as it was given,
// and nothing is sent: here there is nobody to send it to.
func TestMalformedPaths(t *testing.T) {
	c, err := client.New(unused(t) + "/app")
	require.NoError(t, err)
	defer c.Close()
	ctx := testContext(t)
	refused := func(c *client.Client, name, path string,
		call func(context.Context, *client.Client, string) error,
	) {
		t.Helper()
		err := call(ctx, c, path)
		require.ErrorIs(t, err, client.ErrInvalidPath, "%s %q", name, path)
		var e *client.Error
		require.ErrorAs(t, err, &e)
		require.NotEmpty(t, e.Op, "%s %q", name, path)
		if !strings.Contains(name, "Protected") { // that one has a name of the client's
			require.Equal(t, path, e.Path, name)
		}
	}
	for name, call := range byPath() {
		for _, path := range []string{
			"a", "/a/", "//", "/a//b", "/./a", "/../a", "/\x00", "/a\x1f", "/\ufff0", "a/b\x7f",
		} {
			if strings.HasPrefix(name, "Create") && path == "/a/" {
				path = "/a//"
			}
			refused(c, name, path, call)
		}
		refused(c.Chroot("elsewhere"), name, "/a", call)
		refused(c.Chroot("/a/").Chroot("/b"), name, "/a", call)
	}
	_, err = c.Ephemerals(ctx, "a")
	require.ErrorIs(t, err, client.ErrInvalidPath, "it could be /apple, which is not below /app")
	require.ErrorContains(t, err, `getEphemerals "a"`)
}

// An ACL that the server does not take is an error with the path, and nothing is made.
func TestMalformedACLs(t *testing.T) {
	ctx := testContext(t)
	c := newWorld(t).client()
	_, _, err := c.Create(ctx, "/a", nil)
	require.NoError(t, err)
	for name, acl := range map[string]client.ACL{
		"no scheme":      {Perms: jute.PermAll},
		"another scheme": {Perms: jute.PermAll, ID: client.ID{Scheme: "none", ID: "x"}},
		"not anyone":     {Perms: jute.PermAll, ID: client.ID{Scheme: "world", ID: "x"}},
		"no hash":        {Perms: jute.PermAll, ID: client.ID{Scheme: "digest", ID: "alice"}},
		"no address":     {Perms: jute.PermAll, ID: client.ID{Scheme: "ip", ID: "here"}},
		"not logged in":  {Perms: jute.PermAll, ID: client.ID{Scheme: "auth"}},
	} {
		_, _, create := c.Create(ctx, "/b", nil, client.WithACL(acl))
		_, set := c.SetACL(ctx, "/a", []client.ACL{acl}, -1)
		_, multi := c.Multi(ctx, client.OpCreate("/b", nil, client.WithACL(acl)))
		for err, words := range map[error][]string{
			create: {"create2", `"/b"`}, set: {"setACL", `"/a"`}, multi: {"create", `"/b"`},
		} {
			require.ErrorIs(t, err, client.ErrInvalidACL, name)
			for _, word := range words {
				require.ErrorContains(t, err, word, name)
			}
		}
	}
	names, _, err := c.Children(ctx, "/")
	require.NoError(t, err)
	require.Equal(t, []string{"a"}, names)
}

// Data is bytes, and comes back as it went, up to what a request may have. What is larger is refused
// with the figures before it is sent; what only the server finds too large breaks the connection.
// Neither disturbs other calls.
func TestBinaryAndLargeData(t *testing.T) {
	ctx := testContext(t)
	w := newWorld(t)
	c := w.client()
	session := c.Session()
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	const most = 1<<20 - 1<<10 // of a request, with its header and path
	frame := most - len(w.root) - len("/a") - 8 - 4 - 4 - 4
	for _, data := range [][]byte{
		every, bytes.Repeat(every, 4000), make([]byte, frame),
	} {
		_, _, err := c.Create(ctx, "/a", nil)
		require.NoError(t, err)
		_, err = c.Set(ctx, "/a", data, 0)
		require.NoError(t, err, len(data))
		got, _, err := c.Get(ctx, "/a")
		require.NoError(t, err)
		require.True(t, bytes.Equal(data, got), "%d bytes", len(data))
		require.NoError(t, c.Delete(ctx, "/a", 1))
	}
	read := c.Async().Get(ctx, "/")
	_, err := c.Set(ctx, "/a", make([]byte, frame+1), -1)
	require.ErrorIs(t, err, client.ErrTooLarge)
	require.ErrorContains(t, err, fmt.Sprintf(`setData "/a": request too large: %d bytes, at most %d`,
		most+1, most))
	_, err = read.Wait(ctx)
	require.NoError(t, err)
	require.Same(t, session, c.Session())

	wide := w.client(client.WithMaxFrame(64<<20, 64<<20))
	session = wide.Session()
	read = wide.Async().Get(ctx, "/")
	_, _, err = wide.Create(ctx, "/b", make([]byte, 8<<20))
	require.ErrorIs(t, err, client.ErrUnknownOutcome)
	require.ErrorContains(t, err, `create2 "/b"`)
	_, err = read.Wait(ctx)
	require.NoError(t, err)
	_, exists, err := wide.Exists(ctx, "/b")
	require.NoError(t, err)
	require.False(t, exists)
	require.Same(t, session, wide.Session())
}

// An answer that is longer than the client takes is asked for until the time of the call is over.
// The error says why there was no answer.
func TestAnswersThatAreTooLong(t *testing.T) {
	w := newWorld(t)
	_, _, err := w.beside().Create(testContext(t), "/a", make([]byte, 5000))
	require.NoError(t, err)
	c := w.client(client.WithMaxFrame(1000, 1000),
		client.WithBackoff(time.Hour, time.Hour)) // once broken, the connection stays so
	ctx, cancel := context.WithTimeout(testContext(t), time.Second)
	defer cancel()
	_, _, err = c.Get(ctx, "/a")
	require.ErrorIs(t, err, context.DeadlineExceeded)
	for _, word := range []string{"getData", `"/a"`, w.Addr(), "protocol error", "length 50"} {
		require.ErrorContains(t, err, word)
	}
}

// Without a server a call says why, when its time is over.
func TestCallsSayWhyThereIsNoConnection(t *testing.T) {
	server := unused(t)
	c, err := client.New(server, client.WithRequestTimeout(50*time.Millisecond))
	require.NoError(t, err)
	defer c.Close()
	refusedBy(t, c, server, "refused")
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	for _, ctx := range []context.Context{ctx, context.Background()} {
		_, err = c.Set(ctx, "/a", nil, -1)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NotErrorIs(t, err, client.ErrUnknownOutcome)
		require.ErrorContains(t, err, `setData "/a"`)
		require.ErrorContains(t, err, server)
		require.ErrorContains(t, err, "refused")
	}
}
