// Package quorum is a server's part in an ensemble: which role the server has, which transactions
// it proposes, and which ones are committed.
//
// A transaction is committed when a quorum has it on disk. A standalone server is a leader whose
// quorum is the server itself: a transaction in its own log is committed (Solo). The rooms of the
// ensemble are added beside this one: effects, election, zab, config and transport.
//
// Nothing here has goroutines, clocks, sockets or files. The package returns the work for the
// outside as effects.Effects, whose fields state the order.
//
// Read the package effects, then config.go and status.go (what goes in and out), solo.go and
// peer.go.
package quorum
