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
//	Give --> queue --> writer --> socket --> reader --> Cutter --> events
//	                   |   ^                   |  ^                  |
//	                   |   Writer              v  |                  |
//	                   |                      Reader                 |
//	                   +---------------- Wrote --------------------->+--> Config.Sink
//
// # Streams
//
// A message may be followed by a stream, which has no length in front: StreamCutter says so. The
// reader stops behind that message, and somebody else has the reading side as a Reader. The
// Reader begins with what was read ahead, and gives back what it read too much:
//
//	... | message | message | stream ......................... | message | message ...
//	    |  the reader       |  Reader                                |  the reader
//	                        |<- read ahead ->|                 |<--->| read too much
//
// In the other direction a Writer has its place in the queue. Its bytes leave when everything in
// front of it has left.
//
// # Invariants
//
// The events of one connection come one after the other, first Connected or Accepted, last Closed,
// once. What is given leaves in order, up to 256 KiB in one write. What is read is never more than
// twice the message that is being read, and a message never longer than Config.MaxMessage. What
// waits to be sent is never more than Config.QueueBytes, except a single message that is longer.
//
// GiveNow writes to the socket itself, on its caller's goroutine and under the connection's mutex,
// but only while the queue is empty and the writer idle.
//
// Goroutines: one a listener, one a port that is in use, one a dial, and of a connection two, the
// reader and the writer. The reader owns the socket's reading side and reports the end; the writer
// owns the writing side. Stop waits for all of them.
//
// Read transport.go and listen.go, then conn.go (the reader), send.go (the writer) and stream.go;
// now_unix.go and now_other.go, unacked_linux.go and unacked_other.go are what the kernel is asked.
package transport
