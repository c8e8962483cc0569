package quorum

import (
	"quoll/jute"
	"quoll/quorum/effects"
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
	// Serves is true between the deliveries Serve and Leave.
	Serves bool
	// Leader is the leader that is elected, or 0 while looking and alone.
	Leader jute.PeerID
	// Epoch is the one of the reign, or, while there is none, the current epoch on disk.
	Epoch int64
	// Proposed is the last zxid that is in the own log or on its way there.
	Proposed jute.Zxid
	// Learners are those who are connected to a leader.
	Learners []LearnerStatus
	// Elections counts the elections begun in this life.
	Elections int64
}

// LearnerStatus is one learner as its leader knows it.
type LearnerStatus struct {
	Sid      jute.PeerID
	Link     effects.LinkID
	Observer bool
	Synced   bool // it has everything, and answers in time
}
