// Package zab is how the servers of an ensemble agree on one history: the leader and the learner of
// ZooKeeper's broadcast protocol.
//
// Nothing here has goroutines, clocks, sockets or files. Read standing.go (what a server begins
// with) and errors.go (why a role ends); then packets.go and cutter.go (the bytes of the quorum
// port).
package zab
