package snapshotting

import (
	"fmt"

	"quoll/datatree"
	"quoll/internal/replica"
	"quoll/persistence"
	"quoll/persistence/snap"
	"quoll/processor/session"
)

// Options say which parts the trailer has.
type Options struct {
	Digest   bool // zookeeper.digest.enabled
	LastZxid bool // serializeLastProcessedZxid.enabled
}

// Walk writes one snapshot.
type Walk struct {
	dir     *persistence.Dir
	job     *replica.SnapshotJob
	options Options
	writer  *persistence.SnapWriter // nil: the file is not begun, or the walk is over
	over    bool
	info    persistence.SnapInfo
}

// New returns a walk that has read nothing and made no file yet.
func New(dir *persistence.Dir, job *replica.SnapshotJob, options Options) *Walk {
	return &Walk{dir: dir, job: job, options: options}
}

// Step writes the next nodes, at most so many, and says whether there is more to do. The first step
// makes the file; the last one finishes it. After an error the walk is over and the file is
// removed. datatree.ErrWalkLost means that the tree was replaced, which is no failure.
func (w *Walk) Step(nodes int) (more bool, err error) {
	if w.over {
		return false, nil
	}
	if w.writer == nil {
		err = w.begin()
	}
	if err == nil {
		more, err = w.job.Tree.Walk(&w.job.Cursor, nodes, w.writer.Node)
	}
	switch {
	case err != nil:
		w.Abort()
		return false, err
	case more:
		return true, nil
	}
	return false, w.finish()
}

// begin makes the file and writes sessions and ACLs, which come before the nodes.
func (w *Walk) begin() error {
	writer, err := w.dir.CreateSnapshot(w.job.Zxid)
	if err != nil {
		return err
	}
	w.writer = writer
	for _, s := range session.Sorted(w.job.Sessions) {
		if err := writer.Session(s.ID, s.TimeoutMillis); err != nil {
			return err
		}
	}
	for _, a := range w.job.ACLs {
		if err := writer.ACL(a.Key, a.ACL); err != nil {
			return err
		}
	}
	return nil
}

func (w *Walk) finish() error {
	trailer, err := w.trailer()
	if err != nil {
		w.Abort()
		return err
	}
	writer := w.writer
	w.over, w.writer = true, nil
	if w.info, err = writer.Finish(trailer); err != nil {
		return fmt.Errorf("finish the snapshot: %w", err)
	}
	return nil
}

// trailer returns the end of the snapshot. It names the last transaction of the tree now, where the
// fuzzy range ends. All nodes are read, but the tree may have been replaced since then: trailer
// then returns datatree.ErrWalkLost.
func (w *Walk) trailer() (snap.Trailer, error) {
	v := w.job.Tree.Read()
	defer v.Release()
	if v.LostWalk(&w.job.Cursor) {
		return snap.Trailer{}, datatree.ErrWalkLost
	}
	d := v.LastDigest()
	return snap.Trailer{
		HasDigest:   w.options.Digest,
		Digest:      snap.ZxidDigest{Zxid: d.Zxid, Version: d.Version, Digest: d.Digest},
		HasLastZxid: w.options.LastZxid,
		LastZxid:    v.LastZxid(),
	}, nil
}

// Abort gives the snapshot up and removes its file. It does nothing to a walk that is over.
func (w *Walk) Abort() {
	if w.over {
		return
	}
	w.over = true
	w.job.Tree.StopWalk(&w.job.Cursor)
	if w.writer != nil {
		w.writer.Abort()
		w.writer = nil
	}
}

// Info describes the file that was written. It is valid after Step has returned false without an
// error.
func (w *Walk) Info() persistence.SnapInfo { return w.info }
