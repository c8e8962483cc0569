// Package restore brings a tree and its sessions back from what is on disk.
//
//	persistence.Dir.Recover --> loader: snapshot, then every transaction above it
//	                                |
//	                 tree, sessions --> a server alone: ephemerals without a session go (orphans)
//
// The restored tree holds exactly what the files say. Two more steps depend on the role, so the
// caller decides on them: ending orphans, and writing a snapshot before anything else is logged. As
// in Apache no transaction records the end of orphans. So a snapshot must hold the tree without
// them before anything is logged: otherwise a later replay would start from a tree that the log's
// digests do not fit. Found.NeedsSnapshot says when a snapshot is necessary.
//
// Read restore.go, then loader.go.
package restore
