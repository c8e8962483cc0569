// Package throttle slows clients down before the server breaks.
//
// Two limits live here; others stand where what they count is: connections in reactor, requests of
// one connection and of all (globalOutstandingLimit) in a lane.Stream.
//
//	Large   bytes of large requests that are inside at once (largeRequestMaxBytes). One more that
//	        does not fit costs its connection.
//	Queue   requests that wait in front of Prep while too many writes are in flight
//	        (request_throttle_max_requests, ZooKeeper's RequestThrottler). They keep their order.
//
// Large is shared by all loops, a Queue belongs to the core.
package throttle
