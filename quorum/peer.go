package quorum

import (
	"time"

	"quoll/jute"
	"quoll/quorum/effects"
)

// Peer is a server's part in its ensemble: it finds a leader, or is one, and tells the chain what
// is committed.
type Peer struct {
	solo  *Solo // the role alone; nil in an ensemble
	taken Effects
}

// NewPeer makes the peer of a server that has started.
func NewPeer(c Config, s Start) *Peer {
	if !c.Alone {
		panic("quorum: only a server alone can be made")
	}
	p := &Peer{solo: NewSolo(s.Last)}
	p.reignAlone()
	return p
}

func (p *Peer) reignAlone() {
	p.solo.pending.Tell(effects.Delivery{Kind: effects.Lead, Zxid: p.solo.proposed})
	p.solo.pending.Tell(effects.Delivery{Kind: effects.Serve})
}

// Step handles what has happened. The effects gather until Take.
func (p *Peer) Step(now time.Duration, ev *Event) {
	if before := p.solo.committed; ev.Disk > 0 && p.solo.Durable(ev.Disk) > before {
		p.solo.pending.Tell(effects.Delivery{Kind: effects.Commit, Zxid: p.solo.committed})
	}
}

// Propose takes the next transaction of a server that leads. It panics unless the zxid is the next
// one.
func (p *Peer) Propose(e jute.Entry) { p.solo.Propose(e) }

// Forward sends a client's write to the leader. Nobody asks a server that leads.
func (p *Peer) Forward(r *jute.LearnerRequest) { panic("quorum: nobody to forward to") }

// Sync asks for a delivery Synced when everything is applied that is committed by now. false says
// that it is applied already.
func (p *Peer) Sync() bool { return p.solo.Sync() }

// Revalidate asks the leader whether a session may be continued here. The delivery Revalidated
// answers. Nobody asks a server that leads.
func (p *Peer) Revalidate(s jute.SessionTimeout) { panic("quorum: nobody to ask") }

// Revalidated is the chain's answer to the delivery Revalidate of a learner.
func (p *Peer) Revalidated(link effects.LinkID, id jute.SessionID, ok bool) {}

// Heard is the chain's answer to the delivery Heard: the sessions heard since the last one. The
// slice is read during the call.
func (p *Peer) Heard(sessions []jute.SessionTimeout) {}

// NextEpoch ends an epoch whose zxids are used up. Everything that was proposed must be committed.
// A server alone begins the next epoch: Lead and Serve are delivered. A leader ends its reign:
// Leave is delivered, and the next election brings the next epoch.
func (p *Peer) NextEpoch() {
	p.solo.NextEpoch()
	p.reignAlone()
}

// Take returns the effects since the last call. They are valid until the next call.
func (p *Peer) Take() *Effects {
	p.taken = Effects{Effects: p.solo.Take()}
	return &p.taken
}

// Status tells how it stands.
func (p *Peer) Status() Status {
	return Status{Role: Alone, Serves: true, Epoch: p.solo.proposed.Epoch(),
		Proposed: p.solo.proposed}
}
