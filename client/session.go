package client

import (
	"bytes"
	"fmt"
	"sync"
	"time"

	"quoll/client/internal/keeper"
)

// Session is a session with the ensemble, as long as this client may be sure of it. If a lapsed
// session turns out to live, the client goes on with it under a new *Session: Lapsed of the old one
// stays closed.
type Session struct{ inner *keeper.Session }

// ID is the session's id: the ephemeralOwner of its nodes.
func (s *Session) ID() SessionID { return s.inner.ID }

// Passwd is the secret with which a client can take the session over (WithSession).
func (s *Session) Passwd() []byte { return bytes.Clone(s.inner.Passwd) }

// Timeout is how long the servers keep the session without hearing from the client.
func (s *Session) Timeout() time.Duration { return s.inner.Timeout }

// Lapsed is closed at the latest when the servers may have expired the session, by the client's own
// clock: a margin (a tenth of the timeout, at least 100 ms) before timeout has passed since the
// sending of the latest request that was answered. It stays closed.
func (s *Session) Lapsed() <-chan struct{} { return s.inner.Lapsed() }

// Done is closed when the session has surely ended. Lapsed is closed before.
func (s *Session) Done() <-chan struct{} { return s.inner.Done() }

// Err is why the session has ended: ErrSessionExpired or ErrClosed; nil before Done is closed.
func (s *Session) Err() error { return s.inner.Err() }

// String has the id and the timeout, never the password.
func (s *Session) String() string {
	return fmt.Sprintf("session %v, %v", s.inner.ID, s.inner.Timeout)
}

// lastSession makes the same *Session of the same session, so that users can compare them.
type lastSession struct {
	mu      sync.Mutex
	session *Session
}

func (l *lastSession) of(inner *keeper.Session) *Session {
	if inner == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.session == nil || l.session.inner != inner {
		l.session = &Session{inner}
	}
	return l.session
}
