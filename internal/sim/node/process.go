package node

import (
	"slices"

	"quoll/datatree"
	"quoll/internal/replica"
	"quoll/internal/replica/inbox"
	"quoll/internal/replica/logwriter"
	"quoll/internal/replica/restore"
	"quoll/internal/sim/fuse"
	"quoll/internal/sim/lease"
	"quoll/internal/sim/pipe"
	"quoll/internal/sim/witness"
	"quoll/persistence"
	"quoll/processor"
	"quoll/processor/auth"
	"quoll/processor/lane"
	"quoll/processor/mail"
	"quoll/processor/prep"
	"quoll/processor/reads"
	"quoll/processor/stats"
	"quoll/processor/throttle"
	"quoll/quorum"
)

// process is one life of the server. The parts that internal/server runs on goroutines are on one
// agenda here.
type process struct {
	n      *Node
	life   int
	frozen int64 // nothing of it happens before this world time
	held   []func()
	clock  clock

	store   *persistence.Dir
	tree    *datatree.Tree
	shared  *lane.Shared
	replica *replica.Replica
	serving lane.Serving
	openAt  int64 // when serving changes for the last time, µs
	loops   []*loop

	inbox inbox.Inbox // what has come since the last step
	poked bool        // a step is planned
	log   logWriter
	walk  *walker // nil: no snapshot is being written
	works
	membership

	leases *lease.Book // judges expiries
}

// membership is a member's part of a process.
type membership struct {
	plugs
	witness *witness.Witness
	told    *witness.Told
	role    quorum.Role
	changed int64 // world time at which it began to serve, or ceased to
}

// freeze makes the process stand still until a moment.
func (p *process) freeze(until int64) {
	p.leases.Stand(p.clock.millis(), p.clock.at(until))
	p.frozen = max(p.frozen, until)
	p.n.record.Stood(p.n, p.n.Now, until)
}

// after plans something for the process, if it still lives then.
func (p *process) after(delay int64, do func()) {
	p.n.After(delay, func() { p.run(do) })
}

func (p *process) run(do func()) {
	switch {
	case p.n.process != p:
	case p.n.Now < p.frozen || len(p.held) > 0:
		if p.held = append(p.held, do); len(p.held) == 1 {
			p.n.After(p.frozen-p.n.Now, p.thaw)
		}
	default:
		p.n.guard(p, do)
	}
}

// thaw does what came while the process stood still, in order.
func (p *process) thaw() {
	if p.n.Now < p.frozen {
		p.n.After(p.frozen-p.n.Now, p.thaw)
		return
	}
	held := p.held
	p.held = nil
	for _, do := range held {
		if p.n.process == p {
			p.n.guard(p, do)
		}
	}
}

// ends ends a process that must not go on.
func (p *process) ends(doing string, err error) {
	switch {
	case p.n.fuse.Failed():
		p.n.Counts.Add("ended by a disk error", doing)
	default:
		p.n.Violate("node %d: %s failed on a sound disk: %v", p.n.number, doing, err)
	}
	panic(fuse.End{Why: doing})
}

// assemble makes the parts, ties them together and starts the ticker.
func (p *process) assemble(found *restore.Found, member *replica.Ensemble) {
	n, l := p.n, &p.n.set.Limits
	rules := &auth.Rules{DigestEnabled: true, SuperDigest: n.set.Model.SuperDigest}
	conns := mail.NewConns()
	now := p.now()
	p.leases.Ticked(now.MonoMillis)
	for _, s := range found.Sessions {
		p.leases.Restored(s.ID, s.TimeoutMillis, now.MonoMillis)
	}
	p.log.writer = logwriter.Writer{
		Log: p.store.Log(), Store: p.store, Flushed: p.log.noteFlush, Durable: p.log.durable,
		Load: p.log.load,
	}
	p.told = witness.NewTold(n.World)
	p.shared = &lane.Shared{
		Tree: p.tree, Conns: conns, Core: p, Clock: p.clock.millis, Serving: &p.serving,
		Counts: new(stats.Counts), Teller: p.told,
		Large: &throttle.Large{
			ThresholdBytes: n.set.LargeBytes, MaxBytes: 2 * n.set.LargeBytes,
		},
		Rules: lane.Rules{
			Auth: rules, EnforceSchemes: n.set.Enforce, MaxFrameBytes: l.MaxFrame,
			FirstFrameBytes:  100,
			MinTimeoutMillis: n.set.Times.MinTimeout, MaxTimeoutMillis: n.set.Times.MaxTimeout,
			MaxInFlight: l.InFlight, MaxInFlightBytes: l.InFlightBytes,
			OutputPauseBytes: l.OutputPause, OutstandingLimit: l.Outstanding,
			MaxBatchRequests: l.BatchRequests, MaxBatchBytes: l.BatchBytes,
			MaxInputRequests: 3 * l.BatchRequests, Ensemble: n.set.Peers != nil,
			BulkBytes: l.BulkBytes, MaxBulkBytes: 2 * l.BulkBytes,
			Reads: reads.Limits{
				ChunkNames: n.set.ChunkNames, ChunkBytes: 10,
				MaxMultiOps: n.set.Model.MaxMultiOps,
			},
		},
	}
	config := p.replicaConfig(rules)
	config.Ensemble = member
	p.replica = replica.New(config, p.tree, found.Sessions, conns, now)
	if n.set.Words {
		p.shared.Words = witness.Words{}
	}
	for range n.set.Lanes {
		p.loops = append(p.loops, newLoop(p))
	}
	n.net.Listen(n.Address(), pipe.Listener{Via: p.run, Choose: p.choose})
	if n.set.Peers != nil {
		p.openPorts()
		p.peerTick()
	}
	p.poke() // the first step begins the role
	p.tick()
}

// choose draws the loop that takes the next connection.
func (p *process) choose() func(*pipe.End) pipe.Reader {
	return p.loops[p.n.Rand.IntN(len(p.loops))].accept
}

func (p *process) replicaConfig(rules *auth.Rules) replica.Config {
	n, l := p.n, &p.n.set.Limits
	return replica.Config{
		Chain: processor.Rules{
			Prep: prep.Rules{
				Auth: rules, Digest: !n.set.NoDigest, ExtendedTypes: n.set.Model.ExtendedTypes,
				EnforceQuota: n.set.Model.EnforceQuota, CloseSessionTxn: n.set.CloseTxn,
				ReconfigEnabled: n.set.Model.Reconfig, EagerACLCheck: n.set.Eager,
				MaxMultiOps: n.set.Model.MaxMultiOps,
			},
			MaxApplyBatch: l.ApplyBatch, Throttle: n.set.Throttle,
			MaxSessions: n.set.MaxSessions, Counts: p.shared.Counts, Teller: p.shared.Teller,
			Reads: reads.Limits{
				MaxWatches: n.set.MaxWatches, MaxMultiOps: n.set.Model.MaxMultiOps,
			},
		},
		Roll: replica.RollRules{
			SnapCount: l.SnapCount, SnapSizeBytes: l.SnapBytes,
		},
		TickMillis:     int32(n.set.Times.TickMillis),
		ServerID:       uint8(n.number),
		IntervalMillis: n.set.Times.IntervalMillis, ExpiriesPerStepAtMost: 1,
		Reap: replica.ReapRules{
			CheckIntervalMillis: l.ReapCheckMillis, MaxPerMinute: l.ReapMaxPerMinute,
			CandidatesPerTickAtMost: 3,
		},
		Random: n.Rand.Int64N,
	}
}

// sockets lists the open connections, in the order of opening.
func (p *process) sockets() []*socket {
	var all []*socket
	for _, l := range p.loops {
		all = append(all, l.sockets...)
	}
	slices.SortFunc(all, func(a, b *socket) int { return a.link.ID() - b.link.ID() })
	return all
}

// idle says whether nothing is on its way to the disk.
func (p *process) idle() bool {
	return p.replica != nil && p.replica.InFlight() == 0 && p.inbox.Waiting() == 0 &&
		!p.log.busy && !p.log.failed && p.walk == nil && p.n.Now >= p.frozen
}

// retire ends the process in good order; another one starts.
func (p *process) retire() {
	if err := p.store.Close(); err != nil {
		p.ends("stop", err)
	}
	p.n.Counts.Add("fault", "stopped in good order")
	panic(fuse.End{Why: "stopped"})
}
