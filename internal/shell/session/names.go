package session

import (
	"context"
	"time"
)

// fresh is how long the children of a node are remembered for Tab.
const fresh = 2 * time.Second

// listing is the children of a node, as they were.
type listing struct {
	names []string
	at    time.Time
}

// Children are the names of a node's children, not older than fresh.
func (s *Session) Children(ctx context.Context, path string) ([]string, error) {
	s.mu.Lock()
	l, known := s.names[path]
	s.mu.Unlock()
	if known && time.Since(l.at) < fresh {
		return l.names, nil
	}
	c, err := s.Client(ctx)
	if err != nil {
		return nil, err
	}
	names, _, err := c.Children(ctx, path)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.names == nil {
		s.names = map[string]listing{}
	}
	s.names[path] = listing{names, time.Now()}
	return names, nil
}

// Forget drops what Tab has remembered: a verb has run, and may have changed it.
func (s *Session) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.names = nil
}
