// Package store keeps znodes: it finds them by path and knows parents, names, data and children.
// It knows nothing of transactions, sessions, watches or digests.
//
// A million nodes are a million records in a few hundred slices without pointers, so that the
// garbage collector has nothing to look at:
//
//	            index                       Node, 88 bytes
//	path ---> sub-table --> [tag|id] ---> +----------------------------+
//	          hash of the full path       | stat, owner, ACL, digest   |
//	                                      | parent  id                 |
//	                                      | below   number of nodes    |
//	            cell, a size class        | place   in parent's kids   |
//	          [n][name][n][data] <------- | cell                       |
//	            run of ids, a size class  |                            |
//	          [count][id][id].. <-------- | kids                       |
//	                                      +----------------------------+
//
// Everything is addressed by numbers: a Node by its ID, a cell or run by a handle that has its size
// class in the high bits. Freed slots are chained through themselves and given again.
//
// Invariants:
//   - Nothing that one change does grows with the number of nodes: sub-tables grow one at a time,
//     chunks are added and not moved (but for the first of each slab, while it is small), and the
//     children of a node with more than a thousand lie in pages.
//   - A node's path is its name behind the names of the nodes above it: the index holds a hash and
//     an id, and a hit is compared name by name.
//   - A free slot has no cell; a live one has.
//
// A node is named by an ID, which is given again after the node is removed. The tree decides who
// calls what at the same time: one writer alone, or any number of readers. The results of Name,
// Data and Children alias the store until the next change; a *Node is valid until the next Add.
//
// Read in this order: store.go, content.go, cell.go, kids.go, slab.go, index.go.
package store
