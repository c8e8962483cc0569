// Package snapshotting writes one snapshot of a tree while the server goes on changing the tree:
// into the own directory, or as a stream to a learner.
//
//	a file     create it      | sessions, ACLs | nodes, some a step | trailer, name
//	a stream   SNAP packet    | sessions, ACLs | nodes, some a step | signature
//	           zxid of the job
//
// The tree changes between two steps, so the snapshot is fuzzy: every transaction above the job's
// zxid is replayed on it. The trailer names the last transaction that the walk can have seen. A
// file gets its name only when the own log has that transaction on disk: a fuzzy snapshot without
// its log is of no use, and in an ensemble the tree may be ahead of the log. A stream has no
// trailer: its learner gets the transactions behind it.
//
// When a Walk fails, it ends the tree's walk and removes its file. Nothing is lost by that, because
// the log has every transaction. A file that is to be installed keeps its temporary name.
//
// The package has no goroutine and no clock. internal/server calls Walk.Step on a walker's
// goroutine, internal/sim calls it on its agenda.
//
// Read walk.go, then target.go.
package snapshotting
