package node

import (
	"quoll/internal/replica"
	"quoll/internal/replica/restore"
	simhistory "quoll/internal/sim/history"
	"quoll/jute"
	"quoll/persistence"
	"quoll/quorum"
	"quoll/quorum/config"
	"quoll/quorum/ports"
	"quoll/quorum/zab"
	"quoll/quorum/zab/history"
)

// Peers is the ensemble to which the servers of a run belong.
type Peers struct {
	Members *config.Config
	Ports   ports.Settings
	Zab     quorum.Zab
	// TickMillis is how often a peer hears of the time.
	TickMillis int64
}

// member is what a server knows of its ensemble, and what it found on its disk; nil: it is alone.
func (n *Node) member(
	found *restore.Found, epochs persistence.Epochs, tail []jute.Entry,
) *replica.Ensemble {
	p := n.set.Peers
	if p == nil {
		return nil
	}
	me := jute.PeerID(n.number)
	return &replica.Ensemble{
		Peer: quorum.Config{
			Me: me, Members: p.Members, Election: ports.Member(me, p.Members, p.Ports), Zab: p.Zab,
		},
		Start: quorum.Start{Tail: tail, Standing: zab.Standing{
			Accepted: epochs.Accepted, Current: epochs.Current,
			Last: found.LastZxid, Applied: found.LastZxid,
		}},
	}
}

// tailLimits is how much of its log a server keeps in memory.
func (n *Node) tailLimits() history.Limits {
	if n.set.Peers == nil {
		return history.Limits{}
	}
	return history.Limits{Entries: n.set.Peers.Zab.CommitLogCount, Bytes: 1 << 20}
}

// peerTick tells the peer the time, again and again.
func (p *process) peerTick() {
	p.after(p.n.set.Peers.TickMillis*1000*1000/p.clock.perMill, func() {
		p.inbox.PeerTick()
		p.poke()
		p.peerTick()
	})
}

// Status tells how the server of a node that is Up stands in its ensemble.
func (n *Node) Status() quorum.Status {
	if n.process == nil || n.process.replica == nil {
		return quorum.Status{}
	}
	return n.process.replica.Status()
}

// IsLeader says whether its server leads.
func (n *Node) IsLeader() bool { return n.Status().Role == quorum.Leading }

// standing tells the Recorder which role the server has now.
func (p *process) standing() {
	s := p.replica.Status()
	if s.Role == quorum.Leading && s.Stands {
		p.n.record.Reigns(p.n, s.Epoch)
		p.witness.Leads(s.Epoch)
	}
	if s.Role == quorum.Leading && p.role != quorum.Leading {
		p.witness.Reigns()
	}
	if s.Role != p.role {
		p.role = s.Role
		p.n.Counts.Add("role", s.Role.String())
		p.n.Note("node %d is %v of epoch %d", p.n.number, s.Role, s.Epoch)
	}
}

// Ended implements replica.Hands.
func (p *process) Ended(why error) {
	p.n.Counts.AddError("role ends", why)
	p.n.Note("node %d: role ends: %v", p.n.number, why)
}

// Gone implements replica.Hands.
func (p *process) Gone(why error) {
	p.n.Counts.AddError("a learner is gone", why)
	p.n.Note("node %d: a learner is gone: %v", p.n.number, why)
}

// expiry is why a session may have ended that did not ask for it.
func (p *process) expiry(id jute.SessionID, mono int64) *simhistory.Expiry {
	if p.n.set.Peers == nil {
		return p.leases.Expired(id, mono)
	}
	return p.witness.Expiry(id, mono, p.n.record.LeastTimeout(id))
}

// diedInSync counts a death on the way from FOLLOWERINFO to UPTODATE.
func (p *process) diedInSync() {
	if p.n.set.Peers != nil && p.replica != nil {
		role := p.replica.Status().Role
		p.witness.Died(role == quorum.Leading, role == quorum.Observing, p.log.asked[p.log.told:])
	}
}
