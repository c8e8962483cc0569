package replica

import (
	"quoll/datatree"
	"quoll/jute"
	"quoll/processor"
	"quoll/processor/mail"
	"quoll/processor/session"
	"quoll/quorum"
)

// Config is what a replica is told once.
type Config struct {
	Chain          processor.Rules
	Roll           RollRules
	TickMillis     int32 // tickTime
	ServerID       uint8
	IntervalMillis int64 // how often Tick events come when all is well
	// ExpiriesPerStepAtMost is how many sessions end in one step, so that no step is long when
	// thousands have gone silent together.
	ExpiriesPerStepAtMost int
	Reap                  ReapRules
	Random                func(n int64) int64 // in [0, n)
	Hooks                 processor.Hooks
}

// Now is the time of a step: the monotonic clock rules deadlines, the wall clock only stamps.
type Now struct {
	MonoMillis int64
	WallMillis int64
}

// Events is what a step is told. Fields are handled in the order in which they stand here.
type Events struct {
	Now
	// Disk: every operation of the disk up to this ticket is durable; 0 tells nothing new.
	Disk quorum.Ticket
	// Jobs are the generations of jobs that are over, well or not.
	Jobs []uint64
	// Batches are the lanes' requests, in order of arrival.
	Batches []*mail.Batch
	// Tick asks for expiry and reaping.
	Tick bool
}

// DiskOp is one operation of the disk on its way there.
type DiskOp struct {
	quorum.DiskOp
	// Roll closes the log file behind the transaction that is appended; the next begins a new one.
	Roll bool
}

// SnapshotJob asks for a snapshot of the tree as it is from now on: it is fuzzy, and every
// transaction above Zxid must be replayed on it.
type SnapshotJob struct {
	// Generation is its own: no other job has it, so that the end of a job that nobody waits for
	// any more is not taken for that of another one.
	Generation uint64
	Zxid       jute.Zxid
	Sessions   []session.Saved // perhaps one twice: see session.Sorted
	ACLs       []ACLEntry      // the table that the nodes' keys point into
	Cursor     datatree.Cursor // at the beginning of the walk

	gathered session.Cursor
}

// ACLEntry is one list of the ACL table.
type ACLEntry struct {
	Key int64
	ACL []jute.ACL
}

// Effects is what a step wants done. It is reused by the next step.
type Effects struct {
	// Disk is carried out in this order, behind what was asked before. The n-th operation since the
	// start has ticket n.
	Disk []DiskOp
	// Snapshot starts a job after Disk was handed over; nil when none is wanted.
	Snapshot *SnapshotJob
	// LateMillis is how long the process stood still before this tick; deadlines moved by it.
	LateMillis int64
	// Again asks for another step, even if nothing happens: there is work left.
	Again bool
}

// Hands carry out what a step wants done.
type Hands interface {
	// Disk takes what is to happen on disk, in order. The slice is valid until the next step.
	Disk([]DiskOp)
	Snapshot(*SnapshotJob)
	// Again asks for another step.
	Again()
	// Late is told that the process stood still, and that deadlines moved by so much.
	Late(millis int64)
}

// CarryOut hands everything out, in the order in which it must happen.
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

	gathering    *SnapshotJob // whose sessions are being listed
	wantSnapshot bool
	jobs         uint64 // generations given
	walking      uint64 // generation of the snapshot that is being written; 0: none
	reaper       reaper
	// expired are closing: their time is up, and their closeSession is not proposed yet.
	expired []*session.Session
}

// New makes a replica around a tree that was restored from disk, with the sessions found there.
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

// Step moves the server on by some events. The effects are valid until the next step.
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

// reign begins the next reign when the zxids of this one are used up and all that it proposed is
// applied. Requests have waited for it.
func (r *Replica) reign() {
	if r.chain.Spent() && r.chain.InFlight() == 0 {
		r.chain.Resign()
		r.chain.Lead(r.peer.NextEpoch())
	}
}

// keepOps is the most operations whose room is kept for the next step.
const keepOps = 4096

// emptied lets go of what the last step handed to the disk.
func emptied(ops []DiskOp) []DiskOp {
	clear(ops)
	if cap(ops) > keepOps {
		return nil
	}
	return ops[:0]
}

// takeDisk hands on what the peer asks of the disk.
func (r *Replica) takeDisk() {
	ops := r.peer.Take().Disk
	for i := range ops {
		op := &ops[i]
		roll := op.Kind == quorum.Append && r.rolling.logged(len(op.Entry.Payload))
		r.effects.Disk = append(r.effects.Disk, DiskOp{DiskOp: *op, Roll: roll})
		r.wantSnapshot = r.wantSnapshot || roll
	}
}

// startSnapshot starts the job when one is due and none runs: the one that runs will be followed
// by the next roll's.
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

// sessionsPerStep is how many sessions a step lists for a snapshot: a million at once would hold
// everybody up.
const sessionsPerStep = 8192

// gatherSessions lists the sessions for a snapshot, and starts it when it has them all. The list is
// as fuzzy as the tree that is walked: what happens to sessions meanwhile is above the job's zxid,
// and is replayed.
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

// NewSnapshotJob begins the walk for a snapshot of the tree as it is. The caller is the tree's one
// writer.
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

// Sessions is the table, for the core's goroutine only.
func (r *Replica) Sessions() *session.Table { return r.sessions }
