package history

import (
	"cmp"
	"slices"

	"quoll/jute"
)

// Log is transactions in the order of their zxids. Within an epoch none is missing. Between epochs
// are holes, where transactions of an earlier leader did not survive.
type Log []Txn

// Last is the zxid of its last transaction, 0 when it has none.
func (l Log) Last() jute.Zxid {
	if len(l) == 0 {
		return 0
	}
	return l[len(l)-1].Entry.Header.Zxid
}

// Find is the place of a zxid: that of its transaction if the log has it, else that of the first
// one behind it.
func (l Log) Find(zxid jute.Zxid) (i int, has bool) {
	return slices.BinarySearchFunc(l, zxid, func(t Txn, z jute.Zxid) int {
		return cmp.Compare(t.Entry.Header.Zxid, z)
	})
}

// At is the transaction of a zxid, nil when the log does not have it.
func (l Log) At(zxid jute.Zxid) *Txn {
	if i, has := l.Find(zxid); has {
		return &l[i]
	}
	return nil
}

// UpTo is the log up to a zxid. Appending to it does not change the log.
func (l Log) UpTo(zxid jute.Zxid) Log {
	i, has := l.Find(zxid)
	if has {
		i++
	}
	return l[:i:i]
}

// Follows says whether a transaction may stand behind another one: it is the next of its epoch, or
// the first of a later one, whose counter is that behind front.
func Follows(zxid, last jute.Zxid, front uint32) bool {
	return zxid == last+1 && zxid.Epoch() == last.Epoch() ||
		zxid.Epoch() > last.Epoch() && zxid.Counter() == front+1
}
