package zab

import (
	"fmt"

	"quoll/jute"
	"quoll/jute/ensemble"
	"quoll/quorum/effects"
)

// leaderInfo takes the leader's epoch. It is promised on disk before it is acknowledged.
func (l *Learner) leaderInfo(p *ensemble.QuorumPacket) error {
	var version ensemble.ProtocolVersion
	if err := readData(p, &version); err != nil {
		return err
	}
	l.epoch, l.syncsByQuorum = p.Zxid.Epoch(), version.Syncs == ensemble.SyncsByQuorum
	switch {
	case l.epoch < l.standing.Accepted:
		return fmt.Errorf("%w: %d, accepted is %d", ErrOldLeader, l.epoch, l.standing.Accepted)
	case l.epoch == l.standing.Accepted:
		// The epoch was acknowledged before, perhaps by another history.
		l.ackEpoch(ensemble.AlreadyAccepted)
	default:
		l.standing.Accepted = l.epoch
		l.ticket = l.out.Ask(effects.DiskOp{Kind: effects.AcceptEpoch, Epoch: l.epoch})
		l.phase = accepting
	}
	return nil
}

// ackEpoch tells the leader what the log holds. What the tree holds does not matter: it may be
// ahead of the disk.
func (l *Learner) ackEpoch(current int32) {
	l.phase = choosing
	last := l.history.Last()
	if l.empty() {
		last = 0
	}
	appendRecord(l.out.To(l.link), ensemble.PacketAckEpoch, last,
		&ensemble.CurrentEpoch{Epoch: current})
}

// empty reports that the learner says to this leader that it has no history.
func (l *Learner) empty() bool { return l.config.EmptyFor > 0 && l.config.EmptyFor == l.epoch }

// choose takes the first packet behind ACKEPOCH, which says how the history comes.
func (l *Learner) choose(p *ensemble.QuorumPacket) error {
	l.phase, l.first = syncs, p.Type
	last := l.history.Last()
	switch {
	case p.Zxid < 0:
		return l.misplaced(p)
	case p.Type == ensemble.PacketSnap:
		l.sync = syncing{base: p.Zxid, snap: snap{beside: true}}
		l.start(effects.Job{
			Kind: effects.BuildTree, Link: l.link, UpTo: p.Zxid, Silence: l.config.InitLimit,
		})
		return nil
	case l.empty():
		// Behind no history there is room for a whole tree only.
		return fmt.Errorf("%w: %v to a learner without a history", ErrProtocol, p.Type)
	case p.Type == ensemble.PacketDiff:
		// A leader that is behind would have to say TRUNC. Only in front of the first transaction
		// of an epoch Apache's leaders say DIFF even then.
		if p.Zxid < last && last.Counter() != 0 {
			return fmt.Errorf("%w: DIFF to %v, the log ends at %v", ErrProtocol, p.Zxid, last)
		}
		l.sync = syncing{base: last, doubtful: last != 0 && last.Counter() == 0 &&
			last.Epoch() != l.epoch}
		return nil
	case p.Type == ensemble.PacketTrunc && p.Zxid <= last:
		return l.truncate(p.Zxid)
	}
	return l.misplaced(p)
}

// newLeader takes the end of the history. When everything is on disk, and behind it the epoch, the
// leader is told so.
func (l *Learner) newLeader(p *ensemble.QuorumPacket) (again bool, err error) {
	if l.phase != syncs || p.Zxid != jute.Zxid(l.epoch<<32) {
		return false, l.misplaced(p)
	}
	switch {
	case l.sync.beside:
		return true, l.saveTree()
	case len(l.sync.own) > 0:
		l.cut()
		return true, nil
	case l.sync.doubtful:
		return false, l.doubt()
	}
	l.phase = entering
	l.standing.Current = l.epoch
	l.ticket = l.out.Ask(effects.DiskOp{Kind: effects.EnterEpoch, Epoch: l.epoch})
	if !l.config.Observer {
		l.log.owed = append(l.log.owed, l.log.proposed...)
	}
	return false, nil
}

// upToDate takes the beginning of the reign. Everything that the leader had before it is committed.
func (l *Learner) upToDate(p *ensemble.QuorumPacket) error {
	if l.phase != entered {
		return l.misplaced(p)
	}
	l.phase = following
	l.ack(jute.Zxid(l.epoch << 32))
	l.apply(l.sync.base)
	l.acknowledge()
	l.serve()
	return nil
}

// serve lets clients in when everything in the tree is committed.
func (l *Learner) serve() {
	if !l.served && l.phase == following && l.history.Committed() >= l.standing.Applied {
		l.served = true
		l.out.Tell(effects.Delivery{Kind: effects.Serve})
	}
}

// jobDone takes what the learner has waited for.
func (l *Learner) jobDone(d *effects.JobDone) error {
	w := l.wait
	l.wait = wait{}
	switch w.kind {
	case effects.BuildTree:
		if d.Err != nil {
			return fmt.Errorf("%w: %w", ErrSnap, d.Err)
		}
		return nil
	case effects.SaveTree:
		return l.install(d)
	case effects.ReadLog:
		return l.logOpened(w.generation, d)
	case effects.ReadMore:
		return l.logRead(w.generation, d)
	case effects.CanCut:
		return l.canCut(d)
	}
	return l.loaded(d)
}
