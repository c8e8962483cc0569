// Package inbox gathers what a replica is told until its next step.
//
// Lanes submit requests, the log writer and the walker report, the clock ticks; the core takes all
// of it at once. A ticket says that everything before it is done, so of two reports of the log
// writer the higher one counts. Each job has a generation of its own, and the replica knows which
// it waits for.
//
// An Inbox has no lock and wakes nobody: internal/server puts a mutex around it and a signal
// beside it, internal/sim calls it from one goroutine.
//
// Read inbox.go.
package inbox
