package node

import (
	"errors"
	"time"

	"quoll/internal/replica"
	"quoll/internal/replica/logwriter"
	"quoll/internal/replica/restore"
	"quoll/internal/replica/snapshotting"
	"quoll/internal/sim/fuse"
	"quoll/persistence"
	"quoll/quorum/effects"
)

// logWriter runs the log's writer on the agenda: one flush for all that gathered meanwhile.
type logWriter struct {
	p         *process
	writer    logwriter.Writer
	queue     logwriter.Queue
	busy      bool
	failed    bool
	slowUntil int64 // world time: flushes take long until then
	flushed   int64 // world time of the last flush
	looks     int   // how many looks there were; only the last one counts
	told      effects.Ticket
	asked     []effects.DiskKind // all operations; each has the place of its ticket, from 1
}

func (l *logWriter) put(ops []replica.DiskOp) {
	for i := range ops {
		l.asked = append(l.asked, ops[i].Kind)
	}
	l.queue.Put(ops)
	l.look()
}

// look decides whether to flush what is queued, or to wait for more.
func (l *logWriter) look() {
	if l.busy || l.failed {
		return
	}
	n := l.p.n
	l.looks++
	since := time.Duration(n.Now-l.flushed) * time.Microsecond
	wait := n.set.Store.Gather.Wait(l.queue.Waiting(), since)
	if wait <= 0 {
		l.begin()
		return
	}
	n.Counts.Add("log writer", "waits for company")
	look := l.looks
	l.p.after(wait.Microseconds(), func() {
		if l.looks == look && !l.busy && !l.failed {
			l.begin()
		}
	})
}

// begin takes what is queued, and draws how long the disk takes for it.
func (l *logWriter) begin() {
	n := l.p.n
	l.busy = true
	batch := l.queue.Take()
	delay := n.Between(50, 800)
	if n.Now < l.slowUntil {
		delay = n.Between(800, l.slowUntil-n.Now+800)
	}
	l.p.after(delay, func() {
		n.fuse.At(fuse.Writing)
		if err := l.writer.Write(batch); err != nil {
			l.fail(err)
			return
		}
		l.queue.Recycle(batch)
		l.busy = false
		switch {
		case l.queue.Waiting() > 0:
			l.look()
		case n.Chance(3):
			l.p.after(n.Between(1000, 20_000), l.settle)
		}
	})
}

// noteFlush is told of each flush.
func (l *logWriter) noteFlush(int) { l.flushed = l.p.n.Now }

// durable is told of what is on disk.
func (l *logWriter) durable(ticket effects.Ticket) {
	p := l.p
	p.n.Note("node %d: ticket %d is durable", p.n.number, ticket)
	p.n.record.Settled(p.n, int(ticket-l.told))
	l.told = ticket
	p.n.fuse.At(fuse.Durable)
	p.inbox.Durable(ticket)
	p.poke()
	p.n.fuse.At(fuse.Told)
}

// load reads the history into a tree beside the one that is served.
func (l *logWriter) load(generation uint64) error {
	done, err := restore.Load(l.p.n.disk, l.p.store, l.p.n.newTree(), generation)
	if err == nil {
		l.p.n.Counts.Add("job", "Load")
		l.p.did(done)
	}
	return err
}

func (l *logWriter) settle() {
	if l.busy || l.failed || l.queue.Waiting() > 0 {
		return
	}
	if err := l.writer.Settle(); err != nil {
		l.fail(err)
	}
}

// fail plans the end of the process. Until then the process goes on, and must not answer what is
// not durable.
func (l *logWriter) fail(err error) {
	p := l.p
	if !errors.Is(err, persistence.ErrDisk) {
		p.n.Violate("the log's error is not final: %v", err)
	}
	l.failed = true
	p.after(p.n.Between(0, 30_000), func() { p.ends("log", err) })
}

// walker writes one snapshot, a few nodes at a time, while the server works.
type walker struct {
	p    *process
	job  *replica.SnapshotJob
	walk *snapshotting.Walk
	to   *outlet // of a stream; nil: a file is written
}

func (p *process) startWalk(job *replica.SnapshotJob) {
	k := &walker{p: p, job: job}
	p.n.Note("node %d: job %d walks at %v, kind %d", p.n.number, job.Generation&^(1<<63), job.Zxid,
		job.Kind)
	switch job.Kind {
	case replica.ToDisk:
		if p.walk != nil {
			p.n.Violate("two snapshots at a time")
		}
		p.walk, k.walk = k, p.newWalk(job)
	case replica.ToLink:
		k.to = &outlet{p: p, link: job.Link}
		k.walk = snapshotting.Stream(k.to, job)
	default:
		k.walk = p.newWalk(job)
	}
	p.walks[job.Generation] = k
	p.after(p.n.Between(10, 3000), k.next)
}

// newWalk is a walk for the directory of a server that runs.
func (p *process) newWalk(job *replica.SnapshotJob) *snapshotting.Walk {
	o := p.n.snapshotOptions()
	o.Logged = p.log.writer.Logged
	return snapshotting.New(p.store, job, o)
}

func (n *Node) walk(dir *persistence.Dir, job *replica.SnapshotJob) *snapshotting.Walk {
	return snapshotting.New(dir, job, n.snapshotOptions())
}

func (n *Node) snapshotOptions() snapshotting.Options {
	return snapshotting.Options{
		Digest: !n.set.NoDigest, LastZxid: !n.set.Store.NoLastZxid,
		InitialZxid: n.set.Store.Log.Order.Begin,
	}
}

// streamAhead is how many bytes of a stream may wait on their link.
const streamAhead = 4 << 10

// next writes the next nodes.
func (k *walker) next() {
	n, p := k.p.n, k.p
	if p.walks[k.job.Generation] != k {
		return
	}
	if k.job.Kind == replica.ToLink && p.quorum.Unsent(uint64(k.job.Link)) > streamAhead {
		p.after(n.Between(200, 2000), k.next)
		return
	}
	n.fuse.At(fuse.Walked)
	more, err := k.walk.Step(1 + n.Rand.IntN(8))
	if more && k.walk.Waits() {
		n.Counts.Add("snapshot", "waits for the log")
	}
	if k.to != nil && err == nil {
		if err = k.to.flush(); err != nil {
			k.walk.Abort()
		}
	}
	if more && n.set.Faults.FailSnapshots && !n.healed && n.Chance(200) {
		err = errors.New("the snapshot is given up")
		k.walk.Abort()
	}
	if more && err == nil {
		p.after(n.Between(10, 2000*n.set.SlowWalk), k.next)
		return
	}
	k.done(err)
}

// ended forgets a walk.
func (p *process) ended(k *walker) {
	delete(p.walks, k.job.Generation)
	if p.walk == k {
		p.walk = nil
	}
}

// done ends a snapshot. One that failed is only an alarm, unless the disk cannot be relied on.
func (k *walker) done(err error) {
	p := k.p
	p.ended(k)
	own := k.job.Kind == replica.ToDisk
	switch {
	case errors.Is(err, persistence.ErrDisk):
		p.ends("snapshot", err)
	case err != nil && own:
		p.n.Counts.Add("snapshot", "failed, and the server goes on")
	case err != nil:
		p.n.Counts.Add("job", "a walk failed")
	case own:
		p.n.snapshots++
		p.n.Counts.Add("snapshot", "written")
		p.n.fuse.At(fuse.Snapped)
	}
	p.inbox.JobDone(replica.JobDone{JobDone: effects.JobDone{
		Generation: k.job.Generation, Zxid: k.job.Zxid, Err: err,
	}})
	p.poke()
	if err == nil && own && p.n.Chance(2) {
		p.after(p.n.Between(10, 5000), p.purge)
	}
}

func (p *process) purge() {
	p.n.fuse.At(fuse.Purge)
	removed, err := p.store.Purge(persistence.MinRetainCount)
	switch {
	case errors.Is(err, persistence.ErrDisk):
		p.ends("purge", err)
	case err != nil:
		p.n.Counts.Add("purge", "failed, and the server goes on")
	case len(removed) > 0:
		p.n.Counts.Add("purge", "removed files")
	}
}
