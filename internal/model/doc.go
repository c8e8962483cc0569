// Package model says what a ZooKeeper server must answer, in the simplest way that can be read:
// a map of paths, requests carried out one after the other in the order of their zxids, no
// journal, no batches, no locks, no speed. The checker of internal/sim replays whole histories on
// it and compares every byte.
//
//	request, zxid, time --> Write --> code, body of the reply, events of each connection
//	request             --> Read  --> code, body of the reply, watches set
//
// Nothing is shared with the rooms that it judges but jute, which reads and writes bytes. Where the
// order of a list is open, Canonical sorts it.
//
// The model belongs to one goroutine. Read tree.go, access.go, write.go, quota.go, multi.go,
// read.go and watch.go.
package model
