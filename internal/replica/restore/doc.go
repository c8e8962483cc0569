// Package restore brings a tree and its sessions back from what is on disk.
//
//	persistence.Dir.Recover --> loader: snapshot, then every transaction above it
//	                                |
//	                 tree, sessions --> a server alone: ephemerals without a session go (orphans)
//
// A member of an ensemble keeps the last transactions that it read (Tail), for its learners. When
// its leader has cut its history, it reads its files again while it runs, into a tree beside the
// served one (Load).
//
// The restored tree holds exactly what the files say. Two more steps depend on the role, so the
// caller decides on them: ending orphans, and writing a snapshot before anything else is logged. As
// in Apache no transaction records the end of orphans. So a snapshot must hold the tree without
// them before anything is logged: otherwise a later replay would start from a tree that the log's
// digests do not fit. Found.NeedsSnapshot says when a snapshot is necessary.
//
// Read restore.go, loader.go, tail.go, then load.go.
package restore
