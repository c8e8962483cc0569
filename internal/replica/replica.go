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
	Sync           SyncRules
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
	Generation uint64 // of Durable and SnapshotDone
	// Durable is the last zxid that the log has safely; 0 tells nothing.
	Durable jute.Zxid
	// Batches are the lanes' requests, in order of arrival.
	Batches []*mail.Batch
	// Tick asks for expiry and reaping.
	Tick bool
	// SnapshotDone tells that the job of Effects.Snapshot is over, well or not.
	SnapshotDone bool
}

// Append is one transaction on its way to the log.
type Append struct {
	Entry jute.Entry
	// Roll closes the log file behind this transaction; the next begins a new one.
	Roll bool
}

// SnapshotJob asks for a snapshot of the tree as it is from now on: it is fuzzy, and every
// transaction above Zxid must be replayed on it.
type SnapshotJob struct {
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
	Generation uint64
	// Append goes to the log in this order.
	Append []Append
	// Snapshot starts a job after Append was handed over; nil when none is wanted.
	Snapshot *SnapshotJob
	// LateMillis is how long the process stood still before this tick; deadlines moved by it.
	LateMillis int64
	// Again asks for another step, even if nothing happens: there is work left.
	Again bool
}

// Hands carry out what a step wants done.
type Hands interface {
	Append(generation uint64, txns []Append)
	Snapshot(*SnapshotJob)
	// Again asks for another step.
	Again()
	// Late is told that the process stood still, and that deadlines moved by so much.
	Late(millis int64)
}

// CarryOut hands everything out, in the order in which it must happen.
func (e *Effects) CarryOut(to Hands) {
	if len(e.Append) > 0 {
		to.Append(e.Generation, e.Append)
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
	config     Config
	tree       *datatree.Tree
	sessions   *session.Table
	peer       *quorum.Solo
	chain      *processor.Chain
	sync       *rolling
	generation uint64
	effects    Effects

	gathering    *SnapshotJob // whose sessions are being listed
	wantSnapshot bool
	snapshotting bool
	reaper       reaper
	// expired are closing: their time is up, and their closeSession is not proposed yet.
	expired []*session.Session
}

// New makes a replica around a tree that was restored from disk, with the sessions found there.
func New(
	config Config, tree *datatree.Tree, restored []session.Saved, conns *mail.Conns, now Now,
) *Replica {
	r := &Replica{config: config, tree: tree, generation: 1}
	r.sessions = session.NewTable(
		config.TickMillis, config.ServerID, now.WallMillis, now.MonoMillis)
	for _, s := range restored {
		r.sessions.Restore(s.ID, s.TimeoutMillis)
	}
	r.sessions.Lead(now.MonoMillis)
	r.peer = quorum.NewSolo(tree.Peek().LastZxid())
	r.sync = newSync(config.Sync, config.Random)
	r.chain = processor.NewChain(
		config.Chain, tree, r.sessions, conns, r.peer, config.Hooks)
	r.reaper = newReaper(config.Reap, now.MonoMillis)
	return r
}

// Step moves the server on by some events. The effects are valid until the next step.
func (r *Replica) Step(ev *Events) *Effects {
	r.effects = Effects{Generation: r.generation, Append: emptied(r.effects.Append)}
	r.chain.Time(ev.MonoMillis, ev.WallMillis)
	current := ev.Generation == r.generation
	if current && ev.SnapshotDone {
		r.snapshotting = false
	}
	if current && ev.Durable > 0 {
		r.chain.Committed(r.peer.Durable(ev.Durable))
	}
	for _, b := range ev.Batches {
		r.chain.Requests(b)
	}
	if ev.Tick {
		r.tick(ev.Now)
	}
	r.expire()
	r.takeAppends()
	r.gatherSessions()
	r.startSnapshot()
	return &r.effects
}

// keepAppends is the most transactions whose room is kept for the next step.
const keepAppends = 4096

// emptied lets go of what the last step handed to the log.
func emptied(a []Append) []Append {
	clear(a)
	if cap(a) > keepAppends {
		return nil
	}
	return a[:0]
}

// takeAppends hands the peer's transactions to the log.
func (r *Replica) takeAppends() {
	for _, e := range r.peer.Take().Append {
		roll := r.sync.logged(len(e.Payload))
		r.effects.Append = append(r.effects.Append, Append{Entry: e, Roll: roll})
		r.wantSnapshot = r.wantSnapshot || roll
	}
}

// startSnapshot starts the job when one is due and none runs: the one that runs will be followed
// by the next roll's.
func (r *Replica) startSnapshot() {
	if !r.wantSnapshot || r.snapshotting {
		return
	}
	r.wantSnapshot, r.snapshotting = false, true
	r.gathering = NewSnapshotJob(r.tree, nil)
	r.gathering.Generation = r.generation
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
