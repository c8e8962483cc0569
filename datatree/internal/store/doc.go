// Package store keeps znodes: it finds them by path and knows parents, names, data and children.
// It knows nothing of transactions, sessions, watches or digests.
//
// A node is named by an ID, which is given again after the node is removed. Who may call what at
// the same time is the tree's business: one writer alone, or any number of readers.
package store
