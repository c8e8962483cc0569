package ledger

import (
	"fmt"

	"quoll/internal/sim/history"
	"quoll/jute"
)

// operation is one of a disk: what the log, or an epoch, is when it is done.
type operation struct {
	log               *entry // nil: the operation changes an epoch
	accepted, current int64  // 0: not this one
}

// epochs are the promises of a node.
type epochs struct {
	accepted, current int64 // durable
}

// found is what a start found.
type found struct {
	history.Recovery
	log       *entry
	committed *entry // then
}

// Cut: a node asks its disk to cut its log to a zxid.
func (l *Ledger) Cut(number int, z jute.Zxid) error {
	n, e := l.node(number), l.at(z)
	switch {
	case e == nil || !n.last.over(e):
		return fmt.Errorf("I-4: node %d cuts its log to %v, which it does not have in front of %v",
			number, z, n.last.zxid)
	case l.committed.over(e) && l.committed != e && n.last.over(l.up(e)):
		return fmt.Errorf("I-2: node %d cuts its log to %v, and %v is committed", number, z,
			l.committed.zxid)
	}
	n.last = e
	n.pending = append(n.pending, operation{log: e})
	return nil
}

// up is the committed transaction right behind a committed one.
func (l *Ledger) up(e *entry) *entry { return l.committed.up(e.depth + 1) }

// Install: a node asks its disk to replace its log by a snapshot.
func (l *Ledger) Install(number int, z jute.Zxid) error {
	n, e := l.node(number), l.at(z)
	if e == nil {
		return fmt.Errorf("I-3: node %d installs a snapshot of %v, which nobody proposed", number,
			z)
	}
	n.last = e
	n.pending = append(n.pending, operation{log: e})
	return nil
}

// Promise: a node asks its disk for an epoch, the accepted one or the current one; the other is 0.
func (l *Ledger) Promise(number int, accepted, current int64) error {
	n := l.node(number)
	now := n.epochs
	for _, o := range n.pending {
		now.accepted, now.current = max(now.accepted, o.accepted), max(now.current, o.current)
	}
	if accepted > 0 && accepted < now.accepted || current > 0 && current < now.current {
		return fmt.Errorf("I-10: node %d has promised %+v, and now promises %d, %d", number, now,
			accepted, current)
	}
	n.pending = append(n.pending, operation{accepted: accepted, current: current})
	return nil
}

// Other: a node asks its disk for an operation that changes nothing here.
func (l *Ledger) Other(number int) {
	n := l.node(number)
	n.pending = append(n.pending, operation{log: n.last})
}

// Settled: the first operations that wait at a node are durable.
func (l *Ledger) Settled(number, operations int) error {
	n := l.node(number)
	for _, o := range n.pending[:operations] {
		n.settle(o)
		if !l.Quorum(l.committed.disks) {
			return fmt.Errorf("I-8: %v is committed; now that node %d has %v, only the nodes %b "+
				"have it on disk", l.committed.zxid, number, n.durable.zxid, l.committed.disks)
		}
	}
	n.pending = n.pending[operations:]
	return nil
}

func (n *log) settle(o operation) {
	if o.log != nil {
		n.moveTo(o.log)
		return
	}
	n.accepted, n.current = max(n.accepted, o.accepted), max(n.current, o.current)
}

// moveTo says what the disk has.
func (n *log) moveTo(e *entry) {
	if !e.over(n.durable) {
		n.durable.unmark(n.bit, fork(e, n.durable))
	}
	n.durable = e
	e.mark(n.bit)
}

// Recovered: a start of a node has found its log, r.Zxid, and its epochs.
func (l *Ledger) Recovered(r history.Recovery, accepted, current int64) error {
	n, e := l.node(r.Node), l.at(r.Zxid)
	if e == nil {
		return fmt.Errorf("I-12: node %d recovered to %v, which nobody proposed", r.Node, r.Zxid)
	}
	was := epochs{accepted: n.accepted, current: n.current}
	ok := e == n.durable
	for _, o := range n.pending {
		n.settleEpochs(o, accepted, current)
		ok = ok || o.log == e
	}
	if !ok {
		return fmt.Errorf("I-12: node %d recovered to %v; %v was durable, and %d operations behind",
			r.Node, r.Zxid, n.durable.zxid, len(n.pending))
	}
	if accepted < n.accepted || current < n.current {
		return fmt.Errorf("I-10: node %d finds the epochs %d, %d, and had %+v", r.Node, accepted,
			current, was)
	}
	n.accepted, n.current = accepted, current
	r.Shown, r.Durable = l.shown(), n.durable.zxid
	if !e.over(n.durable) {
		r.Durable = e.zxid // it was cut
	}
	l.unused += max(0, n.last.depth-e.depth)
	if l.Alone {
		l.forget(n.last, e)
		e.digested = e.digested && len(r.Orphans) == 0
	}
	n.moveTo(e)
	n.last, n.serves, n.pending = e, false, nil
	l.recovered = append(l.recovered, found{r, e, l.committed})
	return nil
}

// forget lets the zxids of a path be given again.
func (l *Ledger) forget(last, left *entry) {
	for ; last != left; last = last.parent {
		delete(l.byZxid, last.zxid)
		if epoch := last.zxid.Epoch(); epoch > left.zxid.Epoch() {
			delete(l.reigns, epoch)
		}
		l.forgotten = append(l.forgotten, last.Txn)
	}
}

// settleEpochs takes a promise that was asked for, if a start shows that the disk has it.
func (n *log) settleEpochs(o operation, accepted, current int64) {
	if o.accepted > 0 && o.accepted <= accepted {
		n.accepted = max(n.accepted, o.accepted)
	}
	if o.current > 0 && o.current <= current {
		n.current = max(n.current, o.current)
	}
}
