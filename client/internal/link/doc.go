// Package link is one connection of a client to one server: it dials, shakes hands, writes the
// calls of a queue and gives them their replies. When it breaks, it is done: another link takes its
// place.
//
//	            writer                                reader
//	queue ----> [ control | calls ] --> socket --> reply   --> queue, Heard
//	keeper ---> control: auth, setWatches, ping     event   --> Events
//	            closeSession                        the end --> Gone
//
// What is pushed as control goes ahead of the calls that were not written yet. So the credentials
// and watches of a new connection are there before any request, and a ping does not wait behind
// large writes.
//
// Before it writes, the writer lets other goroutines run for a few turns, if there is more than one
// caller: a write costs more than all the rest of a call, and callers that were answered together
// ask again together. For those whose writes were answered together it waits (meeting.go).
//
// Invariants:
//   - A call is taken from the queue only by the writer of the one link that there is.
//   - When Gone is closed, both goroutines have ended, and Err says why.
//   - Heard and LastZxid only grow.
//
// The writer owns the output buffer, the reader owns the input and everything that follows from a
// reply. Control has a mutex.
//
// Read dial.go and sasl.go, then link.go (what the keeper does), writer.go, meeting.go and
// reader.go.
package link
