package zab

import (
	"slices"

	"github.com/stretchr/testify/require"

	"quoll/jute"
	"quoll/jute/ensemble"
)

// plan decides what a learner is sent, as Apache's LearnerHandler.syncFollower does.
func (p *puppet) plan(peer jute.Zxid) {
	least, most := p.processed(), p.processed()
	from := max(0, p.applied-p.ring)
	if from < p.applied {
		least, most = p.log[from].Header.Zxid, last(p.log[:p.applied])
	}
	newEpoch := peer.Counter() == 0
	force := !p.calm && p.r.IntN(8) == 0 && !p.outstandingAcked()
	switch {
	case force:
		p.snap()
	case p.processed() == peer:
		p.diff(peer, peer, p.index(peer))
	case peer > most && !newEpoch:
		p.trunc(most, p.index(most))
	case most >= peer && least <= peer:
		p.walk(peer, from, most)
	case peer < least && (p.calm || p.r.IntN(2) == 0) && p.index(peer) > 0:
		p.walk(peer, 0, most)
	default:
		p.snap()
	}
}

// index counts the transactions of the log up to a zxid.
func (p *puppet) index(z jute.Zxid) int {
	i := slices.IndexFunc(p.log, func(e jute.Entry) bool { return e.Header.Zxid > z })
	if i < 0 {
		return len(p.log)
	}
	return i
}

// walk looks for the peer's place in the committed transactions from a place on.
func (p *puppet) walk(peer jute.Zxid, from int, most jute.Zxid) {
	i := p.index(peer)
	switch {
	case i > 0 && p.log[i-1].Header.Zxid == peer, peer.Counter() == 0:
		p.diff(peer, most, i)
	case i == p.applied, i < p.applied && p.log[i].Header.Zxid.Epoch() != peer.Epoch():
		p.snap()
	case i > from:
		p.trunc(p.log[i-1].Header.Zxid, i)
	default:
		p.snap()
	}
}

func (p *puppet) diff(peer, end jute.Zxid, from int) {
	p.base, p.mode, p.w.replaced = peer, ensemble.PacketDiff, false
	p.push(ensemble.PacketDiff, end, nil)
	p.rest(from)
	p.push(ensemble.PacketNewLeader, zx(p.epoch, 0), nil)
}

func (p *puppet) trunc(to jute.Zxid, from int) {
	p.base, p.mode, p.w.replaced = to, ensemble.PacketTrunc, false
	p.push(ensemble.PacketTrunc, to, nil)
	p.rest(from)
	p.push(ensemble.PacketNewLeader, zx(p.epoch, 0), nil)
}

// snap begins to send the tree. NEWLEADER comes when the whole tree is sent.
func (p *puppet) snap() {
	if p.outstandingAcked() {
		// They leave the disk until they come again. With so much of the log in memory as there
		// always is, an Apache leader does this only if it is forced to.
		require.Less(p.w.t, p.w.kept, 500)
		p.w.forget()
	}
	p.mode, p.w.replaced = ensemble.PacketSnap, true
	p.planned = p.applied
	p.rest(p.applied)
	for range p.r.IntN(3) { // it takes a while until the tree is looked at
		p.commit()
		p.apply()
	}
	p.planned = p.applied
	p.base = p.processed()
	p.queue = append([]packet{{ensemble.PacketSnap, p.base, nil}}, p.queue...)
	p.snaps = true
}

// outstandingAcked reports that the learner has acknowledged what is not committed.
func (p *puppet) outstandingAcked() bool {
	for z := range p.w.promised {
		if z > last(p.log[:p.committed]) {
			return true
		}
	}
	return false
}

// snapEnd is the end of the tree's stream. The tree has gone on meanwhile.
func (p *puppet) snapEnd() {
	end := p.planned + p.r.IntN(p.applied-p.planned+1)
	p.w.stream = slices.Clone(p.log[:end])
	p.snaps = false
	p.push(ensemble.PacketNewLeader, zx(p.epoch, 0), nil)
}

// rest queues what the learner lacks, and from then on everything that happens (startForwarding).
func (p *puppet) rest(from int) {
	p.forward = true
	for i := from; i < len(p.log); i++ {
		e := p.log[i]
		switch {
		case i < p.committed:
			p.push(ensemble.PacketProposal, e.Header.Zxid, &e)
			p.push(ensemble.PacketCommit, e.Header.Zxid, nil)
		case !p.w.config.Observer:
			p.push(ensemble.PacketProposal, e.Header.Zxid, &e)
		}
	}
}
