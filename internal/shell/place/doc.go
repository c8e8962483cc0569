// Package place is where verbs read whole trees, and write them: a node of the verb's server, of
// the server of a context, or a file of an export.
//
//	/app            a node; in the shell it may be relative
//	prod-eu:/app    a node, by a connection of its own to the servers of a context
//	file:app.jsonl  a file
//
// Read place.go, then nodes.go (its nodes), pairs.go (two trees side by side), writer.go (many
// writes on their way at a time) and sequence.go.
package place
