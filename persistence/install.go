package persistence

import (
	"fmt"
	"path/filepath"
	"slices"

	"quoll/jute"
	"quoll/persistence/disk"
	"quoll/persistence/snap"
	"quoll/persistence/walmeta"
)

// A snapshot that a learner got from its leader is another history. Nothing that the directory has
// fits it: even below its zxid the logs can hold transactions that the leader never saw. So all old
// files are removed. Only what a server alone wrote before it was ever a member gets other names
// instead (names.GivenUp): nobody else may have it. The sidecar records this intention before the
// snapshot gets its name:
//
//	tmp.snapshot.X     complete, flushed                          the old history stands
//	walmeta            install to X                               the old history stands
//	snapshot.X         renamed; the directory flushed             the new history stands
//	snapshots, logs    removed or renamed, the newest first
//	walmeta            nothing to install; durable up to X        (carryOut)
//
// A start that finds the note in walmeta and snapshot.X finishes the install. A start that finds
// the note alone goes on with the old history, of which nothing is missing.

// Complete ends the body and writes the trailer, as Finish does. But the durable file keeps its
// temporary name, until Install gives it its final name.
func (w *SnapWriter) Complete(t snap.Trailer) error {
	if err := w.complete(t); err != nil {
		w.Abort()
		return fmt.Errorf("snapshot of %v: %w", w.zxid, err)
	}
	w.dir.mu.Lock()
	defer w.dir.mu.Unlock()
	w.dir.complete = SnapInfo{File: w.file.Name(), Zxid: w.zxid, Bytes: w.file.Bytes(), Trailer: t}
	return nil
}

// Install replaces all other snapshots and logs, durably, by the snapshot that was completed last.
// The zxid of that snapshot must be zxid. The log goes on behind zxid.
//
// Without such a snapshot Install returns an ErrNoSnapshot and has changed nothing. Any other error
// wraps ErrDisk. The caller is the log's owner. Install waits for a purge that runs. Another
// snapshot that is being written does not get its name afterwards.
func (d *Dir) Install(zxid jute.Zxid) error {
	d.changing.Lock()
	defer d.changing.Unlock()
	d.mu.Lock()
	from := d.complete
	d.complete = SnapInfo{}
	d.mu.Unlock()
	if from.File == "" || from.Zxid != zxid {
		return fmt.Errorf("%w: that of %v is not complete", ErrNoSnapshot, zxid)
	}
	if err := d.log.Roll(); err != nil {
		return err
	}
	d.replaced++
	return d.log.goOn(zxid, d.install(from))
}

// forget drops the completed snapshot that waits for Install, if it has this path. The file is
// gone then.
func (d *Dir) forget(file string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.complete.File == file {
		d.complete = SnapInfo{}
	}
}

func (d *Dir) install(from SnapInfo) error {
	err := d.meta.Update(func(s *walmeta.State) {
		s.InstallTo, s.InstallBytes = from.Zxid, from.Bytes
		if from.Zxid > s.NewestSnap { // otherwise the new snapshot would look foreign
			s.NewestSnap, s.NewestBytes = from.Zxid, from.Bytes
		}
	})
	if err != nil {
		return err
	}
	name := SnapName(from.Zxid, d.opt.Snap.Compression)
	if err := d.fs.Rename(from.File, filepath.Join(d.snapDir, name)); err != nil {
		return disk.Error("rename", from.File, err)
	}
	if err := d.fs.SyncDir(d.snapDir); err != nil {
		return disk.Error("sync", d.snapDir, err)
	}
	d.markValid(name, from.Bytes)
	all, err := d.list()
	if err != nil {
		return disk.Error("list", d.snapDir, err)
	}
	cut := d.planInstall(all, from.Zxid, from.Bytes)
	if cut == nil {
		return disk.Error("find", name, ErrNoSnapshot)
	}
	return d.carryOut(cut)
}

// planInstall says which files a snapshot replaces. It returns nil if the snapshot does not have
// its name yet.
func (d *Dir) planInstall(all listing, zxid jute.Zxid, bytes int64) *cutting {
	at := slices.IndexFunc(all.snaps, func(f named) bool {
		return f.zxid == zxid && f.Size == bytes
	})
	if at < 0 {
		return nil
	}
	c := &cutting{last: zxid, rest: all, keep: zxid.Epoch() > 0 && d.neverMember(all)}
	for i, f := range slices.Backward(all.snaps) {
		if i != at {
			c.gone = append(c.gone, filepath.Join(d.snapDir, f.Name))
		}
	}
	for _, f := range slices.Backward(all.logs) {
		c.gone = append(c.gone, filepath.Join(d.logDir, f.Name))
	}
	c.rest.snaps, c.rest.logs = all.snaps[at:at+1], nil
	return c
}

// neverMember says whether all these files are a server's that was alone, with transactions in
// them, and has followed no leader yet: an ensemble's zxids begin in epoch 1.
func (d *Dir) neverMember(all listing) bool {
	return d.MemberOf() == 0 && slices.ContainsFunc(slices.Concat(all.logs, all.snaps),
		func(f named) bool { return f.zxid > 0 && f.zxid.Epoch() == 0 })
}
