// Package inbox gathers the events of a replica until its next step.
//
// Lanes submit requests, the log writer and the jobs report, the sockets of the ensemble tell what
// happens, clocks tick. The core takes all these events at once. A ticket says that everything up
// to it is durable, so of two reports of the log writer only the higher one is kept. All else is
// kept, each kind in the order of its arrival.
//
// An Inbox has no lock and wakes nobody: internal/server/stepper puts a mutex around it and a
// signal beside it, internal/sim calls it from one goroutine.
//
// Read inbox.go.
package inbox
