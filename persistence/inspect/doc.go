// Package inspect prints log and snapshot files, Apache's and ours, without a server. `quoll log`
// and `quoll snapshot` use it.
//
//	Log, LogDir       transactions one by one, or a verdict on a file or a whole directory
//	Snapshot          its nodes, sessions and ACLs
//	Diff              the differences between two snapshots
//	Summary           how many nodes and bytes are below each node
//
// Nothing is changed on disk. Every result is a list of text lines or of JSON objects, one for each
// thing, in an order that depends on the files alone. Records print through their Fields method, so
// that a new field of the wire format is printed here too without a change.
//
// Read printer.go (text and JSON) and logfile.go (one log), then log.go, snapshot.go, tree.go (diff
// and summary).
package inspect
