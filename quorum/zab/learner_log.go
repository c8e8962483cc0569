package zab

import (
	"fmt"

	"quoll/jute"
	"quoll/jute/ensemble"
	"quoll/quorum/effects"
	"quoll/quorum/zab/history"
)

// maxUnflushed is how many bytes may be on their way to the disk before the leader is not read any
// more.
const maxUnflushed = 64 << 20

// logging is what a learner knows of its proposals on their way: from the leader to the disk, to
// the commit, and back as an acknowledgement.
type logging struct {
	// flushing are the appends that are not durable, in order, and bytes the size of their
	// payloads.
	flushing []appended
	bytes    int
	durable  jute.Zxid // the last transaction that is known to be on disk
	// proposed are the proposals of this leader that it has not committed, in order.
	proposed []jute.Zxid
	// owed are the proposals whose acknowledgements the leader waits for, in order. Those that were
	// committed in front of NEWLEADER are not among them: its acknowledgement covers them.
	owed []jute.Zxid
}

type appended struct {
	ticket effects.Ticket
	zxid   jute.Zxid
	bytes  int
}

// flushed says that all appends up to a ticket are durable.
func (g *logging) flushed(ticket effects.Ticket) {
	n := 0
	for ; n < len(g.flushing) && g.flushing[n].ticket <= ticket; n++ {
		g.durable = g.flushing[n].zxid
		g.bytes -= g.flushing[n].bytes
	}
	g.flushing = dropFirst(g.flushing, n)
}

// dropFirst removes the first n elements of a queue.
func dropFirst[T any](queue []T, n int) []T {
	if n == len(queue) {
		return queue[:0]
	}
	return queue[n:]
}

// proposal takes a transaction, of an INFORM or a PROPOSAL.
func (l *Learner) proposal(p *ensemble.QuorumPacket) (again bool, err error) {
	data := p.Data
	if p.Type == ensemble.PacketInformAndActivate {
		// Who leads under the new configuration, and what that is, is for a later version.
		var a ensemble.Activation
		if err := readData(p, &a); err != nil {
			return false, err
		}
		data = a.Proposal
	}
	e, err := readEntry(p, data)
	if err != nil {
		return false, err
	}
	if e.Header.Zxid.Epoch() > l.epoch {
		return false, fmt.Errorf("%w: %v from the leader of epoch %d", ErrProtocol, p.Zxid, l.epoch)
	}
	switch {
	case l.sync.beside:
		err = l.hold(e)
	case len(l.sync.own) > 0:
		again, err = l.compare(e)
	default:
		err = l.append(e)
	}
	if again || err != nil {
		return again, err
	}
	l.log.proposed = append(l.log.proposed, p.Zxid)
	if p.Type != ensemble.PacketProposal {
		return false, l.committed(p.Zxid)
	}
	if l.phase > syncs && !l.config.Observer {
		l.log.owed = append(l.log.owed, p.Zxid)
	}
	return false, nil
}

// follows reports whether the log takes a transaction behind last. As the first one of an epoch it
// takes counter 1 and the one that its own leaders would begin with.
func (l *Learner) follows(last, zxid jute.Zxid) bool {
	first := zxid.Counter() == 1 || int64(zxid.Counter()) == l.config.InitialZxid+1
	return history.Follows(last, zxid) && (zxid == last+1 || first)
}

// append logs a transaction of the leader behind the own ones.
func (l *Learner) append(e jute.Entry) error {
	if last := l.history.Last(); !l.follows(last, e.Header.Zxid) {
		return fmt.Errorf("%w: %v behind %v", ErrHole, e.Header.Zxid, last)
	}
	if l.sync.doubtful && e.Header.Zxid.Epoch() != l.sync.base.Epoch() {
		return l.doubt()
	}
	l.sync.doubtful = false
	l.history.Append(e)
	l.log.flushing = append(l.log.flushing, appended{
		ticket: l.out.Ask(effects.DiskOp{Kind: effects.Append, Entry: e}),
		zxid:   e.Header.Zxid, bytes: len(e.Payload),
	})
	l.log.bytes += len(e.Payload)
	return nil
}

func (l *Learner) commit(p *ensemble.QuorumPacket) error {
	if p.Type == ensemble.PacketCommitAndActivate {
		if err := readData(p, &ensemble.Activation{}); err != nil {
			return err
		}
	}
	return l.committed(p.Zxid)
}

// committed takes the commit of the first proposal that is not committed.
func (l *Learner) committed(zxid jute.Zxid) error {
	if len(l.log.proposed) == 0 {
		return fmt.Errorf("%w: %v, nothing is proposed", ErrCommit, zxid)
	}
	if next := l.log.proposed[0]; next != zxid {
		return fmt.Errorf("%w: %v, the next one is %v", ErrCommit, zxid, next)
	}
	l.log.proposed = dropFirst(l.log.proposed, 1)
	if l.sync.beside {
		l.rebuild()
		return nil
	}
	l.apply(zxid)
	l.serve()
	return nil
}

// apply hands the chain everything up to a committed transaction that the tree does not hold.
func (l *Learner) apply(zxid jute.Zxid) {
	first, ok := l.history.Behind(l.standing.Applied)
	if !ok {
		panic(fmt.Sprintf("zab: what follows %v is not applied and not kept", l.standing.Applied))
	}
	applied := l.standing.Applied
	for i := first; i < l.history.Len() && l.history.At(i).Header.Zxid <= zxid; i++ {
		e := l.history.At(i)
		applied = e.Header.Zxid
		l.out.Tell(effects.Delivery{Kind: effects.Propose, Entry: *e})
	}
	if applied > l.standing.Applied {
		l.out.Tell(effects.Delivery{Kind: effects.Commit, Zxid: applied})
		l.standing.Applied = applied
	}
	l.history.Commit(zxid)
}

// acknowledge acknowledges what is on disk. The leader takes each proposal's acknowledgement by
// itself, in their order.
func (l *Learner) acknowledge() {
	n := 0
	for ; n < len(l.log.owed) && l.log.owed[n] <= l.log.durable; n++ {
		l.ack(l.log.owed[n])
	}
	l.log.owed = dropFirst(l.log.owed, n)
}

func (l *Learner) ack(zxid jute.Zxid) {
	appendPacket(l.out.To(l.link), ensemble.PacketAck, zxid, nil)
}
