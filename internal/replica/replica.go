package replica

import (
	"quoll/datatree"
	"quoll/jute"
	"quoll/processor"
	"quoll/processor/mail"
	"quoll/processor/session"
	"quoll/quorum"
	"quoll/quorum/zab"
)

// Config has the settings of a replica. They never change.
type Config struct {
	Chain          processor.Rules
	Roll           RollRules
	TickMillis     int32 // tickTime
	ServerID       uint8
	IntervalMillis int64 // how often Tick events come when all is well
	// ExpiriesPerStepAtMost is how many expired sessions end in one step. It keeps every step short
	// when thousands of sessions expire together.
	ExpiriesPerStepAtMost int
	Reap                  ReapRules
	Random                func(n int64) int64 // in [0, n)
	Hooks                 processor.Hooks
	// Ensemble is for a member of an ensemble; nil: the server is alone.
	Ensemble *Ensemble
}

// Ensemble is what a member of an ensemble needs to know.
type Ensemble struct {
	Peer quorum.Config
	// Start is what the server has on its disk. The replica takes it over.
	Start quorum.Start
	// LeaderRefusesClients: a leader serves only its learners (leaderServes=no).
	LeaderRefusesClients bool
}

// Replica is one server.
type Replica struct {
	config   Config
	now      Now // of this step
	tree     *datatree.Tree
	sessions *session.Table
	peer     *quorum.Peer
	event    quorum.Event // the peer's part of this step's events
	chain    *processor.Chain
	rolling  *rolling
	effects  Effects

	leads  bool // this server proposes, and ends sessions and nodes whose time is up
	serves bool // clients are served

	snapshots snapshots
	// building is the generation of the last job that makes a tree, while its result is waited for;
	// else 0. beside is the result.
	building uint64
	beside   *Built

	heard  []jute.SessionTimeout // room for an answer to the leader's ping
	reaper reaper
	// expired are sessions that have expired and whose closeSession is not proposed yet.
	expired []*session.Session
}

// New makes a replica around a tree and sessions that were restored from disk. It owns both from
// then on.
func New(
	config Config, tree *datatree.Tree, restored []session.Saved, conns *mail.Conns, now Now,
) *Replica {
	r := &Replica{config: config, now: now, tree: tree}
	r.sessions = session.NewTable(
		config.TickMillis, config.ServerID, now.WallMillis, now.MonoMillis)
	for _, s := range restored {
		r.sessions.Restore(s.ID, s.TimeoutMillis)
	}
	if e := config.Ensemble; e != nil {
		r.peer = quorum.NewPeer(e.Peer, e.Start)
		e.Start = quorum.Start{} // the peer lets go of the transactions in it some time
	} else {
		r.peer = quorum.NewPeer(quorum.Config{Alone: true},
			quorum.Start{Standing: zab.Standing{Last: tree.Peek().LastZxid()}})
	}
	r.rolling = newRolling(config.Roll, config.Random)
	r.chain = processor.NewChain(
		config.Chain, tree, r.sessions, conns, r.peer, config.Hooks)
	return r
}

// Step handles events and returns the effects. The effects are valid until the next step. The first
// step begins the server's first role, even if nothing has happened.
func (r *Replica) Step(ev *Events) *Effects {
	r.effects.reset()
	r.now = ev.Now
	r.chain.Time(ev.MonoMillis, ev.WallMillis)
	r.told(ev)
	r.deliver()
	r.reign()
	for _, b := range ev.Batches {
		r.chain.Requests(b)
	}
	if ev.Tick {
		r.tick(ev.Now)
	}
	r.expire()
	r.deliver()
	r.snapshots.wanted = r.snapshots.wanted || ev.Snapshot
	r.startSnapshot()
	r.gatherSessions()
	return &r.effects
}

// reign ends the reign when few zxids of its epoch are left. A server alone first waits until
// everything that it proposed is applied, as its requests wait, and goes on with the next epoch. A
// leader does not wait, because its learners do not.
func (r *Replica) reign() {
	if !r.chain.Spent() {
		return
	}
	if r.config.Ensemble == nil {
		if r.chain.InFlight() > 0 {
			return
		}
		r.chain.Resign()
	}
	r.peer.NextEpoch()
	r.deliver()
}

// InFlight is how many writes are not applied yet.
func (r *Replica) InFlight() int { return r.chain.InFlight() }

// Sessions is the table of sessions, for the core only.
func (r *Replica) Sessions() *session.Table { return r.sessions }

// Status tells how the server stands in its ensemble, for the core only.
func (r *Replica) Status() quorum.Status { return r.peer.Status() }
