// Package tree reads what a client can see of a server's tree, and compares two readings: the way
// to say that one server has a directory's tree as another had it.
//
// Read tree.go.
package tree
