// Package search has the verbs that look through a tree: tree, find, grep. They read and write node
// by node, in the order of package walk, so that memory does not grow with the tree.
//
// Read tree.go, then find.go with tests.go (what find asks of a node), then grep.go.
package search
