// Package node keeps nodes in being.
//
//	n, err := node.Persistent(ctx, c, "/status/host-7", []byte("up"), node.Ephemeral())
//	...
//	err = n.Update(ctx, []byte("busy"))
//
// A node that is kept is made again after a lost session, and when somebody has deleted it.
//
// The goroutine of a Node is in client/recipes/internal/keep.
//
// Read node.go.
package node
