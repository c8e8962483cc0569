// Package quorum is a server's part in an ensemble: which role it plays, what it proposes, and
// what is committed.
//
// A transaction is committed when a quorum has it on disk. A standalone server is a leader whose
// quorum is itself: for it that means its own log (Solo). The ensemble's rooms stand beside this
// one when they come: election, zab, config and transport.
//
// Nothing here has goroutines, clocks, sockets or files. What is to be done outside is in Effects,
// whose fields state in which order. What must happen on disk in order is numbered by tickets.
//
// Read disk.go (what is asked of the disk), solo.go and tickets.go (which transaction a ticket is).
package quorum
