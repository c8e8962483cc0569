package client_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"quoll/client"
	"quoll/internal/authority"
	"quoll/internal/proxy"
)

// secured is a server behind TLS, with an authority that signs its certificate.
type secured struct {
	*world
	*authority.Authority
	line *proxy.Line
}

// newSecured makes one whose certificate is for a name. change may change the server's settings.
func newSecured(t *testing.T, name string, change func(*tls.Config)) *secured {
	t.Helper()
	a, err := authority.New()
	require.NoError(t, err)
	s := &secured{world: newWorld(t), Authority: a}
	s.line = s.behind(name, change)
	return s
}

// behind is a line with a certificate for a name.
func (s *secured) behind(name string, change func(*tls.Config)) *proxy.Line {
	s.t.Helper()
	config := &tls.Config{Certificates: []tls.Certificate{s.issue(name)}}
	if change != nil {
		change(config)
	}
	line, err := proxy.StartTLS(config, s.Addr())
	require.NoError(s.t, err)
	s.t.Cleanup(line.Close)
	return line
}

func (s *secured) issue(name string) tls.Certificate {
	s.t.Helper()
	cert, err := s.Issue(name)
	require.NoError(s.t, err)
	return cert
}

// dial connects to servers, each a name that stands for a line.
func (s *secured) dial(
	servers string, config *tls.Config, lines map[string]*proxy.Line,
) (*client.Client, error) {
	config.RootCAs = s.Pool()
	return client.Dial(testContext(s.t), servers+s.root, client.WithTLS(config),
		client.WithSessionTimeout(10*time.Second),
		client.WithBackoff(time.Millisecond, 20*time.Millisecond),
		client.WithDialer(func(ctx context.Context, network, addr string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, lines[addr].Addr())
		}))
}

// Operations, watches and the session go over TLS as they go over TCP, and over a cut too.
func TestTLSConnection(t *testing.T) {
	ctx := testContext(t)
	s := newSecured(t, "zk.test", nil)
	c, err := s.dial("zk.test:1", &tls.Config{},
		map[string]*proxy.Line{"zk.test:1": s.line})
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	other, session := s.beside(), c.Session()

	large := make([]byte, 1_000_000)
	_, _, err = c.Create(ctx, "/a", large, client.Ephemeral)
	require.NoError(t, err)
	data, stat, once, err := c.GetW(ctx, "/a")
	require.NoError(t, err)
	require.Equal(t, large, data)
	require.Equal(t, session.ID(), stat.EphemeralOwner)
	stays, err := c.AddWatch(ctx, "/", client.Recursive)
	require.NoError(t, err)
	_, err = other.Set(ctx, "/a", []byte("b"), 0)
	require.NoError(t, err)
	require.Equal(t, client.DataChanged, next(t, once).Kind)
	require.Equal(t, client.DataChanged, next(t, stays).Kind)

	_, _, once, err = c.GetW(ctx, "/a")
	require.NoError(t, err)
	s.line.Cut()
	waitState(t, c, client.Suspended)
	_, err = other.Set(ctx, "/a", []byte("c"), 1)
	require.NoError(t, err)
	s.line.Heal()
	require.Equal(t, client.DataChanged, next(t, once).Kind, "it changed meanwhile")
	require.Equal(t, client.Resync, next(t, stays).Kind)
	data, stat, err = c.Get(ctx, "/a")
	require.NoError(t, err)
	require.Equal(t, "c", string(data))
	require.Equal(t, session.ID(), stat.EphemeralOwner)
	require.Same(t, session, c.Session())
	require.NoError(t, c.Close())
	require.ErrorIs(t, session.Err(), client.ErrClosed)
	_, exists, err := other.Exists(ctx, "/a")
	require.NoError(t, err)
	require.False(t, exists, "the session has ended")
}

// Each server is asked for the certificate of its own name. One that has another one is passed
// over, and the error names it.
func TestTLSNames(t *testing.T) {
	ctx := testContext(t)
	s := newSecured(t, "zk1.test", nil)
	lines := map[string]*proxy.Line{
		"zk1.test:1": s.line, "zk2.test:1": s.behind("zk2.test", nil),
		"zk3.test:1": s.behind("zk1.test", nil),
	}
	c, err := s.dial("zk1.test:1,zk2.test:1,zk3.test:1", &tls.Config{}, lines)
	require.NoError(t, err)
	defer c.Close()
	seen := map[string]bool{}
	for len(seen) < 2 {
		require.NoError(t, c.Sync(ctx, "/"))
		now, _ := c.Status()
		seen[now.Server] = true
		s.Drop(0)
		if now, changed := c.Status(); now.State == client.Connected {
			<-changed
		}
		waitState(t, c, client.Connected)
	}
	require.NotContains(t, seen, "zk3.test:1")

	require.NoError(t, c.SetServers("zk3.test:1"))
	refusedBy(t, c, "zk3.test:1", "certificate is valid for zk1.test, not zk3.test")
	require.NoError(t, c.SetServers("zk2.test:1"))
	waitState(t, c, client.Connected)

	// A name that the caller gives is that of all servers.
	named, err := s.dial("zk3.test:1", &tls.Config{ServerName: "zk1.test"}, lines)
	require.NoError(t, err)
	require.NoError(t, named.Close())
}

// refusedBy waits until the status says why a server could not be connected to.
func refusedBy(t *testing.T, c *client.Client, server, why string) {
	t.Helper()
	ctx := testContext(t)
	for {
		now, changed := c.Status()
		text := fmt.Sprint(now.Err)
		if strings.Contains(text, server) && strings.Contains(text, why) {
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			t.Fatalf("never heard of %q and %q: %v", server, why, now.Err)
		}
	}
}

// A server that asks for a certificate gets the client's. Without one it refuses the client.
func TestTLSClientCertificate(t *testing.T) {
	ctx := testContext(t)
	asked := make(chan string, 100)
	s := newSecured(t, "zk.test", nil)
	lines := map[string]*proxy.Line{"zk.test:1": s.behind("zk.test", func(c *tls.Config) {
		c.ClientAuth, c.ClientCAs = tls.RequireAndVerifyClientCert, s.Pool()
		c.VerifyConnection = func(state tls.ConnectionState) error {
			asked <- state.PeerCertificates[0].Subject.CommonName
			return nil
		}
	})}
	c, err := s.dial("zk.test:1",
		&tls.Config{Certificates: []tls.Certificate{s.issue("alice")}}, lines)
	require.NoError(t, err)
	defer c.Close()
	require.Equal(t, "alice", <-asked)
	require.NoError(t, c.Sync(ctx, "/"))
	s.Drop(0)
	require.NoError(t, c.Sync(ctx, "/"))
	require.Equal(t, "alice", <-asked, "at each connection")

	without, err := client.New("zk.test:1", client.WithTLS(&tls.Config{RootCAs: s.Pool()}),
		client.WithDialer(func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, lines["zk.test:1"].Addr())
		}))
	require.NoError(t, err)
	defer without.Close()
	refusedBy(t, without, "zk.test:1", "certificate required")
}

// A client that speaks TLS to a server that does not, and the other way around, says so and goes
// on trying; so it does with a server that says nothing.
func TestTLSOnOneSide(t *testing.T) {
	s := newSecured(t, "localhost", nil)
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer silent.Close()
	config := client.WithTLS(&tls.Config{RootCAs: s.Pool(), ServerName: "localhost"})
	for name, d := range map[string]struct {
		server, why string
		opts        []client.Option
	}{
		"a plain server":  {s.server, "TLS handshake: ", []client.Option{config}},
		"a plain client":  {s.line.Addr(), "the server hung up", nil},
		"a silent server": {silent.Addr().String(), "deadline exceeded", []client.Option{config}},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := client.New(d.server, append(d.opts, client.WithBackoff(1, 1),
				client.WithSessionTimeout(100*time.Millisecond))...)
			require.NoError(t, err)
			refusedBy(t, c, d.server, d.why)
			begin := time.Now()
			_ = c.Close()
			require.Less(t, time.Since(begin), 2200*time.Millisecond)
		})
	}
}

// A server that reads nothing any more holds up neither the callers nor Close: what TLS says at the
// end of a connection must not wait for it.
func TestTLSServerThatReadsNothing(t *testing.T) {
	a, err := authority.New()
	require.NoError(t, err)
	cert, err := a.Issue("127.0.0.1")
	require.NoError(t, err)
	stop := make(chan struct{})
	defer close(stop)
	f := startFake(t, &fake{
		tls:    &tls.Config{Certificates: []tls.Certificate{cert}},
		script: func(*peer, int) { <-stop },
	})
	c, err := client.Dial(testContext(t), f.addr, client.WithTLS(&tls.Config{RootCAs: a.Pool()}))
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(testContext(t))
	var writes []*client.Future[client.Stat]
	for range 30 { // more than the buffers on the way
		writes = append(writes, c.Async().Set(ctx, "/", make([]byte, 1_000_000), -1))
	}
	cancel()
	begin := time.Now()
	for _, w := range writes {
		_, err := w.Wait(testContext(t))
		require.ErrorIs(t, err, context.Canceled)
	}
	require.Less(t, time.Since(begin), time.Second)
	begin = time.Now()
	require.ErrorIs(t, c.Close(), client.ErrUnknownOutcome)
	require.Less(t, time.Since(begin), 2200*time.Millisecond)
}
