package recipes_test

import (
	"context"
	"errors"
	"flag"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"quoll/client"
	"quoll/client/wire"
	"quoll/internal/proxy"
	"quoll/zktest"
)

// cancelBound is how long a call may take to return when its context has ended. A crowded machine
// is slow; 100 ms is meant, and checked where nothing else runs.
var cancelBound = flag.Duration("cancel", time.Second, "how long a call may outlive its context")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// path is where the recipes of a test work. Nobody has made it. It is also where a semaphore at
// /app has its leases.
const path = "/app/leases"

// serverVariable names a server to test with instead of a Quoll in the process. interop sets it to
// run the same tests with Apache's server.
const serverVariable = "QUOLL_CLIENT_TEST_SERVER"

// world is a server with a proxy before it, which disturbs some of the clients. Where the server is
// that of many tests, the clients of each work below a node of its own.
type world struct {
	*proxy.Proxy
	t      *testing.T
	server string
	root   string // chroot of the clients, or ""
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, server: os.Getenv(serverVariable)}
	if w.server == "" {
		w.server = zktest.Start(t).Servers()
	} else {
		w.root = "/recipes-" + strconv.FormatUint(rand.Uint64(), 36)
		bare, err := wire.Dial(testContext(t), w.server, wire.Options{})
		require.NoError(t, err)
		defer bare.Abort()
		_, _, err = bare.Create(testContext(t), w.root, nil, wire.World(), 0)
		require.NoError(t, err)
	}
	p, err := proxy.Start(w.server)
	require.NoError(t, err)
	t.Cleanup(p.Close)
	w.Proxy = p
	return w
}

func (w *world) dial(server string, opts []client.Option) *client.Client {
	w.t.Helper()
	opts = append([]client.Option{
		client.WithSessionTimeout(20 * time.Second),
		client.WithBackoff(time.Millisecond, 20*time.Millisecond),
	}, opts...)
	c, err := client.Dial(testContext(w.t), server+w.root, opts...)
	require.NoError(w.t, err)
	w.t.Cleanup(func() { _ = c.Close() })
	return c
}

// client is one that goes through the proxy.
func (w *world) client(opts ...client.Option) *client.Client { return w.dial(w.Addr(), opts) }

// beside is one that nothing disturbs.
func (w *world) beside(opts ...client.Option) *client.Client { return w.dial(w.server, opts) }

// expire ends the session of a client.
func (w *world) expire(c *client.Client) {
	w.t.Helper()
	w.end(c.Session())
}

// end ends a session. A connection of its client may be under way, and take the session back.
func (w *world) end(s *client.Session) {
	w.t.Helper()
	w.Target("")
	defer w.Target(w.server)
	for ctx := testContext(w.t); ; {
		w.Drop(s.ID())
		taker, err := wire.Dial(ctx, w.server, wire.Options{
			SessionID: s.ID(), Passwd: s.Passwd(),
		})
		if errors.Is(err, wire.ErrExpired) || err == nil && taker.Close(ctx) == nil {
			return
		}
		require.NoError(w.t, err)
		require.NoError(w.t, ctx.Err())
	}
}

func testContext(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// closed says that a channel is closed, or will be soon.
func closed(t *testing.T, ch <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-ch:
	case <-time.After(10 * time.Second):
		require.Fail(t, what)
	}
}

// isOpen says whether a channel is not closed.
func isOpen(ch <-chan struct{}) bool {
	select {
	case <-ch:
		return false
	default:
		return true
	}
}

// waitChildren waits until path has n children. A node that is not there has none.
func waitChildren(t *testing.T, c *client.Client, n int) []string {
	t.Helper()
	ctx := testContext(t)
	for {
		_, _, made, err := c.ExistsW(ctx, path)
		require.NoError(t, err)
		names, _, changed, err := c.ChildrenW(ctx, path)
		if err != nil {
			require.ErrorIs(t, err, client.ErrNoNode)
			changed = made
		}
		if len(names) == n {
			_, _ = made.Close(), changed.Close()
			return names
		}
		_, err = changed.Next(ctx)
		require.NoError(t, err, "%v, want %d", names, n)
		_, _ = made.Close(), changed.Close()
	}
}
