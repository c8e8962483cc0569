// Package transport moves messages between servers: it dials, listens, and carries whole messages
// in both directions. It knows no protocol. What a message is a Cutter says, and what it means
// whoever gets it.
//
//	        Dial                Listen
//	         |                    |
//	      dialling             accepting          1 goroutine each; the hook Wrap, for TLS and
//	         |                    |               SASL, stands before the first byte
//	         +---------+----------+
//	                   v
//	Send --> [one] --> writer --> socket --> reader --> Cutter --> events
//	                   |                                             |
//	                   +---------------- Wrote --------------------->+--> Config.Sink
//
// Invariants: the events of one connection come one after the other, first Connected or Accepted,
// last Closed, once. A message leaves in one write. What is read is never more than twice the
// message that is being read, and a message never longer than Config.MaxMessage.
//
// Goroutines: one a listener, one a dial, and of a connection two, the reader and the writer. The
// reader owns the socket's reading side and reports the end; the writer owns the writing side. Stop
// waits for all of them.
//
// Read transport.go, then conn.go.
package transport
