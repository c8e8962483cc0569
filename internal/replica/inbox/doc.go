// Package inbox gathers what a replica is told until its next step.
//
// Lanes submit requests, the log writer and the walker report, the clock ticks; the core takes all
// of it at once. Completions of two generations never meet in one step: a newer one throws out
// what an older one reported, and what an older one still reports is dropped.
//
// An Inbox has no lock and wakes nobody: internal/server puts a mutex around it and a signal
// beside it, internal/sim calls it from one goroutine.
//
// Read inbox.go.
package inbox
