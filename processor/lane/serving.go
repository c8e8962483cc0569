package lane

import "sync/atomic"

// Service is what a server does for clients.
type Service uint32

// The services.
const (
	NoService Service = iota // it takes no sessions
	ReadOnly                 // only reads, for clients that accept a read-only server
	ReadWrite                // everything
)

// Serving is the service that a server gives now. Whatever knows the server's role stores it; lanes
// and words load it. The zero Serving is NoService.
type Serving struct{ service atomic.Uint32 }

// Load is the service of now.
func (s *Serving) Load() Service { return Service(s.service.Load()) }

// Store changes the service. Open connections are not told of it: the caller closes them.
func (s *Serving) Store(now Service) { s.service.Store(uint32(now)) }
