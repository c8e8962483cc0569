// Package machine decides what becomes of a client's calls, watches and session when something
// happens to its connection. It is pure: events and instants come in, a Verdict comes out, and the
// caller carries it out.
//
//	              Attached                     Broken
//	Connecting ------------> Connected   <-------------> Suspended
//	     ^                   or ReadOnly     Attached        |
//	     |  (new session)        |                           |
//	     +------- Expired <------+---------------------------+      server: expired
//	              AuthFailed <---+                                  auth refused, final
//	              Closed     <--- from anywhere                     Close, final
//
// A Verdict has one field for each column of the table in docs/client.md: the next state, calls not
// sent, reads sent, writes sent, watches, lease. A test of this package goes through that table row
// by row.
//
// Lease is the client's own view of its session: until when it may surely believe that the server
// has not expired it. It counts from the sending of a request, never from the arrival of a reply.
//
// One goroutine of the client, the keeper, owns both values.
//
// Read machine.go (states, events, the table), then lease.go.
package machine
