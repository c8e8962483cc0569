package ledger

import (
	"quoll/internal/sim/history"
	"quoll/jute"
)

// entry is a transaction at its one place.
type entry struct {
	history.Txn
	zxid   jute.Zxid
	parent *entry
	depth  int
	disks  uint64 // the nodes that have it on disk, one bit each

	digested bool // some node's tree has shown it
	digest   uint64
}

// over says whether e is other, or stands somewhere behind it.
func (e *entry) over(other *entry) bool {
	for e.depth > other.depth {
		e = e.parent
	}
	return e == other
}

// fork is the last entry that two paths have in common.
func fork(a, b *entry) *entry {
	for a != b {
		if a.depth < b.depth {
			a, b = b, a
		}
		a = a.parent
	}
	return a
}

// up is the entry of the path that ends with e whose depth is d.
func (e *entry) up(d int) *entry {
	for e.depth > d {
		e = e.parent
	}
	return e
}

// path is the transactions behind from, up to e.
func (e *entry) path(from *entry) history.Log {
	log := make(history.Log, e.depth-from.depth)
	for i := len(log) - 1; i >= 0; i-- {
		log[i] = e.Txn
		e = e.parent
	}
	return log
}

// mark notes that a node has the path up to e on disk.
func (e *entry) mark(bit uint64) {
	for ; e != nil && e.disks&bit == 0; e = e.parent {
		e.disks |= bit
	}
}

// unmark notes that a node has nothing of the path behind left on disk.
func (e *entry) unmark(bit uint64, left *entry) {
	for ; e != left; e = e.parent {
		e.disks &^= bit
	}
}
