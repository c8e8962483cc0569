// Package restore brings a tree and its sessions back from what is on disk.
//
//	persistence.Dir.Recover --> loader: snapshot, then every transaction above it
//	                                |
//	                 tree, sessions --> a server alone: ephemerals without a session go (orphans)
//
// What the tree is then is what the files say. Whether orphans end and a snapshot is written before
// anything else depends on the role, and is the caller's decision. The end of orphans has no
// transaction, as in Apache: a snapshot must hold it before anything else is logged, or a later
// replay meets a tree that the log's digests do not fit. Found.NeedsSnapshot says so.
//
// Read restore.go, then loader.go.
package restore
