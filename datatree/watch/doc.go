// Package watch remembers which connections watch which paths, and finds those that a change
// concerns.
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
// The Manager has its own mutex, taken inside the tree's lock. Watches are added under the read
// lock (so that no change falls between a read and the watch that belongs to it), fire under the
// write lock, and are dropped by any goroutine. The watchers of an event are found in one step and
// told in a later one. The mutex is free in between; a Moment says whether they have been told.
//
// Read manager.go, then table.go and walk.go.
package watch
