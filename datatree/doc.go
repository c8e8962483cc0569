// Package datatree is ZooKeeper's tree of znodes in memory: transactions change it, reads copy out
// of it, snapshots walk it. It checks nothing: what a transaction says was decided by Prep.
//
// One goroutine, the writer, calls Lock, Apply or Replay, Unlock. Everybody else reads through a
// View: Read takes the read lock, Release gives it back, and a Ref lives as long as the View that
// found it. The writer itself may Peek without a lock, because nobody else changes the tree.
// Nothing that a View returns aliases the tree; ACLs are interned and never change.
//
//	        Lock                              Unlock
//	writer   |--Apply--Apply--Apply--Apply------|      Peek: no lock
//	              |
//	              +- node, index, counters
//	              +- quota stats of the longest prefix with a quota
//	              +- tree digest: minus the node as it was, plus as it is
//	              +- watches: Sink.Deliver, in order
//	loops    .......................................Read ... Release
//
// Invariants:
//   - "" and "/" both name the root, which is "" in snapshots and digests.
//   - The tree digest is the sum of the digests of all nodes but those under /zookeeper/.
//   - A parent's pzxid and create counter only go forward, so that replaying transactions over a
//     fuzzy snapshot ends in the same tree.
//   - The last zxid moves after the whole transaction is applied, multi included.
//   - Quota stats are kept by each server for itself, by Apply, never by a transaction.
//   - A tree that is built beside the one in use changes it whole, in one hold of the lock (Adopt):
//     a View shows one of the two, and a walk ends with the one that it began with.
//
// Read in this order: tree.go (what there is), kind.go (what an ephemeral owner means), view.go and
// list.go (reading), apply.go and change.go (transactions), digest.go, quota.go,
// returnable.go (what would end Apache's server), watches.go, owners.go and reap.go (what goes
// without a client's asking), largest.go, load.go and walk.go (snapshots).
// Below it: watch (who wants to hear of what), internal/store (where nodes live), internal/acl
// (interned ACLs), internal/quota (texts and trie).
package datatree
