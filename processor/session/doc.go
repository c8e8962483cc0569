// Package session keeps the table of sessions: which ones live, how long yet, and on which
// connection.
//
//	deadline of a session = round up to the next tick ( last heard + timeout )
//
//	bucket  ... |  t  | t+tick | t+2 tick | ...        one bucket a tick
//	            [s1,s4]  [s2]      [s3]                sessions whose deadline it was
//
// A loop notes that it heard from a session by one store into the session's Heard. Nothing else
// happens until the session's bucket falls due: only then is Heard looked at, and the session
// moves on to its new bucket or expires. So a touch costs a store, and a session costs work once
// per timeout.
//
// Time comes in through Tick. The table's clock stands still while the process does: a tick that
// comes late by more than a tick length extends every deadline by the excess, because the clients
// could not be heard meanwhile. A sign of life may be told after such a pause and be older than it:
// its byte was found in a socket that was not read from (pauses.go).
//
// Which server ends which sessions (role.go):
//
//	              local sessions    global sessions
//	leader, alone yes               yes; learners tell by Touch whom they have heard
//	learner       yes               no; the leader hears of those that AppendHeard lists
//
// A global session is one that a createSession made known to every server. At a leader its owner is
// a connection of the leader's, or the link of the learner that has the connection. A learner knows
// only the owners of its own connections, and asks the leader when a client comes back
// (REVALIDATE). A link that is gone stays the owner, as in Apache, so that no late request of an
// older link can take the session: the client asks for it again, wherever it comes back. That a
// session was heard counts from any learner; its timeout is its owner's, unless that one is gone.
//
// Invariants: an id is never given twice while it is in the table; a closing session is never
// touched again; a session that was heard less than its timeout ago is never expired; nothing that
// a caller sees depends on the order of a map.
//
// The table belongs to one goroutine at a time, the core; only Heard is shared. Read table.go, then
// buckets.go, role.go, pauses.go, walk.go and password.go.
package session
