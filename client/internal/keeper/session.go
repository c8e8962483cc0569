package keeper

import (
	"sync"
	"time"

	"quoll/jute"
)

// Identity names a session to a server.
type Identity struct {
	ID     jute.SessionID
	Passwd []byte
}

// Session is a session, as long as the client may be sure of it. When a lapsed session turns out to
// live, another Session stands for it.
type Session struct {
	Identity
	Timeout time.Duration

	lapse  sync.Once
	lapsed chan struct{}
	end    *ending
}

// ending is shared by all that stand for one session.
type ending struct {
	once sync.Once
	done chan struct{}
	err  error // read after done is closed
}

func newSession(id Identity, timeout time.Duration) *Session {
	return &Session{
		Identity: id, Timeout: timeout, lapsed: make(chan struct{}),
		end: &ending{done: make(chan struct{})},
	}
}

// revived stands for the same session after a lapse.
func (s *Session) revived(timeout time.Duration) *Session {
	return &Session{
		Identity: s.Identity, Timeout: timeout, lapsed: make(chan struct{}), end: s.end,
	}
}

// Lapsed is closed at the latest when the servers may have expired the session.
func (s *Session) Lapsed() <-chan struct{} { return s.lapsed }

// Done is closed when the session has surely ended.
func (s *Session) Done() <-chan struct{} { return s.end.done }

// Err is why the session has ended, nil before Done is closed.
func (s *Session) Err() error {
	select {
	case <-s.end.done:
		return s.end.err
	default:
		return nil
	}
}

func (s *Session) isLapsed() bool {
	select {
	case <-s.lapsed:
		return true
	default:
		return false
	}
}

func (s *Session) markLapsed() { s.lapse.Do(func() { close(s.lapsed) }) }

func (s *Session) markEnded(err error) {
	s.markLapsed()
	s.end.once.Do(func() {
		s.end.err = err
		close(s.end.done)
	})
}
