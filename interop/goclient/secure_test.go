package goclient_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"quoll/client"
	"quoll/internal/authority"
	"quoll/internal/proxy"
	"quoll/interop/process"
)

// secured is an Apache server with a secureClientPort, and a line to it that can be cut.
type secured struct {
	*authority.Authority
	t    *testing.T
	line *proxy.Line
}

// startSecured starts one whose certificate is for zk.test. It asks for the client's as clientAuth
// says: none or need.
func startSecured(t *testing.T, clientAuth string) *secured {
	t.Helper()
	a, err := authority.New()
	require.NoError(t, err)
	own, err := a.Issue("zk.test")
	require.NoError(t, err)
	certificate, key, err := authority.PEM(own)
	require.NoError(t, err)
	dir := t.TempDir()
	keys, trusted := filepath.Join(dir, "keys.pem"), filepath.Join(dir, "trusted.pem")
	require.NoError(t, os.WriteFile(keys, append(key, certificate...), 0o600))
	require.NoError(t, os.WriteFile(trusted, a.PEM(), 0o600))
	port, err := process.FreePort()
	require.NoError(t, err)
	o := options(t)
	for key, value := range map[string]string{
		"secureClientPort": fmt.Sprint(port), "secureClientPortAddress": "127.0.0.1",
		"serverCnxnFactory":       "org.apache.zookeeper.server.NettyServerCnxnFactory",
		"ssl.keyStore.location":   keys,
		"ssl.trustStore.location": trusted,
		"ssl.clientAuth":          clientAuth,
	} {
		o.ExtraConfig[key] = value
	}
	startApache(t, o)
	line, err := proxy.StartLine("127.0.0.1:0", fmt.Sprintf("127.0.0.1:%d", port))
	require.NoError(t, err)
	t.Cleanup(line.Close)
	return &secured{a, t, line}
}

func bounded(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// new makes a client of a server with a name, whose connections go over the line.
func (s *secured) new(name string, opts ...client.Option) *client.Client {
	s.t.Helper()
	c, err := client.New(name+":1", append(opts,
		client.WithBackoff(time.Millisecond, 50*time.Millisecond),
		client.WithDialer(func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, s.line.Addr())
		}))...)
	require.NoError(s.t, err)
	s.t.Cleanup(func() { _ = c.Close() })
	return c
}

// trusting is TLS that trusts the authority, with a certificate of the client's for each name.
func (s *secured) trusting(names ...string) client.Option {
	s.t.Helper()
	config := &tls.Config{RootCAs: s.Pool()}
	for _, name := range names {
		own, err := s.Issue(name)
		require.NoError(s.t, err)
		config.Certificates = append(config.Certificates, own)
	}
	return client.WithTLS(config)
}

// refused waits until a client says why it is not connected.
func refused(t *testing.T, c *client.Client, why ...string) {
	t.Helper()
	ctx := bounded(t)
	for {
		now, changed := c.Status()
		all := now.Err != nil
		for _, word := range why {
			all = all && bytes.Contains([]byte(now.Err.Error()), []byte(word))
		}
		if all {
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			require.Fail(t, "never told", "%q: %v", why, now.Err)
		}
	}
}

// The client over TLS with a secureClientPort: operations, watches, the session over a cut; a server
// with another name, and a client without TLS, are refused with a reason.
func TestTLSAgainstApache(t *testing.T) {
	t.Parallel()
	s := startSecured(t, "none")
	ctx := bounded(t)
	c, other := s.new("zk.test", s.trusting()), s.new("zk.test", s.trusting())
	large := bytes.Repeat([]byte("x"), 1_000_000)
	_, _, err := c.Create(ctx, "/a", large, client.Ephemeral)
	require.NoError(t, err)
	session := c.Session()
	data, _, once, err := c.GetW(ctx, "/a")
	require.NoError(t, err)
	require.Equal(t, large, data)
	stays, err := c.AddWatch(ctx, "/", client.Recursive)
	require.NoError(t, err)

	s.line.Cut()
	s.line.Heal()
	_, err = client.Update(ctx, other, "/a", func([]byte) ([]byte, error) { return nil, nil })
	require.NoError(t, err)
	e, err := once.Next(ctx)
	require.NoError(t, err)
	require.Equal(t, client.DataChanged, e.Kind)
	e, err = stays.Next(ctx)
	require.NoError(t, err)
	require.Equal(t, client.Resync, e.Kind)
	require.Same(t, session, c.Session())
	require.NoError(t, c.Close())
	_, exists, err := other.Exists(ctx, "/a")
	require.NoError(t, err)
	require.False(t, exists, "the session has ended")

	refused(t, s.new("zk2.test", s.trusting()), "zk2.test:1", "certificate is valid for zk.test")
	refused(t, s.new("zk.test"), "zk.test:1", "hung up")
}

// A server that wants a certificate knows the client by it.
func TestTLSClientCertificateAgainstApache(t *testing.T) {
	t.Parallel()
	s := startSecured(t, "need")
	c := s.new("zk.test", s.trusting("alice"))
	ids, err := c.WhoAmI(bounded(t))
	require.NoError(t, err)
	require.Contains(t, ids, client.ID{Scheme: "x509", ID: "CN=alice"})
	refused(t, s.new("zk.test", s.trusting()), "zk.test:1", "tls:")
}
