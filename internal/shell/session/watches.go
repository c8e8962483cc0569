package session

import (
	"context"
	"slices"
	"time"

	"quoll/client"
	"quoll/internal/shell/output"
	"quoll/internal/shell/verb"
)

// held is a watch that a verb has left.
type held struct {
	path    string
	kind    verb.WatchKind
	watch   *client.Watch
	removed bool // by Unwatch; guarded by the session's mutex
}

// Watched takes over a watch, and tells its events.
func (s *Session) Watched(path string, kind verb.WatchKind, w *client.Watch) {
	h := &held{path: path, kind: kind, watch: w}
	s.mu.Lock()
	s.watches = append(s.watches, h)
	s.mu.Unlock()
	s.running.Go(func() {
		for event, err := range w.Events(context.Background()) {
			if err != nil {
				break // it was closed, or its session has ended
			}
			s.tell(output.EventOf(event, time.Now()))
		}
		s.mu.Lock()
		s.watches = slices.DeleteFunc(s.watches, func(o *held) bool { return o == h })
		removed := h.removed
		s.mu.Unlock()
		if removed {
			s.tell(removal{path, kind}) // behind the events that came before
		}
	})
}

// Unwatch ends the watches on a path, of some kinds or of all, and returns how many.
func (s *Session) Unwatch(path string, kinds []verb.WatchKind) int {
	s.mu.Lock()
	var gone []*held
	s.watches = slices.DeleteFunc(s.watches, func(h *held) bool {
		if h.path != path || len(kinds) > 0 && !slices.Contains(kinds, h.kind) {
			return false
		}
		gone, h.removed = append(gone, h), true
		return true
	})
	s.mu.Unlock()
	for _, h := range gone {
		_ = h.watch.Close() // it does not wait, and cannot fail
	}
	return len(gone)
}

// removal is a watch that was removed. Only zkCli.sh tells of it.
type removal struct {
	path string
	kind verb.WatchKind
}

// Text is silent.
func (removal) Text(*output.Page) {}

// ZkCLI is the event that ZooKeeper's client makes.
func (r removal) ZkCLI(p *output.Page) {
	kind := map[verb.WatchKind]string{
		verb.WatchData: "DataWatchRemoved", verb.WatchChildren: "ChildWatchRemoved",
		verb.WatchPersistent: "PersistentWatchRemoved",
		verb.WatchRecursive:  "PersistentWatchRemoved",
	}[r.kind]
	p.Line("\nWATCHER::")
	p.Line("\nWatchedEvent state:SyncConnected type:", kind, " path:", p.Name(r.path), " zxid: -1")
}
