// Package watch remembers who wants to hear of which path, and says whom a change concerns.
//
// A watch is keyed by path, because the node may not exist, and belongs to a connection: it dies
// with it. There are two tables, as in ZooKeeper: data watches (getData, exists, addWatch) and
// child watches (getChildren, addWatch persistent).
//
//	                standard           persistent           recursive
//	data table      getData, exists    addWatch             addWatch
//	child table     getChildren        addWatch             never
//
// A standard watch is gone when it fires; the other modes stay. A recursive watch hears of every
// node at or below its path, but of no NodeChildrenChanged. A watcher that has several modes at a
// path, or above it, gets one event.
//
// The Manager has its own mutex, taken inside the tree's lock: watches are added under the read
// lock (so that no change falls between a read and the watch that belongs to it), fire under the
// write lock, and are dropped by any goroutine. Between the moment at which the watchers of an
// event are found and that at which they are told the lock is free; a Moment says when it is over.
//
// Read manager.go, then table.go and walk.go.
package watch
