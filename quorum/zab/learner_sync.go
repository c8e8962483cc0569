package zab

import (
	"fmt"

	"quoll/jute"
	"quoll/quorum/effects"
)

// syncing is how the history of the leader comes, between ACKEPOCH and NEWLEADER.
type syncing struct {
	// base is where the histories are known to meet: everything up to it is committed when the
	// reign stands. In a DIFF it is the last own transaction, in a TRUNC the last own one at or
	// below the target, in a SNAP the last one of the tree beside.
	base jute.Zxid
	// doubtful is true in a DIFF that goes on behind (epoch, 0), until it is clear that the history
	// up to there is the leader's.
	doubtful bool
	trunc
	snap
}

// doubt ends the role. The log begins behind a tree that the leader of an epoch sent before it
// proposed anything. If its reign never stood, the tree may hold what nobody committed, and another
// leader cannot see it: Apache's say DIFF to everybody who is at (epoch, 0). A transaction of that
// epoch shows that the reign stood.
func (l *Learner) doubt() error {
	return l.needTree(fmt.Errorf("DIFF behind %v, whose reign may never have stood", l.sync.base))
}

// snap is what there is of a SNAP until its tree is taken over.
type snap struct {
	beside bool // the tree of the leader is beside ours
	// held are the proposals that are not committed. sent is the last proposal, 0 before the first.
	held []jute.Entry
	sent jute.Zxid
}

// hold keeps a proposal that comes behind a SNAP. The tree may hold it already: the leader goes on
// while it sends the tree.
func (l *Learner) hold(e jute.Entry) error {
	zxid, s := e.Header.Zxid, &l.sync
	ok := l.follows(s.sent, zxid)
	if s.sent == 0 {
		ok = zxid <= s.base || l.follows(s.base, zxid)
	}
	if !ok {
		return fmt.Errorf("%w: %v behind %v, the tree is that of %v", ErrHole, zxid, s.sent, s.base)
	}
	s.sent = zxid
	s.held = append(s.held, e)
	return nil
}

// rebuild applies the first proposal that is held to the tree beside.
func (l *Learner) rebuild() {
	s := &l.sync
	l.out.Tell(effects.Delivery{Kind: effects.Rebuild, Entry: s.held[0]})
	s.base = max(s.base, s.held[0].Header.Zxid)
	s.held = dropFirst(s.held, 1)
}

// saveTree writes the tree beside to the disk, when the leader has sent everything.
func (l *Learner) saveTree() error {
	s := &l.sync
	if len(s.held) > 0 && s.held[0].Header.Zxid <= s.base {
		return fmt.Errorf("%w: not %v, which the tree of %v has", ErrCommit,
			s.held[0].Header.Zxid, s.base)
	}
	l.start(effects.Job{Kind: effects.SaveTree})
	return nil
}

// install makes the tree beside the own one, and its snapshot the own history. What was proposed
// and is not committed is logged behind it.
func (l *Learner) install(d *effects.JobDone) error {
	s := &l.sync
	if d.Err != nil {
		return fmt.Errorf("%w: %w", ErrSnap, d.Err)
	}
	if d.Zxid != s.base {
		panic(fmt.Sprintf("zab: the tree beside is at %v in place of %v", d.Zxid, s.base))
	}
	l.out.Ask(effects.DiskOp{Kind: effects.Install, Zxid: s.base})
	l.out.Tell(effects.Delivery{Kind: effects.Adopt})
	l.history.Reset(s.base)
	l.standing.Applied, l.log.durable = s.base, s.base
	held := s.held
	s.snap = snap{}
	for _, e := range held {
		if err := l.append(e); err != nil {
			return err
		}
	}
	return nil
}
