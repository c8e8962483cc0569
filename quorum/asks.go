package quorum

import (
	"fmt"

	"quoll/jute"
	"quoll/quorum/effects"
	"quoll/quorum/zab"
)

// What the chain asks of a peer: processor.Master, and the answers to deliveries.

// Propose takes the next transaction of a server that leads. It panics unless the zxid is the next
// one.
func (p *Peer) Propose(e jute.Entry) {
	switch {
	case p.solo != nil:
		p.solo.Propose(e)
	case !p.deaf():
		p.mustLead("propose").Propose(e)
	}
}

// mustLearn is the learner, and mustLead the leader. Only the chain of one asks it for something.
func (p *Peer) mustLearn(to string) *zab.Learner {
	if p.learner == nil {
		panic(fmt.Sprintf("quorum: asked to %s while %v", to, p.Status().Role))
	}
	return p.learner
}

func (p *Peer) mustLead(to string) *zab.Leader {
	if p.leader == nil {
		panic(fmt.Sprintf("quorum: asked to %s while %v", to, p.Status().Role))
	}
	return p.leader
}

// Forward sends a client's write to the leader. Nobody asks a server that leads.
func (p *Peer) Forward(r *jute.LearnerRequest) {
	if !p.deaf() {
		p.mustLearn("forward").Forward(r)
	}
}

// Sync asks for a delivery Synced when everything is applied that is committed by now, as far as
// the leader knows: with QuorumSync it makes sure of it. false says that it is applied already.
func (p *Peer) Sync() bool {
	switch {
	case p.solo != nil:
		return p.solo.Sync()
	case p.deaf():
		return true
	case p.leader != nil:
		return p.leader.Sync()
	}
	if p.syncsPlainly() {
		p.told.plainSyncs++
	}
	return p.mustLearn("sync").Sync()
}

// syncsPlainly is true at a learner that wants more of a sync than its leader gives.
func (p *Peer) syncsPlainly() bool {
	return p.config.Zab.QuorumSync && p.learner != nil && !p.learner.SyncsByQuorum()
}

// Revalidate asks the leader whether a session may be continued here. The delivery Revalidated
// answers. Nobody asks a server that leads.
func (p *Peer) Revalidate(s jute.SessionTimeout) {
	if !p.deaf() {
		p.mustLearn("revalidate").Revalidate(s)
	}
}

// Revalidated is the chain's answer to the delivery Revalidate of a learner.
func (p *Peer) Revalidated(link effects.LinkID, id jute.SessionID, ok bool) {
	if !p.deaf() && p.leader != nil {
		p.leader.Revalidated(link, id, ok)
	}
}

// Heard is the chain's answer to the delivery Heard: the sessions heard since the last one. The
// slice is read during the call.
func (p *Peer) Heard(sessions []jute.SessionTimeout) {
	if !p.deaf() && p.learner != nil {
		p.learner.Heard(sessions)
	}
}

// NextEpoch ends an epoch whose zxids are used up. A server alone, whose proposals must all be
// committed, begins the next epoch: Lead and Serve are delivered. A leader ends its reign, whatever
// is in flight: Leave is delivered, and the next election brings the next epoch.
func (p *Peer) NextEpoch() {
	switch {
	case p.solo != nil:
		p.solo.NextEpoch()
		p.reignAlone()
	case p.leader != nil:
		p.leave(zab.ErrRollOver)
	}
}
