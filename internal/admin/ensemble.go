package admin

import (
	"fmt"

	"quoll/internal/metrics"
)

// Ensemble is how a server stands in its ensemble.
type Ensemble struct {
	Mode       string // leader, follower or observer; looking when it has no leader
	State      string // the peer's state and how far it is, as Apache prints them
	Leader     int64  // the leader's number, 0 without one
	QuorumSize int    // voters of the ensemble
	Leads      *Reign // nil: another server leads, or none
}

// Reign is what a leader tells of itself.
type Reign struct {
	Learners        int
	SyncedFollowers int
	NonVoting       int // of the SyncedFollowers
	SyncedObservers int
	PendingSyncs    int
	UptimeMillis    int64 // since the reign began
	Proposals       ProposalSizes
}

// ProposalSizes are the sizes of proposals, in bytes; -1 before the first one. The zero value is
// not valid: see NoProposals.
type ProposalSizes struct{ Last, Min, Max int64 }

// NoProposals is before the first proposal.
//
// read-only: a value.
var NoProposals = ProposalSizes{-1, -1, -1}

// Add counts a proposal.
func (p *ProposalSizes) Add(bytes int) {
	n := int64(bytes)
	if p.Last = n; p.Min < 0 || n < p.Min {
		p.Min = n
	}
	p.Max = max(p.Max, n)
}

func (p ProposalSizes) String() string { return fmt.Sprintf("%d/%d/%d", p.Last, p.Min, p.Max) }

// registerEnsemble registers the gauges of a member of an ensemble.
func (c *Commands) registerEnsemble(r *metrics.Registry) {
	if c.Ensemble == nil {
		return
	}
	r.Text("peer_state", func() string { return c.Ensemble().State })
	r.Gauge("quorum_size", func() int64 { return int64(c.Ensemble().QuorumSize) })
	r.Optional("observer_master_id", func() (int64, bool) {
		e := c.Ensemble()
		return e.Leader, e.Mode == "observer"
	})
	r.Optional("synced_observers", func() (int64, bool) {
		e := c.Ensemble()
		if e.Leads == nil {
			return 0, e.Mode == "follower" // of its own, for whom it is the master
		}
		return int64(e.Leads.SyncedObservers), true
	})
	leading := func(name string, read func(*Reign) int64) {
		r.Optional(name, func() (int64, bool) {
			reign := c.Ensemble().Leads
			if reign == nil {
				return 0, false
			}
			return read(reign), true
		})
	}
	leading("learners", func(l *Reign) int64 { return int64(l.Learners) })
	leading("synced_followers", func(l *Reign) int64 { return int64(l.SyncedFollowers) })
	leading("synced_non_voting_followers", func(l *Reign) int64 { return int64(l.NonVoting) })
	leading("pending_syncs", func(l *Reign) int64 { return int64(l.PendingSyncs) })
	leading("leader_uptime", func(l *Reign) int64 { return l.UptimeMillis })
	leading("last_proposal_size", func(l *Reign) int64 { return l.Proposals.Last })
	leading("max_proposal_size", func(l *Reign) int64 { return l.Proposals.Max })
	leading("min_proposal_size", func(l *Reign) int64 { return l.Proposals.Min })
}
