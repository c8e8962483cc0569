package ledger

import (
	"fmt"

	"quoll/jute"
)

// reign is an epoch that has a leader.
type reign struct {
	node  int
	base  *entry // the end of its log when it began
	stood bool   // a quorum has acknowledged it
}

// Leads: a node has the promise of a quorum for an epoch, and makes its log that of the epoch.
func (l *Ledger) Leads(number int, epoch int64) error {
	if r, ok := l.reigns[epoch]; ok {
		if r.node != number {
			return fmt.Errorf("I-1: nodes %d and %d lead epoch %d", r.node, number, epoch)
		}
		return nil
	}
	l.reigns[epoch] = reign{node: number, base: l.node(number).last}
	return nil
}

// Reigns: the reign of a node stands: a quorum has its history on disk. It may do so late, when a
// later reign stands already: a leader that stood still finds the old acknowledgements in its
// sockets. It has what was committed before its own epoch, and commits nothing more.
func (l *Ledger) Reigns(number int, epoch int64) error {
	r, ok := l.reigns[epoch]
	switch {
	case !ok || r.node != number:
		return fmt.Errorf("I-1: node %d reigns in epoch %d, and does not lead it", number, epoch)
	case r.stood:
		return nil
	}
	before := l.committed // the begin of all is before every epoch
	for before.parent != nil && before.zxid.Epoch() >= epoch {
		before = before.parent
	}
	if !r.base.over(before) {
		return fmt.Errorf("I-7: node %d reigns in epoch %d from %v on, without %v, which is "+
			"committed", number, epoch, r.base.zxid, before.zxid)
	}
	r.stood = true
	l.reigns[epoch] = r
	return l.commit(number, r.base)
}

// Acked: a node acknowledges to its leader that a transaction is on its disk. With counter 0 it
// acknowledges the beginning of the epoch, and all in front of it.
func (l *Ledger) Acked(number int, z jute.Zxid) error {
	n := l.node(number)
	if z.Counter() > 0 {
		if e := l.byZxid[z]; e == nil || !n.durable.over(e) {
			return fmt.Errorf("I-9: node %d acknowledges %v, and has %v on disk", number, z,
				n.durable.zxid)
		}
		return nil
	}
	r, ok := l.reigns[z.Epoch()]
	if !ok || !n.durable.over(r.base) || n.current < z.Epoch() {
		return fmt.Errorf("I-9: node %d acknowledges epoch %d, and has %v and epoch %d on disk",
			number, z.Epoch(), n.durable.zxid, n.current)
	}
	return nil
}

// Promised: a node tells a leader that it follows no older one, or what it has.
func (l *Ledger) Promised(number int, epoch int64, current int64, last jute.Zxid) error {
	n := l.node(number)
	if n.accepted < epoch || n.current < current || last > n.durable.zxid && !l.isAt(n, last) {
		return fmt.Errorf("I-9, I-11: node %d says epochs %d, %d, last %v; its disk has %d, %d, %v",
			number, epoch, current, last, n.accepted, n.current, n.durable.zxid)
	}
	return nil
}

// isAt says whether the zxid of a reign's beginning names the end of what a node has on disk.
func (l *Ledger) isAt(n *log, z jute.Zxid) bool {
	e := l.at(z)
	return l.begins(z) && e != nil && n.durable.over(e)
}

// Voted: a node votes for itself.
func (l *Ledger) Voted(number int, z jute.Zxid, epoch int64) error {
	n := l.node(number)
	if z > n.durable.zxid && !l.isAt(n, z) || epoch > n.current {
		return fmt.Errorf("I-11: node %d votes for itself with %v of epoch %d; its disk has %v, %d",
			number, z, epoch, n.durable.zxid, n.current)
	}
	return nil
}

// shown is the newest place that clients can have seen: that of the last committed transaction, or
// the beginning of a reign behind it.
func (l *Ledger) shown() jute.Zxid {
	z := l.committed.zxid
	for epoch, r := range l.reigns { // order-free: the largest is taken
		if r.stood {
			z = max(z, jute.Zxid(epoch<<32)+jute.Zxid(l.Front))
		}
	}
	return z
}
