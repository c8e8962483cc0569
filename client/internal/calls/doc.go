// Package calls keeps the requests of a client in order, from the moment they are made until they
// are answered or known to have no answer. It lives over connections.
//
//	callers               writer                 reader
//	Enqueue               Take                   Match, Complete
//	   |                    |                      |
//	   v                    v                      v
//	[ unsent ... ] --> [ sent, in wire order ] --> done
//	        ^                    |
//	        +---- Return --------+   not one byte was written, or a read is sent again
//
// A call has its whole frame in memory of its own, so that it can be sent again, and so that its
// caller may leave at any time and use its arguments for something else. Calls are used again; in a
// steady state making one allocates nothing.
//
// Invariants:
//   - unsent calls are in the order in which they were made. sent calls are in the order of their
//     frames on the wire; replies match them from the front, but for those of auth.
//   - A write is in sent at most once. It never goes back from there unless no byte was written.
//   - Every call is completed exactly once. One whose caller has left is thrown away instead.
//   - Calls in unsent and sent count against the limits of the queue, until they are completed.
//
// Everything is behind the mutex of the Queue. The writer and the reader are those of the one
// connection that there is; when neither runs, the keeper of the client may call Settle.
//
// Read call.go, then queue.go (callers), wire.go (writer and reader), settle.go (the keeper),
// room.go (limits) and company.go (callers that ask together).
package calls
