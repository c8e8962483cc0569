package sim

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"

	"quoll/datatree"
	"quoll/internal/replica"
	"quoll/jute"
	"quoll/persistence"
	"quoll/persistence/snap"
	"quoll/processor/session"
)

// logWriter appends and flushes: one flush for all that gathered while the last one ran.
type logWriter struct {
	p         *process
	log       *persistence.TxnLog
	queue     []replica.Append
	busy      bool
	failed    bool
	slowUntil int64 // world time: flushes take long until then
}

func (l *logWriter) append(generation uint64, txns []replica.Append) {
	l.queue = append(l.queue, txns...)
	if !l.busy && !l.failed {
		l.begin(generation)
	}
}

// begin takes all that is queued; how long the disk takes is decided here.
func (l *logWriter) begin(generation uint64) {
	w := l.p.w
	l.busy = true
	batch := l.queue
	l.queue = nil
	delay := w.between(50, 800)
	if w.now < l.slowUntil {
		delay = w.between(800, l.slowUntil-w.now+800)
	}
	l.p.after(delay, func() {
		w.at(pointWriting)
		if err := l.write(generation, batch); err != nil {
			l.fail(err)
			return
		}
		l.busy = false
		switch {
		case len(l.queue) > 0:
			l.begin(generation)
		case w.chance(3):
			l.p.after(w.between(1000, 20_000), l.settle)
		}
	})
}

// write makes a batch durable and tells the core.
func (l *logWriter) write(generation uint64, batch []replica.Append) error {
	for i := range batch {
		if err := l.log.Append(&batch[i].Entry); err != nil {
			return err
		}
		if !batch[i].Roll {
			continue
		}
		if err := l.flush(generation); err != nil {
			return err
		}
		if err := l.log.Roll(); err != nil {
			return err
		}
	}
	return l.flush(generation)
}

func (l *logWriter) flush(generation uint64) error {
	durable, err := l.log.Commit()
	if err != nil {
		return err
	}
	p := l.p
	p.w.at(pointDurable)
	p.in.Generation, p.in.Durable = generation, max(p.in.Durable, durable)
	p.poke()
	p.w.at(pointTold)
	return nil
}

func (l *logWriter) settle() {
	if l.busy || l.failed {
		return
	}
	if err := l.log.Settle(); err != nil {
		l.fail(err)
	}
}

// fail: the process ends soon; until then it goes on, and must not answer what is not durable.
func (l *logWriter) fail(err error) {
	p := l.p
	if !errors.Is(err, persistence.ErrDisk) {
		p.w.violate("the log's error is not final: %v", err)
	}
	l.failed = true
	p.after(p.w.between(0, 30_000), func() { p.ends("log", err) })
}

// walker writes one snapshot, a few nodes at a time, while the server works.
type walker struct {
	p      *process
	job    *replica.SnapshotJob
	writer *persistence.SnapWriter
}

func (p *process) startWalk(job *replica.SnapshotJob) {
	if p.walk != nil {
		p.w.violate("two snapshots at a time")
	}
	p.walk = &walker{p: p, job: job}
	p.after(p.w.between(10, 3000), p.walk.begin)
}

func (k *walker) begin() {
	var err error
	if k.writer, err = k.p.store.CreateSnapshot(k.job.Zxid); err != nil {
		k.p.tree.StopWalk(&k.job.Cursor)
		k.done(err)
		return
	}
	if err = k.tables(); err != nil {
		k.p.tree.StopWalk(&k.job.Cursor)
		k.writer.Abort()
		k.done(err)
		return
	}
	k.next()
}

func (k *walker) tables() error {
	for _, s := range k.job.Sessions {
		if err := k.writer.Session(s.ID, s.TimeoutMillis); err != nil {
			return err
		}
	}
	for _, a := range k.job.ACLs {
		if err := k.writer.ACL(a.Key, a.ACL); err != nil {
			return err
		}
	}
	return nil
}

// next writes the next nodes.
func (k *walker) next() {
	w := k.p.w
	w.at(pointWalked)
	more, err := k.p.tree.Walk(&k.job.Cursor, 1+w.rng.IntN(8), k.writer.Node)
	if err == nil && w.plan.faults.failSnapshots && !w.healed && w.chance(200) {
		err = errors.New("the snapshot is given up")
	}
	switch {
	case err != nil:
		k.p.tree.StopWalk(&k.job.Cursor)
		k.writer.Abort()
		k.done(err)
	case more:
		k.p.after(w.between(10, 2000*w.plan.slowWalk), k.next)
	default:
		_, err = k.writer.Finish(k.trailer())
		k.done(err)
	}
}

func (k *walker) trailer() snap.Trailer {
	view := k.p.tree.Peek()
	d := view.LastDigest()
	return snap.Trailer{
		HasDigest:   true,
		Digest:      snap.ZxidDigest{Zxid: d.Zxid, Version: d.Version, Digest: d.Digest},
		HasLastZxid: true, LastZxid: view.LastZxid(),
	}
}

// done: a snapshot that failed is an alarm, no more, unless the disk cannot be relied on.
func (k *walker) done(err error) {
	p := k.p
	p.walk = nil
	switch {
	case errors.Is(err, persistence.ErrDisk):
		p.ends("snapshot", err)
	case err != nil:
		p.w.counts.add("snapshot", "failed, and the server goes on")
	default:
		p.w.counts.add("snapshot", "written")
		p.w.at(pointSnapped)
	}
	p.in.SnapshotDone = true
	p.poke()
	if err == nil && p.w.chance(2) {
		p.after(p.w.between(10, 5000), p.purge)
	}
}

func (p *process) purge() {
	p.w.at(pointPurge)
	removed, err := p.store.Purge(persistence.MinRetainCount)
	switch {
	case errors.Is(err, persistence.ErrDisk):
		p.ends("purge", err)
	case err != nil:
		p.w.counts.add("purge", "failed, and the server goes on")
	case len(removed) > 0:
		p.w.counts.add("purge", "removed files")
	}
}

// firstSnapshot is written before anything is served.
func (p *process) firstSnapshot(job *replica.SnapshotJob) error {
	k := walker{p: p, job: job}
	var err error
	if k.writer, err = p.store.CreateSnapshot(job.Zxid); err != nil {
		return err
	}
	if err = k.tables(); err != nil {
		return err
	}
	if _, err = p.tree.Walk(&job.Cursor, 1<<20, k.writer.Node); err != nil {
		return err
	}
	_, err = k.writer.Finish(k.trailer())
	return err
}

// loader fills a tree and a list of sessions from what Recover finds (persistence.Sink), and
// compares the log with what was proposed.
type loader struct {
	w        *world
	tree     *datatree.Tree
	sessions map[jute.SessionID]int32
	begun    bool // a snapshot is being read
}

func newLoader(w *world, tree *datatree.Tree) *loader {
	return &loader{w: w, tree: tree, sessions: map[jute.SessionID]int32{}}
}

// Reset goes back to a new tree: an older snapshot follows, or none.
func (l *loader) Reset() {
	l.begun = false
	l.tree = datatree.New(l.tree.Options())
	clear(l.sessions)
}

func (l *loader) begin() {
	if !l.begun {
		l.begun = true
		l.tree.BeginLoad()
		clear(l.sessions)
	}
}

func (l *loader) Session(id jute.SessionID, timeoutMillis int32) error {
	l.begin()
	l.sessions[id] = timeoutMillis
	return nil
}

func (l *loader) ACL(key int64, acl []jute.ACL) error {
	l.begin()
	l.tree.LoadACL(key, acl)
	return nil
}

func (l *loader) Node(path, data []byte, acl int64, st *jute.StatPersisted) error {
	l.begin()
	return l.tree.LoadNode(path, data, acl, st)
}

func (l *loader) SnapshotLoaded(info persistence.SnapInfo) error {
	var digest *datatree.SnapshotDigest
	if d := info.Trailer.Digest; info.Trailer.HasDigest {
		digest = &datatree.SnapshotDigest{Zxid: d.Zxid, Version: d.Version, Digest: d.Digest}
	}
	l.tree.FinishLoad(info.Zxid, digest)
	l.tree.EnsureConfigNode()
	return nil
}

func (l *loader) Txn(e *jute.Entry) error {
	z := int(e.Header.Zxid)
	if z < 1 || z > len(l.w.log) || !bytes.Equal(l.w.log[z-1].Entry.Payload, e.Payload) {
		return fmt.Errorf("transaction %v is not the one that was proposed", e.Header.Zxid)
	}
	switch e.Header.Type {
	case jute.OpCreateSession:
		var txn jute.CreateSessionTxn
		_, _ = jute.Decode(e.Body, &txn)
		l.sessions[e.Header.ClientID] = txn.TimeOut
	case jute.OpCloseSession:
		delete(l.sessions, e.Header.ClientID)
	}
	l.tree.Replay(e)
	return nil
}

func (l *loader) saved() []session.Saved {
	all := make([]session.Saved, 0, len(l.sessions))
	for id, timeout := range l.sessions {
		all = append(all, session.Saved{ID: id, TimeoutMillis: timeout})
	}
	slices.SortFunc(all, func(a, b session.Saved) int { return cmp.Compare(a.ID, b.ID) })
	return all
}

func (l *loader) ids() []jute.SessionID {
	var ids []jute.SessionID
	for _, s := range l.saved() {
		ids = append(ids, s.ID)
	}
	return ids
}
