// Package journal keeps the changes that Prep has decided on and Final has not applied yet
// (outstandingChanges): it knows what the tree will be when all of them are applied. A check looks
// here first, and at the tree for the rest.
//
//	queue   [z5 /a] [z5 /a/b] [z6 /a] [z7 /c]     in zxid order; applied ones leave at the front
//	byPath  /a -> [z6 /a]  /a/b -> [z5 /a/b]  /c -> [z7 /c]
//	owned   session -> [z5 /a/b]                  the ephemerals among them, for closeSession
//	closing session                               its ephemerals in the tree are gone: close.go
//
// It also knows digests in advance: a change has the digest that the whole tree will have after it
// and all changes before it.
//
// Invariants: byPath holds the newest change of each path in queue. owned holds the changes that
// leave an ephemeral behind, in the order of queue. A change that is undone, or applied, is in none
// of them.
//
// A Journal belongs to one goroutine at a time, the core, which is the tree's one writer too.
//
// Read journal.go, then close.go.
package journal
