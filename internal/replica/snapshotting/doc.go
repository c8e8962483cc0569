// Package snapshotting writes one snapshot while the server goes on changing the tree.
//
//	SnapshotJob --> create the file --> sessions, ACLs --> nodes, some a step --> trailer
//
// The tree changes between two steps, so the snapshot is fuzzy: every transaction above the job's
// zxid is replayed on it. The trailer names the last transaction that the walk can have seen. When
// a Walk fails, it ends the tree's walk and removes its file. Nothing is lost by that, because the
// log has every transaction.
//
// The package has no goroutine and no clock. internal/server calls Walk.Step on a walker's
// goroutine, internal/sim calls it on its agenda.
//
// Read walk.go.
package snapshotting
