// Package door accepts connections, applies the limits of how many there may be, and hands those
// that it lets in to a loop. What a connection says is not its business.
//
//	client ──> Accept ──> admission ──> Loops.Adopt ──> a loop
//	           acceptor   acceptor      adopter            │
//	                         ^                             │ the connection has ended
//	                         └────────── Door.Leave <──────┘
//
// # Invariants
//
// Who is let in is counted, in all and by address, until Leave is called for it, once. A connection
// that no loop took is counted no more, and whoever is not let in is told to Config.Refused.
//
// At the limit of open files some connections are let in as guests, who may ask how the server is,
// and the acceptor takes its time: who is turned away comes back at once. Every other limit is
// refused at once.
//
// Listeners come and go while connections stay. An accept that fails, mostly for want of a
// descriptor, is tried again. After Close no connection is on its way to a loop.
//
// # Goroutines
//
//	acceptor  one a listener, from Open until its listener is closed
//	adopter   one a connection for the moment between accept and its loop, at most 16
//
// Leave is called by the loops, every other method by whoever steers the reactor. One mutex guards
// the listeners and another the counts; neither is taken for a read, a write or a turn.
//
// # Reading order
//
// refusal.go, limits.go (Limits, who is counted and who is a guest), door.go (Door, the acceptor
// and the adopter), bind.go (the listening socket).
package door
