package sim

import (
	"slices"
	"sync/atomic"

	"quoll/datatree"
	"quoll/internal/model"
	"quoll/internal/replica"
	"quoll/internal/replica/inbox"
	"quoll/internal/replica/logwriter"
	"quoll/internal/replica/restore"
	"quoll/internal/sim/history"
	"quoll/internal/sim/lease"
	"quoll/jute"
	"quoll/persistence"
	"quoll/persistence/snap"
	"quoll/processor"
	"quoll/processor/auth"
	"quoll/processor/lane"
	"quoll/processor/mail"
	"quoll/processor/reads"
	"quoll/processor/session"
	"quoll/processor/stats"
	"quoll/processor/throttle"
)

// process is one life of the server: what internal/server puts on goroutines, on one agenda.
type process struct {
	w      *run
	life   int
	frozen int64 // nothing of it happens before this world time
	held   []func()
	failed bool // a call of the disk has
	clock  clock

	store   *persistence.Dir
	tree    *datatree.Tree
	shared  *lane.Shared
	replica *replica.Replica
	serving atomic.Bool
	loops   []*loop

	inbox inbox.Inbox // what has come since the last step
	poked bool        // a step is planned
	log   logWriter
	walk  *walker // nil: no snapshot is being written

	leases *lease.Book // to judge expiries
}

// freeze has the process stand still until a moment.
func (p *process) freeze(until int64) {
	p.leases.Stand(p.clock.millis(), p.clock.at(until))
	p.frozen = max(p.frozen, until)
	p.w.history.Pauses = append(p.w.history.Pauses, history.Pause{From: p.w.Now, To: until})
}

// clock is the monotonic clock of a life: it has its own zero, and its own idea of a second.
type clock struct {
	w       *run
	zero    int64 // world time
	perMill int64 // 1000 is right
}

func (c *clock) millis() int64 { return c.at(c.w.Now) }

func (c *clock) at(moment int64) int64 { return (moment-c.zero)*c.perMill/1_000_000 + 1 }

func (p *process) now() replica.Now {
	return replica.Now{MonoMillis: p.clock.millis(), WallMillis: p.w.wall + p.w.Now/1000}
}

// after plans something for the process, if it still lives then.
func (p *process) after(delay int64, do func()) {
	p.w.After(delay, func() { p.run(do) })
}

func (p *process) run(do func()) {
	switch {
	case p.w.process != p:
	case p.w.Now < p.frozen || len(p.held) > 0:
		if p.held = append(p.held, do); len(p.held) == 1 {
			p.w.After(p.frozen-p.w.Now, p.thaw)
		}
	default:
		p.w.guard(p, do)
	}
}

// thaw does what came while the process stood still, in order.
func (p *process) thaw() {
	if p.w.Now < p.frozen {
		p.w.After(p.frozen-p.w.Now, p.thaw)
		return
	}
	held := p.held
	p.held = nil
	for _, do := range held {
		if p.w.process == p {
			p.w.guard(p, do)
		}
	}
}

// boot starts the server.
func (w *run) boot() {
	if w.process != nil {
		return
	}
	w.decay()
	w.life++
	w.light()
	w.disk.Inject = w.inject
	p := &process{w: w, life: w.life}
	p.clock = clock{w: w, zero: w.Now, perMill: 1000}
	if w.plan.faults.drift {
		p.clock.perMill = w.Between(900, 1100)
	}
	p.leases = lease.NewBook(lease.Rules{
		TickMillis: tickMillis, IntervalMillis: intervalMillis, MinTimeout: minTimeout,
		MaxTimeout: maxTimeout, KernelTells: w.plan.limits.kernelTells,
		Throttled: w.plan.throttle.MaxRequests > 0,
	}, p.clock.millis())
	p.log.p = p
	w.process = p
	w.guard(p, func() {
		if err := p.start(); err != nil {
			p.ends("start", err)
		}
	})
}

// ends is the end of a process that must not go on.
func (p *process) ends(doing string, err error) {
	switch {
	case p.failed:
		p.w.Counts.Add("ended by a disk error", doing)
	default:
		p.w.Violate("%s failed on a sound disk: %v", doing, err)
	}
	panic(end{doing})
}

func (w *run) storeOptions() persistence.Options {
	o := persistence.DefaultOptions("/data")
	o.Log = w.plan.store.log
	if w.plan.store.twoDirs {
		o.DataLogDir = "/logs"
	}
	o.Snap = persistence.SnapOptions{}
	if w.plan.store.gzip {
		o.Snap.Compression = snap.Gzip
	}
	return o
}

func (p *process) start() error {
	w := p.w
	tree, dir, found, err := w.restore(w.disk)
	if err != nil {
		return err
	}
	p.store, p.tree = dir, tree
	w.recovered(p, found)
	if len(found.Skipped) > 0 {
		w.Counts.Add("recovery", "a snapshot was skipped")
	}
	if found.TornBytes > 0 {
		w.Counts.Add("recovery", "a torn end was cut off")
	}
	if len(found.RemovedLogs) > 0 {
		w.Counts.Add("recovery", "an empty log was removed")
	}
	if found.NeedsSnapshot() {
		if err := p.firstSnapshot(found.Sessions); err != nil {
			return err
		}
	}
	p.assemble(found.Sessions)
	w.at(pointBooted)
	return nil
}

// assemble makes the parts, ties them together and starts the ticker.
func (p *process) assemble(sessions []session.Saved) {
	w, l := p.w, &p.w.plan.limits
	rules := &auth.Rules{DigestEnabled: true, SuperDigest: w.plan.model.SuperDigest}
	conns := mail.NewConns()
	now := p.now()
	p.leases.Ticked(now.MonoMillis)
	for _, s := range sessions {
		p.leases.Restored(s.ID, s.TimeoutMillis, now.MonoMillis)
	}
	p.log.writer = logwriter.Writer{Log: p.store.Log(), Told: p.log.told}
	p.shared = &lane.Shared{
		Tree: p.tree, Conns: conns, Core: p, Clock: p.clock.millis, Serving: &p.serving,
		Counts: new(stats.Counts), Teller: newTold(w),
		Large: &throttle.Large{
			ThresholdBytes: w.plan.largeBytes, MaxBytes: 2 * w.plan.largeBytes,
		},
		Rules: lane.Rules{
			Auth: rules, EnforceSchemes: w.plan.enforce, MaxFrameBytes: l.maxFrame,
			FirstFrameBytes:  100,
			MinTimeoutMillis: minTimeout, MaxTimeoutMillis: maxTimeout,
			MaxInFlight: l.inFlight, MaxInFlightBytes: l.inFlightBytes,
			OutputPauseBytes: l.outputPause, OutstandingLimit: l.outstanding,
			MaxBatchRequests: l.batchRequests, MaxBatchBytes: l.batchBytes,
			MaxInputRequests: 3 * l.batchRequests,
			BulkBytes:        l.bulkBytes, MaxBulkBytes: 2 * l.bulkBytes,
			Reads: reads.Limits{
				ChunkNames: w.plan.chunkNames(), ChunkBytes: 10,
				MaxMultiOps: w.plan.model.MaxMultiOps,
			},
		},
	}
	p.replica = replica.New(p.replicaConfig(rules), p.tree, sessions, conns, now)
	if w.plan.words {
		p.shared.Words = words{}
	}
	for range w.plan.lanes {
		p.loops = append(p.loops, newLoop(p))
	}
	p.after(w.Between(0, 20_000), func() { p.serving.Store(true) })
	p.tick()
}

func (p *process) replicaConfig(rules *auth.Rules) replica.Config {
	w, l := p.w, &p.w.plan.limits
	return replica.Config{
		Chain: processor.Rules{
			Prep: processor.PrepRules{
				Auth: rules, Digest: !w.plan.noDigest, ExtendedTypes: w.plan.model.ExtendedTypes,
				EnforceQuota: w.plan.model.EnforceQuota, CloseSessionTxn: w.plan.closeTxn,
				ReconfigEnabled: w.plan.model.Reconfig, EagerACLCheck: w.plan.eager,
				MaxMultiOps: w.plan.model.MaxMultiOps,
			},
			MaxApplyBatch: l.applyBatch, Throttle: w.plan.throttle,
			MaxSessions: w.plan.maxSessions, Counts: p.shared.Counts, Teller: p.shared.Teller,
			Reads: reads.Limits{
				MaxWatches: w.plan.maxWatches, MaxMultiOps: w.plan.model.MaxMultiOps,
			},
		},
		Sync: replica.SyncRules{
			SnapCount: l.snapCount, SnapSizeBytes: l.snapBytes,
		},
		TickMillis:     tickMillis,
		ServerID:       1,
		IntervalMillis: intervalMillis, ExpiriesPerStepAtMost: 1,
		Reap: replica.ReapRules{
			CheckIntervalMillis: l.reapCheckMillis, MaxPerMinute: l.reapMaxPerMinute,
			CandidatesPerTickAtMost: 3,
		},
		Random: w.Rand.Int64N,
	}
}

// recovered compares what was found with what was proposed, and forgets what did not survive.
func (w *run) recovered(p *process, found *restore.Found) {
	last := found.LastZxid
	if int(last) > len(w.log) {
		w.Violate("recovered to %v, but only %d transactions were proposed", last, len(w.log))
		return
	}
	for i := range w.log[last:] {
		switch h := &w.log[int(last)+i].Entry.Header; h.Type {
		case jute.OpCreateSession:
			w.history.Unborn++
		case jute.OpCloseSession:
			w.history.Lost[h.ClientID] = true
		}
		w.Counts.Add("fault", "a proposed transaction is lost")
	}
	w.log = w.log[:last]
	for _, id := range found.Orphans {
		w.Counts.Add("recovery", "orphans were removed")
		if !w.history.Orphaned[id] {
			w.Violate("session %v is unknown, and its ephemerals are removed", id)
		}
	}
	ids := make([]jute.SessionID, 0, len(found.Sessions))
	for _, s := range found.Sessions {
		ids = append(ids, s.ID)
	}
	w.history.Recoveries = append(w.history.Recoveries, history.Recovery{
		Zxid: last, Life: p.life, Digest: p.tree.Peek().TreeDigest(),
		Fingerprint: fingerprint(p.tree), Sessions: ids, Orphans: found.Orphans,
	})
	if f := p.tree.Faults(); f != (datatree.Faults{}) {
		w.Violate("replay up to %v: %+v", last, f)
	}
	w.Note("start %d: recovered to %v", p.life, last)
	w.Trace.Mix(uint64(last), p.tree.Peek().TreeDigest())
}

// fingerprint is the tree's as model.Tree.Fingerprint is the model's.
func fingerprint(tree *datatree.Tree) uint64 {
	var f model.Fingerprint
	var cursor datatree.Cursor
	view := tree.Peek()
	for more := true; more; {
		more, _ = tree.Walk(&cursor, 1000, func(
			path string, data []byte, _ int64, st *jute.StatPersisted,
		) error {
			ref, _ := view.Find([]byte(path))
			f.Node(path, data, view.ACL(ref), st)
			return nil
		})
	}
	return f.Sum()
}

// Submit takes a lane's batch (lane.Core).
func (p *process) Submit(_ *lane.Lane, b *mail.Batch) {
	p.inbox.Submit(b)
	p.poke()
}

// poke plans a step of the core.
func (p *process) poke() {
	if !p.poked {
		p.poked = true
		p.after(p.w.Between(1, 200), p.step)
	}
}

func (p *process) tick() {
	p.after(intervalMillis*1000*1000/p.clock.perMill, func() {
		p.inbox.Tick()
		p.poke()
		p.shared.Tick()
		p.tick()
	})
}

// step is one turn of the core.
func (p *process) step() {
	w := p.w
	w.at(pointStep)
	ev := p.inbox.Take()
	p.poked = false
	ev.Now = p.now()
	effects := p.replica.Step(&ev)
	p.inbox.Recycle(ev.Batches)
	w.at(pointStepped)
	if f := p.tree.Faults(); f != (datatree.Faults{}) {
		w.Violate("apply: %+v", f)
	}
	for i := range effects.Append {
		p.propose(&effects.Append[i].Entry, ev.MonoMillis)
	}
	if ev.Tick {
		p.leases.Ticked(ev.MonoMillis)
		if id, latest, late := p.leases.Overdue(ev.MonoMillis); late {
			w.Violate("late expiry: session %v lives at %d, not by %d", id, ev.MonoMillis, latest)
		}
	}
	effects.CarryOut(p)
}

// Append implements replica.Hands.
func (p *process) Append(generation uint64, txns []replica.Append) {
	p.log.append(generation, txns)
	p.w.at(pointAppended)
}

// Snapshot implements replica.Hands.
func (p *process) Snapshot(job *replica.SnapshotJob) {
	p.w.at(pointSnapshot)
	p.startWalk(job)
}

// Again implements replica.Hands.
func (p *process) Again() {
	p.w.Counts.Add("session", "expired in another step")
	p.poke()
}

// Late implements replica.Hands.
func (p *process) Late(int64) {
	p.w.Counts.Add("session", "deadlines moved because the process stood still")
}

// propose notes a transaction on its way to the log.
func (p *process) propose(e *jute.Entry, mono int64) {
	w, h := p.w, &e.Header
	if int(h.Zxid) != len(w.log)+1 {
		w.Violate("%v is proposed when %d transactions were", h.Zxid, len(w.log))
	}
	t := history.Txn{Entry: *e, Applied: p.tree.Peek().LastZxid(), At: w.Now}
	t.Entry.Payload = slices.Clone(e.Payload)
	parsed, err := jute.ParseEntry(t.Entry.Payload)
	if err != nil {
		w.Violate("transaction %v cannot be read: %v", h.Zxid, err)
	}
	t.Entry = parsed
	w.Trace.Bytes(t.Entry.Payload)
	w.Note("proposed %v %v, session %v, xid %d", h.Zxid, h.Type, h.ClientID, h.Cxid)
	switch {
	case h.Type == jute.OpCreateSession:
		var txn jute.CreateSessionTxn
		_, _ = jute.Decode(e.Body, &txn)
		p.leases.Created(h.ClientID, txn.TimeOut, mono)
	case h.Type == jute.OpCloseSession && h.Cxid == 0:
		w.Counts.Add("session", "expired")
		t.Expiry = p.leases.Expired(h.ClientID, mono)
		p.leases.Ended(h.ClientID)
	case h.Type == jute.OpCloseSession:
		w.Counts.Add("session", "closed")
		p.leases.Ended(h.ClientID)
	case h.Type == jute.OpDeleteContainer && h.ClientID == 0:
		w.Counts.Add("reaper", "deleted a node")
	}
	w.log = append(w.log, t)
}

// sockets lists the connections that stand, in the order of opening.
func (p *process) sockets() []*socket {
	var all []*socket
	for _, l := range p.loops {
		all = append(all, l.sockets...)
	}
	slices.SortFunc(all, func(a, b *socket) int { return a.link.id() - b.link.id() })
	return all
}

// idle: nothing is on its way to the disk.
func (p *process) idle() bool {
	return p.replica != nil && p.replica.InFlight() == 0 && p.inbox.Waiting() == 0 &&
		!p.log.busy && !p.log.failed && p.walk == nil && p.w.Now >= p.frozen
}

// retire ends the process in good order; another one starts.
func (p *process) retire() {
	if err := p.store.Close(); err != nil {
		p.ends("stop", err)
	}
	p.w.Counts.Add("fault", "stopped in good order")
	panic(end{"stopped"})
}
