// Package model says what a ZooKeeper server must answer, in the simplest way that can be read:
// a map of paths, requests carried out one after the other in the order of their zxids, no
// journal, no batches, no locks, no speed. The checker of internal/sim replays whole histories on
// it and compares every byte.
//
//	request, zxid, time --> Write --> code, body of the reply, events of each connection
//	request             --> Read  --> code, body of the reply, watches set
//
// There are two trees, because there are two levels to check. The tree of this package takes
// requests: it knows rights, versions, quotas and who asks, and decides the outcome of a request.
// The tree of package applied takes transactions, which were decided elsewhere, some of them twice
// (a replay over a snapshot that was taken meanwhile): it knows the keys of ACLs and the sizes that
// a server reports. What both must know of a znode is written once: facts.go and watch.go.
//
// The model shares nothing with the rooms that it judges but jute, which reads and writes bytes.
// Where the order of a list is open, Canonical sorts it.
//
// The model belongs to one goroutine. Read facts.go, watch.go, tree.go, access.go, write.go,
// quota.go, multi.go and read.go.
package model
