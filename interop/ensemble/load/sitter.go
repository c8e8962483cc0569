package load

import (
	"context"
	"fmt"
	"time"

	"quoll/interop/ensemble/history"
	"quoll/jute"
)

// Of a sitter and a leaver.
const (
	sitterTimeout = 15 * time.Second
	leaverTimeout = 2 * time.Second
	leases        = 3
)

// sitter holds ephemeral nodes and hardly ever asks.
type sitter struct {
	*client
	made int
	next time.Duration
}

func newSitter(c *client) worker {
	c.timeout = sitterTimeout
	return &sitter{client: c}
}

func (s *sitter) attached() {}

func (s *sitter) work(ctx context.Context) {
	switch {
	case s.made < leases:
		s.made++
		token := fmt.Sprintf("sitter-%d-%d", s.id, s.made)
		s.create(s.options.Root+ephemeral+"/"+token, token, jute.ModeEphemeral)
	case s.now() >= s.next:
		s.next = s.now() + 300*time.Millisecond
		s.get(s.counters[s.random.IntN(len(s.counters))], false)
	}
	s.drain()
	s.rest(ctx)
}

func (s *sitter) settle(context.Context) {}

func (s *sitter) finish(context.Context) {
	s.get(s.counters[0], false)
	s.drain()
}

// leaver makes an ephemeral node, goes, and does so again: the sessions end by themselves.
type leaver struct {
	*client
	gone int
	next time.Duration
}

func newLeaver(c *client) worker {
	c.timeout = leaverTimeout
	return &leaver{client: c}
}

// attached: whatever becomes of the session is right.
func (l *leaver) attached() { l.record.End = history.Abandoned }

func (l *leaver) work(ctx context.Context) {
	if l.now() < l.next {
		l.rest(ctx)
		return
	}
	l.next = l.now() + 2*time.Second
	l.gone++
	token := fmt.Sprintf("leaver-%d-%d", l.id, l.gone)
	l.create(l.options.Root+ephemeral+"/"+token, token, jute.ModeEphemeral)
	l.drain()
	l.drop()
	l.forget()
}

func (l *leaver) settle(context.Context) {}

func (l *leaver) finish(context.Context) {}
