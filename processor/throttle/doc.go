// Package throttle slows clients down before the server breaks.
//
// Two limits are in this package. Others are where they are counted: connections in reactor,
// requests of one connection and of all (globalOutstandingLimit) in a lane.Stream. Share divides
// the latter among the servers of an ensemble.
//
//	Large   bytes of large requests that are inside at once (largeRequestMaxBytes). A request that
//	        does not fit ends its connection.
//	Queue   requests that wait in front of Prep while too many writes are in flight
//	        (request_throttle_max_requests, ZooKeeper's RequestThrottler). They keep their order.
//
// Large is shared by all loops, a Queue belongs to the core.
package throttle
