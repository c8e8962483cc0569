// Package tap stands between the members of an ensemble: a proxy before a quorum port that knows
// the packets that go through it, writes them down, and lets a test act at any of them.
//
//	learner -- bytes --> Tap -- bytes --> leader's quorum port
//	                      | each packet, before it is handed on: Hook, a line of Trace
//	        <-- bytes --      <-- bytes --
//
// A connection waits a little for a leader that does not listen yet, as one over a slow network
// would. Behind a SNAP packet nothing is known until the stream's signature has gone by.
//
// Two goroutines a connection, one a direction; a mutex guards Trace, and Hook is called by both.
//
// Read tap.go, then packets.go.
package tap
