package running

import (
	"context"

	"quoll/client"
	"quoll/internal/shell/verb"
)

// source is where the events of watch come from. A one-shot watch is set again before its event is
// handed on: what happens while somebody works on that is not missed.
type source struct {
	c     *client.Client
	path  string
	mode  string
	watch *client.Watch
	err   error // why the watch could not be set again
}

func watching(ctx context.Context, c *client.Client, path, mode string) (*source, error) {
	s := &source{c: c, path: path, mode: mode}
	s.set(ctx)
	return s, s.err
}

// set sets the watch.
func (s *source) set(ctx context.Context) {
	switch s.mode {
	case "data":
		_, _, s.watch, s.err = s.c.ExistsW(ctx, s.path)
	case "children":
		_, _, s.watch, s.err = s.c.ChildrenW(ctx, s.path)
	case "recursive":
		s.watch, s.err = s.c.AddWatch(ctx, s.path, client.Recursive)
	default:
		s.watch, s.err = s.c.AddWatch(ctx, s.path, client.Persistent)
	}
}

// kind is what the shell has to know of the watch.
func (s *source) kind() verb.WatchKind {
	switch s.mode {
	case "data":
		return verb.WatchData
	case "children":
		return verb.WatchChildren
	case "recursive":
		return verb.WatchRecursive
	}
	return verb.WatchPersistent
}

// next waits for an event.
func (s *source) next(ctx context.Context) (client.Event, error) {
	if s.err != nil {
		return client.Event{}, s.err
	}
	event, err := s.watch.Next(ctx)
	if err == nil && (s.mode == "data" || s.mode == "children") {
		s.set(ctx)
	}
	return event, err
}

func (s *source) close() {
	if s.err == nil {
		_ = s.watch.Close() // it never fails
	}
}
