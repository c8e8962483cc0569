// Package cache keeps a copy of nodes in memory, and keeps it up to date.
//
//	t, err := cache.OpenTree(ctx, c, "/config", cache.TreeOptions{})   // filled when it returns
//	node, ok := t.Get("/config/color")                                // no request
//
// A Tree is a node and all below it, by one recursive watch. A Node is one node, by one-shot
// watches, so it works with servers of every version.
//
//	events --> Tree.keep: reads what has changed --> copy --> Get, All
//	                                                  |
//	                                                  +--> log of changed paths --> Changes
//
// What is in a copy was in the tree of the server at some moment, and a path never goes back to an
// older state. Two paths may be of two moments. Stale says whether the copy may be old for another
// reason than that an event is on its way.
//
// Each Tree and each Node has one goroutine, from Open to Close or the end of the client. It alone
// changes the copy. Whoever reads Changes has no goroutine and no buffer: it keeps which state of
// each path it has seen, and a reader that is slow gets the difference.
//
// Read tree.go, keep.go (the goroutine), changes.go, node.go, stale.go.
package cache
