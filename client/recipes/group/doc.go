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
// Each Member has one goroutine, from Join to Leave or the end of the client. It alone makes and
// changes the node.
//
// Read member.go, keep.go (the goroutine), view.go.
package group
