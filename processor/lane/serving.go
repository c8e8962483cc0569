package lane

import "sync/atomic"

// Service is what a server does for clients.
type Service uint32

// The services.
const (
	NoService Service = iota // it takes no sessions
	ReadOnly                 // reads, for clients that have said that this will do
	ReadWrite                // everything
)

// Serving is the service that a server gives now. Who knows the server's role stores it; lanes and
// words load it. The zero Serving is NoService.
type Serving struct{ service atomic.Uint32 }

// Load is the service of now.
func (s *Serving) Load() Service { return Service(s.service.Load()) }

// Store changes the service. Connections that are open are not told: who changes it closes them.
func (s *Serving) Store(now Service) { s.service.Store(uint32(now)) }
