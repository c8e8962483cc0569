package snapshotting

import (
	"fmt"
	"io"

	"quoll/datatree"
	"quoll/internal/replica"
	"quoll/jute"
	"quoll/persistence"
	"quoll/persistence/snap"
	"quoll/processor/session"
)

// Options are those of a file in the own directory.
type Options struct {
	Digest   bool // the trailer has it (zookeeper.digest.enabled)
	LastZxid bool // the trailer has it (serializeLastProcessedZxid.enabled)
	// Logged is the last transaction that the own log has on disk. A snapshot gets its name only
	// when the log reaches the end of its fuzzy range: in an ensemble the tree may be ahead of the
	// own log. nil: the log has everything.
	Logged func() jute.Zxid
	// InitialZxid is the counter with which an epoch begins, in front of its first transaction; 0
	// but for tests (zookeeper.testingonly.initialZxid).
	InitialZxid int64
}

// target is where a walk writes to.
type target interface {
	Session(id jute.SessionID, timeoutMillis int32) error
	ACL(key int64, acl []jute.ACL) error
	Node(path string, data []byte, acl int64, st *jute.StatPersisted) error
	// ready says whether finish may come: the log can replay everything up to last.
	ready(last jute.Zxid) bool
	// finish ends what was written. end is what a file's trailer says of the tree.
	finish(end snap.Trailer) error
	abort()
}

// Walk writes one snapshot.
type Walk struct {
	job   *replica.SnapshotJob
	begin func() (target, error)
	to    target        // nil: not begun, or over
	end   *snap.Trailer // nil: not all nodes are read
	over  bool
}

// New returns a walk that has read nothing and made no file yet. It is for a job that writes into a
// directory.
func New(dir *persistence.Dir, job *replica.SnapshotJob, options Options) *Walk {
	return &Walk{job: job, begin: func() (target, error) {
		writer, err := dir.CreateSnapshot(job.Zxid)
		if err != nil {
			return nil, err
		}
		return &file{SnapWriter: writer, options: options,
			keep: job.Kind == replica.ToInstall}, nil
	}}
}

// Stream returns a walk that has written nothing yet. It is for a job that streams to a learner.
func Stream(to io.Writer, job *replica.SnapshotJob) *Walk {
	return &Walk{job: job, begin: func() (target, error) { return newStream(to, job.Zxid) }}
}

// Step writes the next nodes, at most so many, and says whether there is more to do. The first step
// begins the file or the stream; the last one finishes it. After an error the walk is over, and a
// file is removed. datatree.ErrWalkLost means that the tree was replaced, which is no failure.
func (w *Walk) Step(nodes int) (more bool, err error) {
	if w.over {
		return false, nil
	}
	if w.to == nil {
		err = w.start()
	}
	if err == nil && w.end == nil {
		more, err = w.job.Tree.Walk(&w.job.Cursor, nodes, w.to.Node)
	}
	if err == nil && !more {
		err = w.look()
	}
	switch {
	case err != nil:
		w.Abort()
		return false, err
	case more || w.Waits():
		return true, nil
	}
	w.over = true
	if err := w.to.finish(*w.end); err != nil {
		return false, fmt.Errorf("finish the snapshot: %w", err)
	}
	return false, nil
}

// Waits reports that all nodes are read, and that the walk waits for the log. Steps go on; they
// need not be soon.
func (w *Walk) Waits() bool {
	return !w.over && w.end != nil && !w.to.ready(w.end.LastZxid)
}

// start writes sessions and ACLs, which come before the nodes.
func (w *Walk) start() (err error) {
	if w.to, err = w.begin(); err != nil {
		return err
	}
	for _, s := range session.Sorted(w.job.Sessions) {
		if err := w.to.Session(s.ID, s.TimeoutMillis); err != nil {
			return err
		}
	}
	for _, a := range w.job.ACLs {
		if err := w.to.ACL(a.Key, a.ACL); err != nil {
			return err
		}
	}
	return nil
}

// look notes what a trailer says, as soon as all nodes are read. It names the last transaction of
// the tree then, where the fuzzy range ends. If the tree was replaced since then, also while the
// walk waits, the error is datatree.ErrWalkLost.
func (w *Walk) look() error {
	v := w.job.Tree.Read()
	defer v.Release()
	switch {
	case v.LostWalk(&w.job.Cursor):
		return datatree.ErrWalkLost
	case w.end == nil:
		d := v.LastDigest()
		w.end = &snap.Trailer{
			Digest:   snap.ZxidDigest{Zxid: d.Zxid, Version: d.Version, Digest: d.Digest},
			LastZxid: v.LastZxid(),
		}
	}
	return nil
}

// Abort gives the snapshot up and removes its file. It does nothing to a walk that is over.
func (w *Walk) Abort() {
	if w.over {
		return
	}
	w.over = true
	w.job.Tree.StopWalk(&w.job.Cursor)
	if w.to != nil {
		w.to.abort()
	}
}

// Info describes the file that was written under its name. It is valid after Step has returned
// false without an error.
func (w *Walk) Info() persistence.SnapInfo { return w.to.(*file).info }
