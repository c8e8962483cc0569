// Package inspect looks into log and snapshot files, Apache's and ours, without a server: what
// `quoll log` and `quoll snapshot` print.
//
//	Log, LogDir       transactions one by one, or a verdict on a file or a whole directory
//	Snapshot          its nodes, sessions and ACLs
//	Diff              what differs between two snapshots
//	Summary           how many nodes and bytes are below each node
//
// Nothing is changed on disk. Every result has one text line or one JSON object a thing, in an
// order that depends on the files alone. Records print through their Fields method, so that a
// field exists here as soon as it exists on the wire.
//
// Read printer.go (text and JSON) and logfile.go (one log), then log.go, snapshot.go, tree.go (diff
// and summary).
package inspect
