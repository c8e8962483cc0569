package zab

import (
	"bytes"
	"errors"
	"fmt"

	"quoll/jute"
	"quoll/quorum/effects"
)

// After a TRUNC nothing is cut yet. An Apache leader sends a TRUNC to every follower that comes
// back while proposals are outstanding, sends these again, and still counts the follower's earlier
// acknowledgements of them. So what it sends again is compared with the own transactions:
//
//	target   same
//	   |      |    the first that differs
//	   v      v    v
//	 --+------+----+-----------+     own log
//	   | sent again| cut       |     at the first that differs, or at NEWLEADER
//	   +-----------+-----------+
//
// What stays in front of the cut never leaves the disk.
type trunc struct {
	// own are the own transactions above the target that the leader has not sent again so far, and
	// same is the transaction in front of them.
	own    []jute.Entry
	same   jute.Zxid
	target jute.Zxid
	// cuttable says that the disk can be cut to same.
	cuttable bool
}

const (
	// readBytes is how much of the own log is read at once.
	readBytes = 4 << 20
	// maxOwn is how much of it is compared. Who has more takes the leader's tree.
	maxOwn = 64 << 20
)

// truncate finds the own transactions above the target of a TRUNC. Mostly the history in memory has
// them; after a restart it may not reach back so far.
//
// Transactions of the leader's epoch are logged only behind the whole history with which that epoch
// began. So an own log that has one shares all that came before with the leader. An Apache leader
// that has not applied the first one yet may name the last of those, for which the own log begins
// at (epoch, 0) if it began with a SNAP.
func (l *Learner) truncate(target jute.Zxid) error {
	if l.history.Last().Epoch() == l.epoch {
		target = max(target, jute.Zxid(l.epoch<<32))
	}
	i, ok := l.history.Behind(target)
	l.sync.target = target
	if !ok {
		l.start(effects.Job{Kind: effects.ReadLog, From: target, UpTo: l.history.Last()})
		return nil
	}
	l.sync.base = l.history.Before()
	if i > 0 {
		l.sync.base = l.history.At(i - 1).Header.Zxid
	}
	for ; i < l.history.Len(); i++ {
		l.sync.own = append(l.sync.own, *l.history.At(i))
	}
	return l.compareFromBase()
}

// logOpened says how much there is to read of the own log.
func (l *Learner) logOpened(generation uint64, d *effects.JobDone) error {
	switch {
	case d.Err != nil:
		return l.cannotCut(d.Err)
	case d.Size > maxOwn:
		l.out.Again(effects.Job{Kind: effects.Cancel, Generation: generation})
		return l.cannotCut(fmt.Errorf("%w: %d bytes are too many", effects.ErrGap, d.Size))
	}
	l.readMore(generation)
	return nil
}

func (l *Learner) readMore(generation uint64) {
	l.out.Again(effects.Job{Kind: effects.ReadMore, Generation: generation, Bytes: readBytes})
	l.wait = wait{kind: effects.ReadMore, generation: generation}
}

// logRead takes a part of the own log.
func (l *Learner) logRead(generation uint64, d *effects.JobDone) error {
	if d.Err != nil {
		return l.cannotCut(d.Err)
	}
	s := &l.sync
	for _, e := range d.Entries {
		if e.Header.Zxid <= s.target {
			s.base = e.Header.Zxid
			continue
		}
		s.own = append(s.own, e)
	}
	if d.More {
		l.readMore(generation)
		return nil
	}
	return l.compareFromBase()
}

// compareFromBase begins to compare. The target must be a transaction of the own history. Only
// (epoch, 0) of the leader's own epoch is none and means what came before it.
func (l *Learner) compareFromBase() error {
	s := &l.sync
	begin := jute.Zxid(l.epoch << 32)
	shared := s.target == begin && l.history.Last().Epoch() == l.epoch
	if !shared && (s.base != s.target || s.target.Counter() == 0) {
		return l.cannotCut(fmt.Errorf("%w: the last one there is %v", effects.ErrGap, s.base))
	}
	s.same = s.base
	return nil
}

// compare takes a proposal while there are own transactions that the leader has not sent again.
// With again the own ones are being cut, and the proposal is to be taken behind that.
func (l *Learner) compare(e jute.Entry) (again bool, err error) {
	s := &l.sync
	if own := &s.own[0]; own.Header.Zxid == e.Header.Zxid && bytes.Equal(own.Payload, e.Payload) {
		s.same = e.Header.Zxid
		s.own = s.own[1:]
		return false, nil
	}
	if !l.follows(s.same, e.Header.Zxid) {
		return false, fmt.Errorf("%w: %v behind %v", ErrHole, e.Header.Zxid, s.same)
	}
	l.cut()
	return true, nil
}

// cut removes the own transactions that the leader does not have. The disk is asked first whether
// it can: a cut that is refused is the end of the process. If the tree holds some of them it is
// loaded again.
func (l *Learner) cut() {
	s := &l.sync
	if !s.cuttable {
		l.start(effects.Job{Kind: effects.CanCut, UpTo: s.same})
		return
	}
	l.out.Ask(effects.DiskOp{Kind: effects.Cut, Zxid: s.same})
	l.history.Cut(s.same)
	l.log.durable = min(l.log.durable, s.same)
	s.trunc = trunc{}
	if l.standing.Applied > l.history.Last() {
		_, generation := l.out.Load()
		l.wait = wait{kind: loading, generation: generation}
	}
}

// canCut takes the answer whether the disk can be cut.
func (l *Learner) canCut(d *effects.JobDone) error {
	if d.Err != nil {
		return l.cannotCut(d.Err)
	}
	l.sync.cuttable = true
	return nil
}

// cannotCut ends the role.
func (l *Learner) cannotCut(err error) error {
	err = fmt.Errorf("TRUNC to %v: %w", l.sync.target, err)
	if errors.Is(err, effects.ErrGap) {
		return l.needTree(err)
	}
	return err
}

// needTree ends the role. The learner comes back for the leader's tree.
func (l *Learner) needTree(err error) error {
	l.rejoin = l.epoch
	return fmt.Errorf("%w: %w", ErrTree, err)
}

// loaded takes over the tree of the shortened log.
func (l *Learner) loaded(d *effects.JobDone) error {
	if d.Err != nil {
		return fmt.Errorf("zab: what is left behind a TRUNC: %w", d.Err)
	}
	l.out.Tell(effects.Delivery{Kind: effects.Adopt})
	l.standing.Applied = l.history.Last()
	return nil
}
