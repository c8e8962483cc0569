package client_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"quoll/client"
	"quoll/client/wire"
	"quoll/internal/proxy"
	"quoll/zktest"
)

// serversVariable names a server to test against instead of a Quoll in the process. interop sets it
// to run the same tests against Apache's server.
const serversVariable = "QUOLL_CLIENT_TEST_SERVER"

// cancelBound is how long a call may take to return when its context has ended. A crowded machine
// is slow; 100 ms is meant, and checked where nothing else runs.
var cancelBound = flag.Duration("cancel", time.Second, "how long a call may outlive its context")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a server under test, with a proxy before it and a node of its own for each test.
type world struct {
	*proxy.Proxy
	t      *testing.T
	server string
	root   string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	server := os.Getenv(serversVariable)
	if server == "" {
		server = zktest.Start(t).Servers()
	}
	p, err := proxy.Start(server)
	require.NoError(t, err)
	t.Cleanup(p.Close)
	w := &world{Proxy: p, t: t, server: server}
	w.root = fmt.Sprintf("/%s-%d",
		strings.NewReplacer("/", "-", " ", "_").Replace(t.Name()), time.Now().UnixNano())
	bare := w.raw()
	_, _, err = bare.Create(testContext(t), w.root, nil, wire.World(), 0)
	require.NoError(t, err)
	return w
}

// raw is a connection that does not go through the proxy.
func (w *world) raw() *wire.Conn {
	w.t.Helper()
	c, err := wire.Dial(testContext(w.t), w.server, wire.Options{})
	require.NoError(w.t, err)
	w.t.Cleanup(c.Abort)
	return c
}

// servers is the connection string of a client that works below the test's node.
func (w *world) servers() string { return w.Addr() + w.root }

func (w *world) client(opts ...client.Option) *client.Client {
	w.t.Helper()
	opts = append([]client.Option{
		client.WithSessionTimeout(10 * time.Second),
		client.WithBackoff(time.Millisecond, 20*time.Millisecond),
	}, opts...)
	c, err := client.Dial(testContext(w.t), w.servers(), opts...)
	require.NoError(w.t, err)
	w.t.Cleanup(func() { _ = c.Close() })
	return c
}

// beside is a client of the same nodes that nothing disturbs.
func (w *world) beside() *client.Client {
	w.t.Helper()
	c, err := client.Dial(testContext(w.t), w.server+w.root)
	require.NoError(w.t, err)
	w.t.Cleanup(func() { _ = c.Close() })
	return c
}

// expire ends the session of a client. A connection of its own may be under way, and take the
// session back.
func (w *world) expire(c *client.Client) {
	w.t.Helper()
	w.Target("")
	defer w.Target(w.server)
	for s, ctx := c.Session(), testContext(w.t); ; {
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

// waitState waits until a client is in a state.
func waitState(t *testing.T, c *client.Client, want client.State) client.Status {
	t.Helper()
	ctx := testContext(t)
	for {
		now, changed := c.Status()
		if now.State == want {
			return now
		}
		select {
		case <-changed:
		case <-ctx.Done():
			t.Fatalf("state %v, never %v: %v", now.State, want, now.Err)
		}
	}
}

// closed says that a channel is closed, or will be soon.
func closed(t *testing.T, ch <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-ch:
	case <-time.After(10 * time.Second):
		t.Fatal(what)
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

// unused is an address at which nobody listens.
func unused(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}
