// Package walk goes through a tree in order: a node, then its children sorted by name, each with
// all that is below it. Reads are sent ahead, so that it is not a round trip a node.
//
// Read walk.go.
package walk
