package client_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"quoll/client"
	"quoll/internal/proxy"
	"quoll/jute"
)

// A broken connection: calls that are not sent wait, and everything goes on over another server
// with the same session.
func TestSessionGoesOverToAnotherServer(t *testing.T) {
	ctx := testContext(t)
	w := newWorld(t)
	second, err := proxy.Start(w.server)
	require.NoError(t, err)
	t.Cleanup(second.Close)
	c, err := client.Dial(ctx, w.Addr()+","+second.Addr()+w.root,
		client.WithBackoff(time.Millisecond, time.Millisecond))
	require.NoError(t, err)
	defer c.Close()
	session := c.Session()
	_, _, err = c.Create(ctx, "/mine", nil, client.Ephemeral)
	require.NoError(t, err)
	for range 5 {
		at, _ := c.Status()
		one, other := w.Proxy, second
		if at.Server != w.Addr() {
			one, other = second, w.Proxy
		}
		one.Target("")
		one.Drop(0)
		_, stat, err := c.Get(ctx, "/mine")
		require.NoError(t, err)
		require.Equal(t, session.ID(), stat.EphemeralOwner)
		now, _ := c.Status()
		require.Equal(t, other.Addr(), now.Server)
		require.Same(t, session, now.Session)
		one.Target(w.server)
	}
	require.True(t, isOpen(session.Lapsed()))
	require.NoError(t, session.Err())
}

func TestCallsAndStatesOverAnExpiry(t *testing.T) {
	ctx := testContext(t)
	w := newWorld(t)
	var mu sync.Mutex
	var states []client.State
	c := w.client(client.WithTrace(&client.Trace{Status: func(s client.Status) {
		mu.Lock()
		defer mu.Unlock()
		if n := len(states); n == 0 || states[n-1] != s.State {
			states = append(states, s.State)
		}
	}}))
	session := c.Session()
	_, _, err := c.Create(ctx, "/mine", nil, client.Ephemeral)
	require.NoError(t, err)
	w.Withhold()
	sent := make(chan struct{}, 8)
	w.Seen(jute.OpGetData, func() { sent <- struct{}{} })
	w.Seen(jute.OpSetData, func() { sent <- struct{}{} })
	read := c.Async().Get(ctx, "/")
	write := c.Async().Set(ctx, "/", nil, -1)
	<-sent
	<-sent
	w.Target("")
	w.Drop(0)
	waitState(t, c, client.Suspended)
	unsent := c.Async().Set(ctx, "/", nil, -1)
	w.expire(c)
	w.Resume()

	_, err = read.Wait(ctx)
	require.ErrorIs(t, err, client.ErrSessionExpired)
	require.NotErrorIs(t, err, client.ErrUnknownOutcome)
	_, err = write.Wait(ctx)
	require.ErrorIs(t, err, client.ErrUnknownOutcome)
	require.ErrorIs(t, err, client.ErrConnectionLoss)
	_, err = unsent.Wait(ctx)
	require.ErrorIs(t, err, client.ErrSessionExpired)
	require.NotErrorIs(t, err, client.ErrUnknownOutcome, "not one byte was sent")

	closed(t, session.Done(), "the session has ended")
	_, exists, err := c.Exists(ctx, "/mine")
	require.NoError(t, err)
	require.False(t, exists)
	require.NotEqual(t, session.ID(), c.Session().ID())
	mu.Lock()
	defer mu.Unlock()
	require.Equal(t, []client.State{
		client.Connected, client.Suspended, client.Expired, client.Connecting, client.Connected,
	}, states)
}

func TestExpiredForGood(t *testing.T) {
	ctx := testContext(t)
	w := newWorld(t)
	c := w.client(client.WithNewSession(false))
	stays, err := c.AddWatch(ctx, "/", client.Persistent)
	require.NoError(t, err)
	w.expire(c)
	waitState(t, c, client.Expired)
	_, _, err = c.Get(ctx, "/")
	require.ErrorIs(t, err, client.ErrSessionExpired)
	require.ErrorIs(t, c.WaitConnected(ctx), client.ErrSessionExpired)
	_, err = stays.Next(ctx)
	require.ErrorIs(t, err, client.ErrSessionExpired)
	require.NoError(t, c.Close(), "nothing is left that could end")
	waitState(t, c, client.Closed)
}

func TestTakeOverASession(t *testing.T) {
	ctx := testContext(t)
	w := newWorld(t)
	first := w.client()
	_, _, err := first.Create(ctx, "/mine", nil, client.Ephemeral)
	require.NoError(t, err)
	s := first.Session()
	require.NotContains(t, s.String(), string(s.Passwd()))
	w.Target("")
	w.Drop(0)
	waitState(t, first, client.Suspended)
	second, err := client.Dial(ctx, w.server+w.root, client.WithSession(s.ID(), s.Passwd()))
	require.NoError(t, err)
	defer second.Close()
	require.Equal(t, s.ID(), second.Session().ID())
	_, exists, err := second.Exists(ctx, "/mine")
	require.NoError(t, err)
	require.True(t, exists)
}

func TestLapsedAndRevived(t *testing.T) {
	ctx := testContext(t)
	w := newWorld(t)
	c := w.client(client.WithSessionTimeout(4 * time.Second))
	s := c.Session()
	if s.Timeout() > 4*time.Second {
		t.Skip("the server gives longer sessions only")
	}
	w.Pause()
	begin := time.Now()
	closed(t, s.Lapsed(), "nothing was answered for as long as the session lives")
	require.Less(t, time.Since(begin), s.Timeout())
	require.True(t, isOpen(s.Done()), "the server may not have expired it")
	w.Resume()
	require.NoError(t, c.Sync(ctx, "/"))
	require.False(t, isOpen(s.Lapsed()), "it stays closed")
	require.NotSame(t, s, c.Session())
	require.True(t, isOpen(c.Session().Lapsed()))
}

func TestClose(t *testing.T) {
	ctx := testContext(t)
	w := newWorld(t)
	c := w.client()
	other := w.beside()
	_, _, err := c.Create(ctx, "/mine", nil, client.Ephemeral)
	require.NoError(t, err)
	_, _, once, err := c.GetW(ctx, "/")
	require.NoError(t, err)
	session := c.Session()
	require.NoError(t, c.Close())
	require.NoError(t, c.Close())
	_, exists, err := other.Exists(ctx, "/mine")
	require.NoError(t, err)
	require.False(t, exists, "the session has ended")
	require.False(t, isOpen(session.Lapsed()))
	require.ErrorIs(t, session.Err(), client.ErrClosed)
	_, _, err = c.Get(ctx, "/")
	require.ErrorIs(t, err, client.ErrClosed)
	_, err = once.Next(ctx)
	require.ErrorIs(t, err, client.ErrClosed)
	require.ErrorIs(t, c.WaitConnected(ctx), client.ErrClosed)
	require.ErrorIs(t, c.SetServers(w.Addr()), client.ErrClosed)
	now, _ := c.Status()
	require.Equal(t, client.Closed, now.State)
}

// Close ends within two seconds, whatever the server does, and everything that waits ends with it.
func TestCloseNeverHangs(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer silent.Close()
	quick := func(c *client.Client) error {
		begin := time.Now()
		err := c.Close()
		require.LessOrEqual(t, time.Since(begin), 2200*time.Millisecond)
		return err
	}
	t.Run("nobody listens", func(t *testing.T) {
		c, err := client.New(unused(t))
		require.NoError(t, err)
		require.NoError(t, quick(c))
	})
	t.Run("no handshake", func(t *testing.T) {
		c, err := client.New(silent.Addr().String())
		require.NoError(t, err)
		read := c.Async().Get(testContext(t), "/")
		require.NoError(t, quick(c))
		_, err = read.Wait(testContext(t))
		require.ErrorIs(t, err, client.ErrClosed)
	})
	t.Run("no answer", func(t *testing.T) {
		w := newWorld(t)
		c := w.client()
		w.Withhold()
		sent := make(chan struct{})
		w.Seen(jute.OpSetData, func() { close(sent) })
		write := c.Async().Set(testContext(t), "/", nil, -1)
		closed(t, sent, "it was sent")
		require.ErrorIs(t, quick(c), client.ErrUnknownOutcome)
		_, err := write.Wait(testContext(t))
		require.ErrorIs(t, err, client.ErrUnknownOutcome)
		require.ErrorIs(t, err, client.ErrClosed)
	})
	t.Run("no connection", func(t *testing.T) {
		w := newWorld(t)
		c := w.client()
		w.Target("")
		w.Drop(0)
		waitState(t, c, client.Suspended)
		err := quick(c)
		require.ErrorIs(t, err, client.ErrConnectionLoss)
		require.NotErrorIs(t, err, client.ErrUnknownOutcome)
	})
}

func TestAuthRefused(t *testing.T) {
	ctx := testContext(t)
	w := newWorld(t)
	c := w.client()
	session := c.Session()
	err := c.AddAuth(ctx, "nonsense", []byte("x"))
	require.ErrorIs(t, err, client.ErrAuthFailed)
	waitState(t, c, client.AuthFailed)
	require.False(t, isOpen(session.Lapsed()))
	_, _, err = c.Get(ctx, "/")
	require.ErrorIs(t, err, client.ErrAuthFailed)
	require.ErrorIs(t, c.WaitConnected(ctx), client.ErrAuthFailed)

	refused, err := client.New(w.servers(),
		client.WithAuth("nonsense", func(context.Context) ([]byte, error) { return nil, nil }))
	require.NoError(t, err)
	waitState(t, refused, client.AuthFailed)
	_ = refused.Close() // the session lives on until its timeout
}

// A secret is asked for at each connect, so that a new one counts.
func TestSecretsAreAskedForAtEachConnect(t *testing.T) {
	ctx := testContext(t)
	w := newWorld(t)
	asked := make(chan struct{}, 8)
	c := w.client(client.WithAuth("digest", func(context.Context) ([]byte, error) {
		asked <- struct{}{}
		if len(asked) == 2 {
			return nil, errors.New("not now")
		}
		return []byte("a:b"), nil
	}))
	mine := client.ACL{Perms: jute.PermAll, ID: client.ID{Scheme: "auth"}}
	_, _, err := c.Create(ctx, "/mine", nil, client.WithACL(mine))
	require.NoError(t, err)
	w.Drop(0)
	_, _, err = c.Get(ctx, "/mine")
	require.NoError(t, err, "the identity is there before the first request")
	require.Len(t, asked, 3)
}

func TestServersThatDoNotAnswerAreSkipped(t *testing.T) {
	ctx := testContext(t)
	w := newWorld(t)
	for range 5 {
		c, err := client.Dial(ctx,
			"does-not-exist.invalid:2181,"+unused(t)+","+w.Addr()+w.root,
			client.WithBackoff(time.Millisecond, time.Millisecond))
		require.NoError(t, err)
		require.NoError(t, c.Close())
	}
}

func TestSetServers(t *testing.T) {
	ctx := testContext(t)
	w := newWorld(t)
	second, err := proxy.Start(w.server)
	require.NoError(t, err)
	t.Cleanup(second.Close)
	c := w.client()
	session := c.Session()
	require.Error(t, c.SetServers(second.Addr()+"/elsewhere"))
	require.Error(t, c.SetServers("x:y"))
	require.NoError(t, c.SetServers(second.Addr()+w.root))
	for {
		now, changed := c.Status()
		if now.State == client.Connected && now.Server == second.Addr() {
			break
		}
		<-changed
	}
	require.NoError(t, c.Sync(ctx, "/"))
	require.Same(t, session, c.Session())
}

func TestWrongOptions(t *testing.T) {
	for name, o := range map[string]client.Option{
		"WithSessionTimeout": client.WithSessionTimeout(0),
		"WithSession":        client.WithSession(0, nil),
		"WithAuth":           client.WithAuth("", nil),
		"WithTLS":            client.WithTLS(nil),
		"WithSASL":           client.WithSASL(nil),
		"WithDialer":         client.WithDialer(nil),
		"WithBackoff":        client.WithBackoff(2, 1),
		"WithRequestTimeout": client.WithRequestTimeout(-1),
		"WithMaxPending":     client.WithMaxPending(0, 1),
		"WithMaxFrame":       client.WithMaxFrame(1, 0),
		"WithLogger":         client.WithLogger(nil),
		"WithTrace":          client.WithTrace(nil),
	} {
		_, err := client.New("127.0.0.1", o)
		require.ErrorContains(t, err, name)
	}
	for _, servers := range []string{"", "a:b", ":2181", "/chroot", "a:1/bad/", "srv://", "[::1"} {
		_, err := client.New(servers)
		require.Error(t, err, "%q", servers)
	}
}

// The log tells of states, and never has a secret.
func TestLogAndTrace(t *testing.T) {
	ctx := testContext(t)
	w := newWorld(t)
	var mu sync.Mutex
	var log bytes.Buffer
	var told []string
	note := func(text string) {
		mu.Lock()
		defer mu.Unlock()
		told = append(told, text)
	}
	c := w.client(
		client.WithLogger(slog.New(slog.NewTextHandler(&locked{mu: &mu, b: &log}, nil))),
		client.WithAuth("digest", func(context.Context) ([]byte, error) {
			return []byte("alice:hidden"), nil
		}),
		client.WithTrace(&client.Trace{
			Dialed:   func(server string, _ time.Duration, err error) { note("dialed " + server) },
			Answered: func(op, path string, code jute.ErrorCode, _ time.Duration) { note(op + path) },
			Event:    func(e client.Event) { note(e.Kind.String() + e.Path) },
		}))
	_, _, watch, err := c.GetW(ctx, "/")
	require.NoError(t, err)
	_, err = c.Set(ctx, "/", nil, -1)
	require.NoError(t, err)
	next(t, watch)
	require.NoError(t, c.Close())
	mu.Lock()
	defer mu.Unlock()
	require.Equal(t, []string{
		"dialed " + w.Addr(), "getData/", "DataChanged" + w.root, "setData/",
	}, told)
	require.Contains(t, log.String(), "state=Connected")
	require.Contains(t, log.String(), w.Addr())
	require.NotContains(t, log.String(), "hidden")
	require.False(t, strings.Contains(log.String(), string(c.Session().Passwd())))
}

type locked struct {
	mu *sync.Mutex
	b  *bytes.Buffer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}
