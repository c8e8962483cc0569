package quorum

import (
	"quoll/jute"
	"quoll/jute/ensemble"
	"quoll/quorum/election"
	"quoll/quorum/zab"
)

// Role is what a server does.
type Role uint8

// The roles of a server.
const (
	Alone Role = iota + 1
	Looking
	Leading
	Following
	Observing
)

func (r Role) String() string {
	switch r {
	case Alone:
		return "standalone"
	case Looking:
		return "looking"
	case Leading:
		return "leader"
	case Following:
		return "follower"
	case Observing:
		return "observer"
	}
	return "no role"
}

// Status is what operators are told of a peer.
type Status struct {
	Role Role
	// Stands is true while the server is part of a reign that stands; alone always. A learner lets
	// clients in a moment later, when what its tree shows is committed.
	Stands bool
	// Leader is the leader that is elected, or 0 while looking and alone.
	Leader jute.PeerID
	// Epoch is the one of the reign, or, while there is none, the current epoch on disk.
	Epoch int64
	// Proposed is the last zxid that is in the own log or on its way there. At a leader whose reign
	// has no transaction yet it is (epoch, 0).
	Proposed jute.Zxid
	// First is how the leader's history came to a learner: by DIFF, TRUNC or SNAP; 0 before that is
	// known, and at any other server.
	First ensemble.PacketType
	// Learners are those who are connected to a leader and have said who they are.
	Learners []LearnerStatus
	// Answers is what the other voters have said since this server looks; nil at any other time.
	Answers []election.Said
	// Elections counts the elections begun in this life.
	Elections int64
	// Syncs is how many syncs wait at a leader.
	Syncs int
	// PlainSync is true at a learner with QuorumSync whose leader asks no quorum: it is Apache's,
	// or set otherwise. PlainSyncs counts the syncs of this life that such a leader was asked for.
	PlainSync  bool
	PlainSyncs int64
}

// LearnerStatus is one learner as its leader knows it.
type LearnerStatus = zab.LearnerStatus

// Status tells how it stands.
func (p *Peer) Status() Status {
	if p.solo != nil {
		return Status{Role: Alone, Stands: true, Epoch: p.solo.proposed.Epoch(),
			Proposed: p.solo.proposed}
	}
	s := Status{Role: Looking, Stands: p.reigns, Epoch: p.standing.Current,
		Proposed: p.standing.Last, Elections: p.told.elections,
		PlainSync: p.reigns && p.syncsPlainly(), PlainSyncs: p.told.plainSyncs}
	switch p.stage {
	case looking:
		s.Answers = p.member.Answers()
	case leading:
		s.Role, s.Leader = Leading, p.config.Me
	case dialling, learning:
		s.Role, s.Leader = Following, p.join.leader
		if !p.config.Members.Votes(p.config.Me) {
			s.Role = Observing
		}
	}
	if p.role != nil {
		s.Epoch, s.Proposed = p.role.Standing().Current, p.role.Standing().Last
		if p.role.Epoch() > 0 {
			s.Epoch = p.role.Epoch()
		}
	}
	if p.learner != nil {
		s.First = p.learner.First()
	}
	if p.leader != nil {
		l := p.leader.Status()
		s.Proposed, s.Learners, s.Syncs = max(s.Proposed, l.Proposed), l.Learners, l.Syncs
	}
	return s
}
