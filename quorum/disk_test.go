package quorum_test

import (
	"fmt"
	"slices"

	"quoll/jute"
	"quoll/quorum"
	"quoll/quorum/effects"
)

// disk is what survives a crash: two epochs, a snapshot, and the log behind it.
type disk struct {
	accepted, current int64
	snap              []jute.Entry // everything up to the snapshot
	log               []jute.Entry
	saved             []jute.Entry // a complete snapshot that is not installed
}

func (d *disk) history() []jute.Entry { return slices.Concat(d.snap, d.log) }

// last is the last transaction of the history.
func (d *disk) last() jute.Zxid { return max(last(d.snap), last(d.log)) }

// has reports whether the i-th transaction of the history is a certain one.
func (d *disk) has(i int, e *jute.Entry) bool {
	switch {
	case i < len(d.snap):
		return same(&d.snap[i], e)
	case i < len(d.snap)+len(d.log):
		return same(&d.log[i-len(d.snap)], e)
	}
	return false
}

// do does an operation.
func (d *disk) do(n *node, op *effects.DiskOp) {
	must := func(so bool, what string) {
		if !so {
			n.c.Violate("disk of server %d: %s, at %s, epochs %d and %d", n.id, what,
				zname(d.last()), d.accepted, d.current)
		}
	}
	switch op.Kind {
	case effects.Append:
		must(op.Entry.Header.Zxid > d.last(), "append of "+name(&op.Entry))
		d.log = append(d.log, op.Entry)
	case effects.AcceptEpoch:
		must(op.Epoch > d.accepted, fmt.Sprintf("accepts epoch %d", op.Epoch))
		d.accepted = op.Epoch
	case effects.EnterEpoch:
		must(op.Epoch >= d.current && op.Epoch <= d.accepted,
			fmt.Sprintf("enters epoch %d", op.Epoch))
		d.current = op.Epoch
	case effects.Install:
		must(d.saved != nil && last(d.saved) == op.Zxid, "installs "+zname(op.Zxid))
		d.snap, d.log, d.saved = d.saved, nil, nil
		n.c.Counts.Add("disk", "install")
	case effects.Cut:
		must(op.Zxid >= last(d.snap), "cuts to "+zname(op.Zxid))
		for len(d.log) > 0 && last(d.log) > op.Zxid {
			d.log = d.log[:len(d.log)-1]
		}
		n.c.say("%d cuts its log to %s", n.id, zname(d.last()))
		n.c.Counts.Add("disk", "cut")
	case effects.Load:
		n.c.Counts.Add("disk", "load")
		n.chain.beside = d.history()
		if n.alive {
			n.do(quorum.Event{Jobs: []effects.JobDone{{
				Generation: op.Generation, Zxid: d.last(),
			}}})
		}
	default:
		panic(fmt.Sprintf("operation of kind %d", op.Kind))
	}
}

// read reads the log from the last transaction at or below from.
func (d *disk) read(from, upTo jute.Zxid) ([]jute.Entry, error) {
	first := -1
	for i := range d.log {
		if d.log[i].Header.Zxid <= from {
			first = i
		}
	}
	if first < 0 && from == 0 && len(d.snap) == 0 {
		first = 0
	}
	if first < 0 {
		return nil, effects.ErrGap
	}
	end := first
	for end < len(d.log) && d.log[end].Header.Zxid <= upTo {
		end++
	}
	return slices.Clone(d.log[first:end]), nil
}

// snapshot writes a snapshot of what is committed, and purges the log below it.
func (n *node) snapshot() {
	if !n.alive || !n.chain.serves || last(n.chain.tree) > n.disk.last() {
		return
	}
	for len(n.disk.log) > 0 && len(n.disk.snap) < len(n.chain.tree) {
		n.disk.snap = append(slices.Clip(n.disk.snap), n.disk.log[0])
		n.disk.log = n.disk.log[1:]
	}
	n.c.say("%d has a snapshot of %s", n.id, zname(last(n.disk.snap)))
}
