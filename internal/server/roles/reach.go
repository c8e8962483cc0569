package roles

import (
	"fmt"
	"maps"
	"slices"
	"sync"

	"quoll/jute"
	"quoll/quorum/election"
)

// reach keeps the last error of each election port that could not be reached. The connections'
// goroutines write it, and the core reads it.
type reach struct {
	mu     sync.Mutex
	errors map[jute.PeerID]error
}

// Dialled takes what became of a connection to an election port. Any goroutine may call it.
func (r *Watch) Dialled(ev *election.LinkEvent) {
	r.reach.mu.Lock()
	defer r.reach.mu.Unlock()
	switch ev.Kind {
	case election.Failed:
		if r.reach.errors == nil {
			r.reach.errors = map[jute.PeerID]error{}
		}
		r.reach.errors[ev.Peer] = ev.Err
	case election.Connected:
		delete(r.reach.errors, ev.Peer)
	}
}

func (r *reach) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.errors)
}

// failures is what the log says of them, and of whom.
func (r *reach) failures() (all []string, of map[jute.PeerID]bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	of = map[jute.PeerID]bool{}
	for _, sid := range slices.Sorted(maps.Keys(r.errors)) {
		all = append(all, fmt.Sprintf("server %d: %v", sid, r.errors[sid]))
		of[sid] = true
	}
	return all, of
}
