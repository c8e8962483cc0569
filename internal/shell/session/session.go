package session

import (
	"context"
	"errors"
	"sync"

	"quoll/client"
	"quoll/internal/shell/fault"
	"quoll/internal/shell/output"
	"quoll/internal/shell/settings"
)

// Session is the connection of a shell.
type Session struct {
	console settings.Console
	tell    func(output.Result) // prints above the line; any goroutine may call it

	mu      sync.Mutex
	set     settings.Settings
	client  *client.Client // nil: not connected, or closed by the user
	closed  bool           // by the user: close
	stop    context.CancelFunc
	running sync.WaitGroup
	watches []*held
	names   map[string]listing
	role    string // of the server, "leader"; "" if it is not known
}

// New makes a session, which connects when it is first used.
func New(
	set settings.Settings, console settings.Console, tell func(output.Result),
) *Session {
	return &Session{set: set, console: console, tell: tell}
}

// ErrNotConnected is that of a verb after close.
var ErrNotConnected = errors.New("not connected")

// NotConnected is that error with what helps.
func NotConnected() error {
	return &fault.Error{
		Code: fault.CodeUnreachable, Name: "NotConnected", Err: ErrNotConnected,
		Hint: "connect [SERVERS] does",
	}
}

// Client is the client, connected.
func (s *Session) Client(ctx context.Context) (*client.Client, error) {
	c, err := s.current()
	if err != nil {
		return nil, err
	}
	return c, c.WaitConnected(ctx)
}

// current is the client. One that was refused for its identity is of no use any more: a new one
// takes its place.
func (s *Session) current() (*client.Client, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, NotConnected()
	}
	if s.client != nil {
		if now, _ := s.client.Status(); now.State != client.AuthFailed {
			return s.client, nil
		}
		s.drop()
	}
	c, err := s.set.Client(s.console)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	s.client, s.stop = c, stop
	s.running.Go(func() { s.follow(ctx, c) })
	return c, nil
}

// Connect connects to other servers, or to the same again, and closes what was.
func (s *Session) Connect(ctx context.Context, servers string) error {
	s.mu.Lock()
	s.drop()
	s.closed = false
	if servers != "" {
		s.set.Servers, s.set.Context = servers, ""
	}
	s.mu.Unlock()
	_, err := s.Client(ctx)
	return err
}

// Disconnect ends the session with the servers, until Connect.
func (s *Session) Disconnect() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop()
	s.closed = true
}

// Close ends everything.
func (s *Session) Close() {
	s.Disconnect()
	s.running.Wait()
}

// drop gives up the client, and with it its watches. The caller has the lock.
func (s *Session) drop() {
	if s.client == nil {
		return
	}
	s.stop()
	_ = s.client.Close() // the session ends with its timeout then
	s.client, s.watches, s.names, s.role = nil, nil, nil, ""
}
