// Package group is a list of those who are there: each member has an ephemeral node with its id and
// its data.
//
//	m, err := group.Join(ctx, c, "/groups/workers", "host-7", []byte("10.0.0.7:8080"))
//	...
//	for view, err := range group.Watch(ctx, c, "/groups/workers") { ... }
//
// A member stays one over lost connections and sessions: after a session is lost it is missing
// until the client has a new one, and then joins again by itself.
//
// The goroutine of a Member is in client/recipes/internal/keep.
//
// Read member.go, view.go.
package group
