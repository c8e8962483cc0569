package server

import (
	"sync"

	"quoll/processor/lane"
)

// gate is what the lanes may do. The core changes it with the server's role, until the server
// stops.
type gate struct {
	lane.Serving
	mu      sync.Mutex
	closed  bool          // for good; guarded by mu
	stopped chan struct{} // closed when the server is asked to stop, or fails
}

// open changes what the lanes may do. It does nothing when the server stops.
func (g *gate) open(now lane.Service) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.closed {
		g.Store(now)
	}
}

// shut ends all service for good.
func (g *gate) shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.closed {
		g.closed = true
		g.Store(lane.NoService)
		close(g.stopped)
	}
}
