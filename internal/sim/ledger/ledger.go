package ledger

import (
	"bytes"
	"fmt"

	"quoll/internal/sim/history"
	"quoll/jute"
)

// Config is what a ledger must know of the ensemble.
type Config struct {
	Nodes int // from node 1 on
	// Alone: there is one server and no vote, so that it begins no epoch at a start. It gives the
	// zxids again that a start did not find.
	Alone bool
	Begin jute.Zxid // of every node's first snapshot
	Front uint32    // the counter in front of an epoch's first one
	// Quorum says whether nodes, one bit each from bit 0 for node 1 on, can commit.
	Quorum func(nodes uint64) bool
}

// Ledger knows every log.
type Ledger struct {
	Config
	root      *entry
	byZxid    map[jute.Zxid]*entry
	nodes     []log
	reigns    map[int64]reign
	committed *entry
	recovered []found
	forgotten history.Log // transactions whose zxids may be given again
	unused    int         // transactions that a start no longer had
}

// log is that of one node.
type log struct {
	bit     uint64
	last    *entry // with everything that was asked for
	durable *entry // what the disk is known to have
	serves  bool   // clients see the tree
	pending []operation
	epochs
}

// New begins with nodes whose logs are empty.
func New(c Config) *Ledger {
	root := &entry{zxid: c.Begin}
	root.Entry.Header.Zxid = c.Begin
	l := &Ledger{
		Config: c, root: root, byZxid: map[jute.Zxid]*entry{c.Begin: root},
		reigns: map[int64]reign{}, committed: root,
	}
	for i := range c.Nodes {
		bit := uint64(1) << i
		root.disks |= bit
		l.nodes = append(l.nodes, log{bit: bit, last: root, durable: root})
	}
	return l
}

func (l *Ledger) node(number int) *log { return &l.nodes[number-1] }

// at is the entry up to which a zxid reaches: a reign begins, with counter 0 or Front, where the
// log of its leader ended.
func (l *Ledger) at(z jute.Zxid) *entry {
	if e := l.byZxid[z]; e != nil {
		return e
	}
	if r, ok := l.reigns[z.Epoch()]; ok && l.begins(z) {
		return r.base
	}
	return nil
}

// begins says whether a zxid that no transaction has can be the beginning of a reign.
func (l *Ledger) begins(z jute.Zxid) bool { return z.Counter() == 0 || z.Counter() == l.Front }

// Known says whether a transaction was proposed before.
func (l *Ledger) Known(z jute.Zxid) bool { return l.byZxid[z] != nil }

// Append: a node asks its disk to log a transaction, the operation of the next ticket. It is a
// proposal of its own if nobody has proposed it before.
func (l *Ledger) Append(number int, t history.Txn) error {
	n, z := l.node(number), t.Entry.Header.Zxid
	e := l.byZxid[z]
	if e == nil {
		var err error
		if e, err = l.propose(n, number, t); err != nil {
			return err
		}
	}
	switch {
	case !bytes.Equal(e.Entry.Payload, t.Entry.Payload):
		return fmt.Errorf("I-3: node %d logs %v with other bytes than node %d proposed", number, z,
			e.Node)
	case e.parent != n.last:
		return fmt.Errorf("I-4: node %d logs %v behind %v, its place is behind %v", number, z,
			n.last.zxid, e.parent.zxid)
	}
	n.last = e
	n.pending = append(n.pending, operation{log: e})
	return nil
}

// propose gives a transaction its place.
func (l *Ledger) propose(n *log, number int, t history.Txn) (*entry, error) {
	z, last := t.Entry.Header.Zxid, n.last.zxid
	r, led := l.reigns[z.Epoch()]
	switch {
	case led && r.node != number:
		return nil, fmt.Errorf("I-1: node %d proposes %v, and node %d leads that epoch", number, z,
			r.node)
	case !led && !l.Alone:
		return nil, fmt.Errorf("I-1: node %d proposes %v, and does not lead that epoch", number, z)
	case !history.Follows(z, last, l.Front):
		return nil, fmt.Errorf("I-5, I-6: node %d puts %v behind %v", number, z, last)
	}
	t.Node = number
	e := &entry{Txn: t, zxid: z, parent: n.last, depth: n.last.depth + 1}
	l.byZxid[z] = e
	return e, nil
}

// Logged says what is wrong with a transaction that a node finds in its log, nil for nothing.
func (l *Ledger) Logged(number int, e *jute.Entry) error {
	known := l.byZxid[e.Header.Zxid]
	if known == nil || !bytes.Equal(known.Entry.Payload, e.Payload) {
		return fmt.Errorf("transaction %v is not the one that was proposed", e.Header.Zxid)
	}
	return nil
}

// Applied: the tree of a node shows the transactions up to a zxid. Clients may see it only between
// Served and Unserved. Before that it may hold what is not committed: the end of the log at a
// start, and what a leader sends whose reign does not stand yet.
func (l *Ledger) Applied(number int, z jute.Zxid, digest uint64) error {
	n, e := l.node(number), l.at(z)
	if e == nil {
		return fmt.Errorf("I-14: node %d shows %v, which nobody proposed", number, z)
	}
	if !e.digested {
		e.digested, e.digest = true, digest
	} else if e.digest != digest {
		return fmt.Errorf("I-13: at %v the tree of node %d has digest %x, another one %x", z,
			number, digest, e.digest)
	}
	if !n.serves {
		return nil
	}
	return l.commit(number, e)
}

// Unserved: no client of a node sees its tree any more.
func (l *Ledger) Unserved(number int) { l.node(number).serves = false }

// Served: clients of a node may see its tree, which shows the transactions up to a zxid.
func (l *Ledger) Served(number int, z jute.Zxid) error {
	e := l.at(z)
	if e == nil {
		return fmt.Errorf("I-14: node %d serves %v, which nobody proposed", number, z)
	}
	l.node(number).serves = true
	return l.commit(number, e)
}

// commit: a node takes an entry for committed.
func (l *Ledger) commit(number int, e *entry) error {
	switch {
	case l.committed.over(e):
		return nil
	case !e.over(l.committed):
		return fmt.Errorf("I-2: node %d takes %v for committed, and %v is, behind %v", number,
			e.zxid, l.committed.zxid, fork(e, l.committed).zxid)
	case !l.Quorum(e.disks):
		return fmt.Errorf("I-8: node %d takes %v for committed, and only the nodes %b have it on "+
			"disk", number, e.zxid, e.disks)
	}
	l.committed = e
	return nil
}

// Committed is the last transaction that some node took for committed.
func (l *Ledger) Committed() jute.Zxid { return l.committed.zxid }

// Length is how many transactions the log of a node has.
func (l *Ledger) Length(number int) int { return l.node(number).last.depth }

// Durable is the last transaction of a node that is known to be on its disk.
func (l *Ledger) Durable(number int) jute.Zxid { return l.node(number).durable.zxid }
