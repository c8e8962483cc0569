package sim

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"quoll/datatree"
	"quoll/internal/replica"
	"quoll/internal/replica/logwriter"
	"quoll/internal/replica/restore"
	"quoll/internal/replica/snapshotting"
	"quoll/internal/sim/simfs"
	"quoll/jute"
	"quoll/persistence"
	"quoll/processor/session"
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
	looks     int   // how often it was looked whether to flush; the last look counts
}

func (l *logWriter) append(generation uint64, txns []replica.Append) {
	l.queue.Put(generation, txns)
	l.look()
}

// look decides whether to flush what is queued, or to wait for company.
func (l *logWriter) look() {
	if l.busy || l.failed {
		return
	}
	w := l.p.w
	l.looks++
	since := time.Duration(w.Now-l.flushed) * time.Microsecond
	wait := w.plan.store.gather.Wait(l.queue.Waiting(), since)
	if wait <= 0 {
		l.begin()
		return
	}
	w.Counts.Add("log writer", "waits for company")
	look := l.looks
	l.p.after(wait.Microseconds(), func() {
		if l.looks == look && !l.busy && !l.failed {
			l.begin()
		}
	})
}

// begin takes what is queued; how long the disk takes is decided here.
func (l *logWriter) begin() {
	w := l.p.w
	l.busy = true
	generation, batch := l.queue.Take()
	delay := w.Between(50, 800)
	if w.Now < l.slowUntil {
		delay = w.Between(800, l.slowUntil-w.Now+800)
	}
	l.p.after(delay, func() {
		w.at(pointWriting)
		if err := l.writer.Write(generation, batch); err != nil {
			l.fail(err)
			return
		}
		l.queue.Recycle(batch)
		l.busy = false
		switch {
		case l.queue.Waiting() > 0:
			l.look()
		case w.Chance(3):
			l.p.after(w.Between(1000, 20_000), l.settle)
		}
	})
}

// told is the report of a flush.
func (l *logWriter) told(generation uint64, durable jute.Zxid, _ int) {
	p := l.p
	l.flushed = p.w.Now
	p.w.at(pointDurable)
	p.inbox.Durable(generation, durable)
	p.poke()
	p.w.at(pointTold)
}

func (l *logWriter) settle() {
	if l.busy || l.failed || l.queue.Waiting() > 0 {
		return
	}
	if err := l.writer.Settle(); err != nil {
		l.fail(err)
	}
}

// fail: the process ends soon; until then it goes on, and must not answer what is not durable.
func (l *logWriter) fail(err error) {
	p := l.p
	if !errors.Is(err, persistence.ErrDisk) {
		p.w.Violate("the log's error is not final: %v", err)
	}
	l.failed = true
	p.after(p.w.Between(0, 30_000), func() { p.ends("log", err) })
}

// walker writes one snapshot, a few nodes at a time, while the server works.
type walker struct {
	p          *process
	generation uint64
	walk       *snapshotting.Walk
}

func (p *process) startWalk(job *replica.SnapshotJob) {
	if p.walk != nil {
		p.w.Violate("two snapshots at a time")
	}
	walk := p.w.walk(p.store, p.tree, job)
	p.walk = &walker{p: p, generation: job.Generation, walk: walk}
	p.after(p.w.Between(10, 3000), p.walk.next)
}

func (w *run) walk(
	dir *persistence.Dir, tree *datatree.Tree, job *replica.SnapshotJob,
) *snapshotting.Walk {
	return snapshotting.New(dir, tree, job, snapshotting.Options{
		Digest: !w.plan.noDigest, LastZxid: !w.plan.store.noLastZxid,
	})
}

// next writes the next nodes.
func (k *walker) next() {
	w := k.p.w
	w.at(pointWalked)
	more, err := k.walk.Step(1 + w.Rand.IntN(8))
	if more && w.plan.faults.failSnapshots && !w.healed && w.Chance(200) {
		err = errors.New("the snapshot is given up")
		k.walk.Abort()
	}
	if more && err == nil {
		k.p.after(w.Between(10, 2000*w.plan.slowWalk), k.next)
		return
	}
	k.done(err)
}

// done: a snapshot that failed is an alarm, no more, unless the disk cannot be relied on.
func (k *walker) done(err error) {
	p, generation := k.p, k.generation
	p.walk = nil
	switch {
	case errors.Is(err, persistence.ErrDisk):
		p.ends("snapshot", err)
	case err != nil:
		p.w.Counts.Add("snapshot", "failed, and the server goes on")
	default:
		p.w.snapshots++
		p.w.Counts.Add("snapshot", "written")
		p.w.at(pointSnapped)
	}
	p.inbox.SnapshotDone(generation)
	p.poke()
	if err == nil && p.w.Chance(2) {
		p.after(p.w.Between(10, 5000), p.purge)
	}
}

func (p *process) purge() {
	p.w.at(pointPurge)
	removed, err := p.store.Purge(persistence.MinRetainCount)
	switch {
	case errors.Is(err, persistence.ErrDisk):
		p.ends("purge", err)
	case err != nil:
		p.w.Counts.Add("purge", "failed, and the server goes on")
	case len(removed) > 0:
		p.w.Counts.Add("purge", "removed files")
	}
}

// firstSnapshot is written before anything is served.
func (p *process) firstSnapshot(sessions []session.Saved) error {
	walk := p.w.walk(p.store, p.tree, replica.NewSnapshotJob(p.tree, sessions))
	for more := true; more; {
		var err error
		if more, err = walk.Step(1 << 20); err != nil {
			return err
		}
	}
	return nil
}

// isProposed compares a transaction of the log with the one that was proposed.
func (w *run) isProposed(e *jute.Entry) error {
	z := int(e.Header.Zxid)
	if z < 1 || z > len(w.log) || !bytes.Equal(w.log[z-1].Entry.Payload, e.Payload) {
		return fmt.Errorf("transaction %v is not the one that was proposed", e.Header.Zxid)
	}
	return nil
}

// restore reads what is on a disk.
func (w *run) restore(
	disk *simfs.Disk,
) (*datatree.Tree, *persistence.Dir, *restore.Found, error) {
	dir, err := persistence.Open(disk, w.storeOptions())
	if err != nil {
		return nil, nil, nil, err
	}
	tree := datatree.New(datatree.Options{
		ExtendedTypes: w.plan.model.ExtendedTypes, Digest: !w.plan.noDigest,
	})
	found, err := restore.Tree(dir, tree, restore.Hooks{Txn: w.isProposed})
	return tree, dir, found, err
}
