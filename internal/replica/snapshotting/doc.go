// Package snapshotting writes one snapshot beside a server that goes on writing.
//
//	SnapshotJob --> create the file --> sessions, ACLs --> nodes, some a step --> trailer
//
// The tree changes between two steps, so the snapshot is fuzzy: every transaction above the job's
// zxid is replayed on it. The trailer names the last transaction that the walk can have seen.
// A Walk that fails has ended the tree's walk and removed its file; the log still has everything.
//
// It has no goroutine and no clock: internal/server steps it on a walker's goroutine, internal/sim
// on its agenda.
//
// Read walk.go.
package snapshotting
