package zktest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"quoll/client"
	"quoll/client/wire"
	"quoll/internal/proxy"
	"quoll/internal/sim/simfs"
	"quoll/jute"
)

// Option changes a server.
type Option func(*options)

type options struct{ settings []string }

// WithSetting gives the server a setting of zoo.cfg, such as "snapCount=100".
func WithSetting(setting string) Option {
	return func(o *options) { o.settings = append(o.settings, setting) }
}

const (
	configFile = "zoo.cfg"
	// settings are those of all servers: short sessions are allowed, every kind of node is, and
	// nothing is on a real disk.
	settings = "dataDir=" + dataDir + `
clientPort=0
clientPortAddress=127.0.0.1
maxClientCnxns=0
tickTime=100
minSessionTimeout=200
maxSessionTimeout=60000
4lw.commands.whitelist=*
quoll.lock=off
quoll.eventLoops=1
quoll.transport=std
preAllocSize=64
extendedTypesEnabled=true
`
)

// Server is a server for one test.
type Server struct {
	tb      testing.TB
	files   files
	disk    *simfs.Disk
	proxy   *proxy.Proxy
	running *running // nil while stopped
}

// Start starts a server, which ends with the test. It is ready when Start returns.
func Start(tb testing.TB, opts ...Option) *Server {
	tb.Helper()
	o := options{}
	for _, opt := range opts {
		opt(&o)
	}
	s := newServer(tb, files{configFile: settings + strings.Join(o.settings, "\n")})
	s.start()
	return s
}

// newServer makes a server that is not started.
func newServer(tb testing.TB, f files) *Server {
	s := &Server{tb: tb, files: f, disk: simfs.New()}
	p, err := proxy.Start("")
	if err != nil {
		tb.Fatal("zktest: ", err)
	}
	s.proxy = p
	tb.Cleanup(s.end)
	return s
}

// start begins a life of the server.
func (s *Server) start() {
	s.tb.Helper()
	r, err := run(s.disk, s.files)
	if err != nil {
		s.tb.Fatal("zktest: start: ", err)
	}
	s.running = r
	s.proxy.Target(r.addr)
}

func (s *Server) end() {
	s.proxy.Close()
	s.Stop()
}

// Servers is the connection string.
func (s *Server) Servers() string { return s.proxy.Addr() }

// Client is a connected client, which is closed at the end of the test.
func (s *Server) Client(opts ...client.Option) *client.Client {
	s.tb.Helper()
	return dial(s.tb, s.Servers(), opts)
}

func dial(tb testing.TB, servers string, opts []client.Option) *client.Client {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startPatience)
	defer cancel()
	c, err := client.Dial(ctx, servers, opts...)
	if err != nil {
		tb.Fatal("zktest: ", err)
	}
	tb.Cleanup(func() { _ = c.Close() })
	return c
}

// Expire ends a session on the server, as if the server had not heard of the client for too long.
// The client learns of it when it connects again, which it does at once. The session must be
// connected.
func (s *Server) Expire(session client.SessionID) {
	s.tb.Helper()
	if err := s.expire(session); err != nil {
		s.tb.Fatal("zktest: expire session: ", err)
	}
}

func (s *Server) expire(session client.SessionID) error {
	passwd, ok := s.proxy.Passwd(session)
	if !ok {
		return fmt.Errorf("%v is not connected", session)
	}
	// The client must not come back before the session is gone.
	s.proxy.Target("")
	defer s.proxy.Target(s.running.addr)
	s.proxy.Drop(session)
	ctx, cancel := context.WithTimeout(context.Background(), startPatience)
	defer cancel()
	w, err := wire.Dial(ctx, s.running.addr, wire.Options{SessionID: session, Passwd: passwd})
	if err != nil {
		return err
	}
	return w.Close(ctx)
}

// DropConn breaks the connection of a session. 0 means all connections.
func (s *Server) DropConn(session client.SessionID) { s.proxy.Drop(session) }

// Delay holds each frame for d, in each direction.
func (s *Server) Delay(d time.Duration) { s.proxy.Delay(d) }

// CutBefore breaks a connection at the next request with the operation: the server does not get
// it. The channel is closed when that has happened.
func (s *Server) CutBefore(op jute.OpCode) <-chan struct{} {
	return s.proxy.Cut(op, proxy.Before)
}

// CutAfter breaks a connection at the reply to the next request with the operation: the server has
// carried it out, and the client does not hear of it. The channel is closed when that has happened.
func (s *Server) CutAfter(op jute.OpCode) <-chan struct{} { return s.proxy.Cut(op, proxy.After) }

// Pause lets nothing pass between clients and server until Resume. Connections stay.
func (s *Server) Pause() { s.proxy.Pause() }

// Resume ends a Pause.
func (s *Server) Resume() { s.proxy.Resume() }

// Stop stops the server. Clients are cut off. It does nothing if the server is stopped.
func (s *Server) Stop() {
	s.tb.Helper()
	if s.running == nil {
		return
	}
	s.proxy.Target("")
	s.proxy.Drop(0)
	if err := s.running.await(); err != nil {
		s.tb.Error("zktest: stop: ", err)
	}
	s.running = nil
}

// Restart stops the server and starts it again with the same data, at the same address for clients.
func (s *Server) Restart() {
	s.tb.Helper()
	s.Stop()
	s.start()
}
