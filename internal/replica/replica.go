package replica

import (
	"quoll/datatree"
	"quoll/jute"
	"quoll/processor"
	"quoll/processor/mail"
	"quoll/processor/session"
	"quoll/quorum"
	"quoll/quorum/effects"
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
}

// Now is the time of a step. Deadlines follow the monotonic clock; the wall clock is only for time
// stamps.
type Now struct {
	MonoMillis int64
	WallMillis int64
}

// Events are the inputs of one step. Step handles the fields in the order of their declaration.
type Events struct {
	// Now is set first: everything in the step happens at this time.
	Now
	// Disk says that every operation of the disk up to this ticket is durable; 0 says nothing new.
	// It is handled before Batches: the transactions that it commits are applied first.
	Disk effects.Ticket
	// Jobs are the generations of jobs that have ended, successfully or not. They are handled
	// behind Disk and before Batches.
	Jobs []uint64
	// Batches are the lanes' requests, in the order of their arrival. They are handled behind Disk
	// and before Tick: a session can expire only when all requests that came are handled.
	Batches []*mail.Batch
	// Tick asks for expiry and reaping. It is handled last.
	Tick bool
}

// DiskOp is one operation that the disk must carry out.
type DiskOp struct {
	effects.DiskOp
	// Roll closes the log file behind the transaction of this operation. The next transaction
	// begins a new file.
	Roll bool
}

// SnapshotJob asks for a snapshot of the tree. The tree changes while the snapshot is written, so
// the snapshot is fuzzy: every transaction above Zxid must be replayed on it.
type SnapshotJob struct {
	// Generation is the number of this job alone, so that the end of an older job cannot be taken
	// for the end of this one.
	Generation uint64
	Zxid       jute.Zxid
	Sessions   []session.Saved // can hold a session twice: see session.Sorted
	ACLs       []ACLEntry      // the table that the nodes' keys point into
	Cursor     datatree.Cursor // at the beginning of the walk

	gathered session.Cursor
}

// ACLEntry is one list of the ACL table.
type ACLEntry struct {
	Key int64
	ACL []jute.ACL
}

// Effects are the outputs of one step. CarryOut hands them out: Disk, Snapshot, Again, LateMillis.
// When Step returns, the replies of the step are in the mailboxes already. The next step reuses the
// Effects.
type Effects struct {
	// Disk is handed over first. Its operations are carried out in this order, behind those of all
	// earlier steps. The n-th operation since the start has ticket n.
	Disk []DiskOp
	// Snapshot is a job that starts after Disk was handed over; nil if none is wanted. It need not
	// wait until Disk is carried out.
	Snapshot *SnapshotJob
	// LateMillis is how long the process stood still before this tick; 0: it did not. The deadlines
	// of sessions have moved by this time already, so it is only to be reported, after all else.
	LateMillis int64
	// Again asks for another step even if no event comes, because work is left. It is handed over
	// behind Disk and Snapshot.
	Again bool
}

// Hands carry out the effects of a step.
type Hands interface {
	// Disk takes operations of the disk, in order. The slice is valid until the next step.
	Disk([]DiskOp)
	// Snapshot starts a job. The end of the job comes back in Events.Jobs.
	Snapshot(*SnapshotJob)
	// Again asks for another step.
	Again()
	// Late reports that the process stood still, and that deadlines moved by so many milliseconds.
	Late(millis int64)
}

// CarryOut hands all effects out, in the order in which they must happen.
func (e *Effects) CarryOut(to Hands) {
	if len(e.Disk) > 0 {
		to.Disk(e.Disk)
	}
	if e.Snapshot != nil {
		to.Snapshot(e.Snapshot)
	}
	if e.Again {
		to.Again()
	}
	if e.LateMillis > 0 {
		to.Late(e.LateMillis)
	}
}

// Replica is one server.
type Replica struct {
	config   Config
	tree     *datatree.Tree
	sessions *session.Table
	peer     *quorum.Solo
	chain    *processor.Chain
	rolling  *rolling
	effects  Effects

	gathering    *SnapshotJob // the job whose sessions are being listed; nil: none
	wantSnapshot bool
	jobs         uint64 // the last generation that a job got
	walking      uint64 // generation of the snapshot that is being written; 0: none
	reaper       reaper
	// expired are sessions that have expired and whose closeSession is not proposed yet.
	expired []*session.Session
}

// New makes a replica around a tree and sessions that were restored from disk. It owns both from
// then on.
func New(
	config Config, tree *datatree.Tree, restored []session.Saved, conns *mail.Conns, now Now,
) *Replica {
	r := &Replica{config: config, tree: tree}
	r.sessions = session.NewTable(
		config.TickMillis, config.ServerID, now.WallMillis, now.MonoMillis)
	for _, s := range restored {
		r.sessions.Restore(s.ID, s.TimeoutMillis)
	}
	r.sessions.Lead(now.MonoMillis)
	r.peer = quorum.NewSolo(tree.Peek().LastZxid())
	r.rolling = newRolling(config.Roll, config.Random)
	r.chain = processor.NewChain(
		config.Chain, tree, r.sessions, conns, r.peer, config.Hooks)
	r.chain.Lead(tree.Peek().LastZxid())
	r.reaper = newReaper(config.Reap, now.MonoMillis)
	return r
}

// Step handles events and returns the effects. The effects are valid until the next step.
func (r *Replica) Step(ev *Events) *Effects {
	r.effects = Effects{Disk: emptied(r.effects.Disk)}
	r.chain.Time(ev.MonoMillis, ev.WallMillis)
	if ev.Disk > 0 {
		r.chain.Committed(r.peer.Durable(ev.Disk))
	}
	for _, generation := range ev.Jobs {
		if generation == r.walking {
			r.walking = 0
		}
	}
	r.reign()
	for _, b := range ev.Batches {
		r.chain.Requests(b)
	}
	if ev.Tick {
		r.tick(ev.Now)
	}
	r.expire()
	r.takeDisk()
	r.gatherSessions()
	r.startSnapshot()
	return &r.effects
}

// reign begins the next reign when the zxids of this one are used up and everything that it
// proposed is applied. Requests have waited for this.
func (r *Replica) reign() {
	if r.chain.Spent() && r.chain.InFlight() == 0 {
		r.chain.Resign()
		r.chain.Lead(r.peer.NextEpoch())
	}
}

// keepOps is the largest capacity, in operations, that is kept for the next step.
const keepOps = 4096

// emptied returns the slice of the last step, emptied, so that the entries in it can be collected.
func emptied(ops []DiskOp) []DiskOp {
	clear(ops)
	if cap(ops) > keepOps {
		return nil
	}
	return ops[:0]
}

// takeDisk adds the peer's operations to Effects.Disk, and decides behind which one the log rolls.
func (r *Replica) takeDisk() {
	ops := r.peer.Take().Disk
	for i := range ops {
		op := &ops[i]
		roll := op.Kind == effects.Append && r.rolling.logged(len(op.Entry.Payload))
		r.effects.Disk = append(r.effects.Disk, DiskOp{DiskOp: *op, Roll: roll})
		r.wantSnapshot = r.wantSnapshot || roll
	}
}

// startSnapshot starts a snapshot job if one is wanted and none runs. While one runs the wish is
// kept, and a job starts when the running one has ended.
func (r *Replica) startSnapshot() {
	if !r.wantSnapshot || r.walking > 0 {
		return
	}
	r.jobs++
	r.wantSnapshot, r.walking = false, r.jobs
	r.gathering = NewSnapshotJob(r.tree, nil)
	r.gathering.Generation = r.jobs
	r.gatherSessions()
}

// sessionsPerStep is how many sessions a step lists for a snapshot. A step that listed a million
// would delay all requests.
const sessionsPerStep = 8192

// gatherSessions lists some sessions for a snapshot, and starts the snapshot when all are listed.
// The list is as fuzzy as the tree: sessions that begin or end meanwhile do so in transactions
// above the job's zxid, and these are replayed.
func (r *Replica) gatherSessions() {
	job := r.gathering
	if job == nil {
		return
	}
	var more bool
	job.Sessions, more = r.sessions.SnapshotPart(job.Sessions, &job.gathered, sessionsPerStep)
	if more {
		r.effects.Again = true
		return
	}
	r.effects.Snapshot, r.gathering = job, nil
}

// NewSnapshotJob begins a walk for a snapshot of the tree in its present state. The caller must be
// the only writer of the tree. The job has no Generation.
func NewSnapshotJob(tree *datatree.Tree, sessions []session.Saved) *SnapshotJob {
	job := &SnapshotJob{Sessions: sessions}
	v := tree.Peek()
	v.StartWalk(&job.Cursor)
	v.ACLTable(func(key int64, acl []jute.ACL) {
		job.ACLs = append(job.ACLs, ACLEntry{Key: key, ACL: acl})
	})
	job.Zxid = job.Cursor.Zxid()
	return job
}

// InFlight is how many writes are not applied yet.
func (r *Replica) InFlight() int { return r.chain.InFlight() }

// Sessions is the table of sessions, for the core's goroutine only.
func (r *Replica) Sessions() *session.Table { return r.sessions }
