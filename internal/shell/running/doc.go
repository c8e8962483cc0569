// Package running has the verbs that wait, and run commands: watch, lock, elect.
//
// Read watch.go with events.go, then lock.go with holding.go, then elect.go.
package running
