package quorum

import (
	"fmt"

	"quoll/jute/ensemble"
	"quoll/quorum/effects"
	"quoll/quorum/election"
	"quoll/quorum/zab"
)

// look begins an election. Everything that the disk was asked for is durable.
func (p *Peer) look() {
	p.stage = looking
	p.told.elections++
	p.member.Look(p.now, election.Standing{
		Zxid: p.standing.Last, PeerEpoch: p.standing.Current, Silent: p.join.silent,
	})
	p.join.silent = nil
	p.listen()
	p.elected()
}

// elected begins the role that an election has given, if one has ended.
func (p *Peer) elected() {
	if p.stage != looking {
		return
	}
	switch p.member.State() {
	case ensemble.Leading:
		p.lead()
	case ensemble.Following, ensemble.Observing:
		p.follow()
	}
}

// lead begins the role of a leader. Learners that have connected while this server still looked
// have waited for it.
func (p *Peer) lead() {
	c := &p.config.Zab
	p.stage, p.reigns = leading, false
	p.leader = zab.NewLeader(zab.LeaderConfig{
		Me: p.config.Me, Members: p.config.Members, Text: c.Text,
		Tick: c.Tick, InitLimit: c.InitLimit, SyncLimit: c.SyncLimit, Window: c.Window,
		SnapshotBytes: c.SnapshotBytes, SnapshotSizeFactor: c.SnapshotSizeFactor,
		ForceSnapshotSync: c.ForceSnapshotSync, QuorumSync: c.QuorumSync,
		InitialZxid: c.InitialZxid, Unsure: p.unsure,
	}, p.standing, p.history, &p.pending, p.now)
	p.role = p.leader
	p.admitHeld()
}

// learn begins the role of a learner, on a connection to the leader that is elected.
func (p *Peer) learn(link effects.LinkID) {
	c := &p.config.Zab
	p.stage, p.reigns = learning, false
	p.links.own(link)
	config := zab.LearnerConfig{
		Me: p.config.Me, Observer: !p.config.Members.Votes(p.config.Me),
		InitLimit: c.InitLimit, SyncLimit: c.SyncLimit, InitialZxid: c.InitialZxid,
	}
	if p.join.empty.leader == p.join.leader {
		config.EmptyFor = p.join.empty.epoch
	}
	p.learner = zab.NewLearner(config, p.standing, p.history, &p.pending, link, p.now)
	p.role = p.learner
}

// after follows each event that a role was told. An error ends the role.
func (p *Peer) after(err error) {
	switch {
	case err != nil:
		p.leave(err)
	case !p.reigns && p.role.Established():
		p.reigns = true
		p.member.Reign(p.role.Epoch())
		p.join.succeeded()
	}
}

// leave ends a role. The chain hears it first. Connections and jobs end, and nobody listens any
// more. Before the next election begins everything must be durable: the vote says what this server
// has.
func (p *Peer) leave(why error) {
	p.told.ended = append(p.told.ended, fmt.Errorf("%v in epoch %d: %w",
		p.Status().Role, p.role.Epoch(), why))
	p.standing = p.role.Standing()
	if p.learner != nil {
		p.join.ended(p.learner, p.reigns, why)
	} else {
		p.told.gone = append(p.told.gone, p.leader.Gone()...)
		p.unsure = p.leader.Unsure()
		p.unlisten()
	}
	p.pending.Tell(effects.Delivery{Kind: effects.Leave})
	p.heard = p.pending.Turn() + 2
	p.closeAll()
	p.role.Cancel()
	p.role, p.leader, p.learner, p.reigns = nil, nil, nil, false
	p.stage = flushing
	p.flushed()
}

// deaf is true from the end of a role until the chain has heard Leave. What the chain asks for
// meanwhile belongs to the role that has ended, and is dropped.
func (p *Peer) deaf() bool { return p.pending.Turn() < p.heard }

// flushed goes on when everything is durable that a role has asked of the disk. Mostly the tree
// then fits the log. It is loaded anew if a role ended between a cut and the tree of what is left.
func (p *Peer) flushed() {
	if p.durable < p.pending.Given() {
		return
	}
	switch p.stage {
	case flushing:
		if _, kept := p.history.Behind(p.standing.Applied); kept &&
			p.standing.Applied <= p.history.Last() {
			p.look()
			return
		}
		p.stage = reloading
		_, p.reload = p.pending.Load()
	case reloading:
		if p.reload == 0 {
			p.look()
		}
	}
}

// reloaded takes over a tree that holds what the log has. The disk's word that it is done follows.
func (p *Peer) reloaded(d *effects.JobDone) {
	if d.Err != nil {
		panic(fmt.Sprintf("quorum: the own history cannot be loaded: %v", d.Err))
	}
	p.pending.Tell(effects.Delivery{Kind: effects.Adopt})
	p.standing.Applied = p.standing.Last
	p.reload = 0
	p.flushed()
}
