package persistence

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"quoll/jute"
	"quoll/persistence/disk"
	"quoll/persistence/names"
	"quoll/persistence/snap"
	"quoll/persistence/walmeta"
)

// Sink receives a database as it is recovered.
type Sink interface {
	snap.Sink
	// Reset tells the sink to forget everything, because the snapshot read so far is not valid. An
	// older snapshot follows, or Recover fails. A sink that received nothing is not reset.
	Reset()
	// SnapshotLoaded ends the snapshot that is valid. It is not called when no snapshot is.
	SnapshotLoaded(info SnapInfo) error
	// Txn takes a logged transaction above the snapshot. They come in order, and the sink may keep
	// the entry.
	Txn(e *jute.Entry) error
}

// Recovered is what Recover found.
type Recovered struct {
	// LastZxid is the last transaction on disk. It is durable when Recover returns. -1 means that
	// the directory is empty and that the server may not take part in elections
	// (db.autocreate=false and no file initialize).
	LastZxid jute.Zxid
	// Empty means that the directory held no data. Snapshot 0 must be durable before the first
	// append.
	Empty    bool
	Snapshot SnapInfo
	Txns     int // transactions that the sink got from logs
	// Own means that the directory is as this server left it. Otherwise it counts as Apache's.
	Own bool
	// CopiedSidecar names the files walmeta.* that were not believed, because they were copied or
	// restored. If both were, Recover could not notice transactions missing at the end of the log.
	CopiedSidecar []string
	// MarkError says why the mark beside the snapshots could not be written. The server can run
	// without the mark.
	MarkError error
	// Vanished is the last transaction of the log that an empty directory had before. It is 0 if no
	// such log is known.
	Vanished jute.Zxid
	// Skipped lists the invalid snapshots that are newer than the one loaded.
	Skipped []SkippedSnapshot
	// TornBytes is how many bytes were cut off the end of the newest log. No transaction in them
	// was ever acknowledged.
	TornBytes int64
	// RemovedLogs names the logs that were removed because they held no transaction.
	RemovedLogs []string
	// LookAlikes and Foreign are files beside the data that are not read. LookAlikes are those that
	// Apache would take for data, Foreign are all others.
	LookAlikes, Foreign []string
}

// SkippedSnapshot is a snapshot that could not be loaded.
type SkippedSnapshot struct {
	File string
	Err  error
	zxid jute.Zxid
}

// unread says whether the sink got nothing of the snapshot.
func (s *SkippedSnapshot) unread() bool { return errors.Is(s.Err, snap.ErrIncomplete) }

func (r *Recovered) allUnread() bool {
	return !slices.ContainsFunc(r.Skipped, func(s SkippedSnapshot) bool { return !s.unread() })
}

// Recover brings the newest valid snapshot and every transaction above it to sink, makes the
// directory ready to be appended to, and opens the log. Afterwards everything that sink got is
// durable. It refuses a directory that has lost data (DamageError, MissingLogError, ErrNoSnapshot,
// ErrNoValidSnapshot) and a directory that may hold more data under other names (ErrStray).
//
//	list -> sidecar -> snapshot -> logs -> Options.Changing
//	     -> [move a tail] -> [finish a truncation or an install] -> cut, remove, flush -> sidecar
//
// Nothing is changed before Changing, so a start that is refused leaves every file as it was.
// Each step can be repeated: a crash at any point leaves a directory that recovers the same.
func (d *Dir) Recover(sink Sink) (Recovered, error) {
	if d.log != nil {
		return Recovered{}, errors.New("the directory is already recovered")
	}
	var rec Recovered
	all, err := d.list()
	if err != nil {
		return rec, err
	}
	meta, found, err := walmeta.Open(d.fs, d.logDir, names.OfSidecar)
	if err != nil {
		return rec, err
	}
	d.meta = meta
	if err = d.openMark(); err == nil {
		rec, err = d.recover(sink, all, found)
	}
	if err != nil {
		d.closeMeta()
		d.meta, d.mark = nil, nil
	}
	return rec, err
}

func (d *Dir) recover(sink Sink, all listing, found bool) (rec Recovered, err error) {
	files, err := walmeta.ReadEpochs(d.fs, d.snapDir)
	if err != nil {
		return rec, err
	}
	rec.CopiedSidecar = d.meta.Copied()
	all.tellStrays(&rec)
	noted := d.meta.Get()
	rec.Own = found && !noted.Foreign(newest(all.logs), newest(all.snaps), files)
	cut, err := d.planBegun(all, rec.Own, &noted)
	if err != nil {
		return rec, err
	}
	if cut != nil {
		all = cut.rest
		d.meta.Assume(cut.record)
	}
	marked, err := disk.Exists(d.fs, d.initialize())
	if err != nil {
		return rec, err
	}
	r, err := d.judge(sink, all, cut, &rec)
	if err == nil && cut == nil {
		err = d.reaches(&rec, all.snaps, files)
	}
	if err == nil && rec.Empty && !marked && !d.opt.DBAutoCreate && d.opt.Alone {
		err = fmt.Errorf("%w: %s is empty and db.autocreate is false: to start empty, make %s",
			ErrDirectory, d.snapDir, d.initialize())
	}
	if err != nil {
		return rec, d.advise(err, all.logs, rec.Snapshot.Zxid, found)
	}
	if d.opt.Changing != nil {
		if err := d.opt.Changing(); err != nil {
			return rec, err
		}
	}
	if err := d.flushPaths(); err != nil {
		return rec, err
	}
	if err := d.moveTail(r, &rec); err != nil {
		return rec, err
	}
	if cut != nil {
		// The note that begins this work may be in the page cache alone, so it is written again.
		if err := d.meta.Replace(noted); err != nil {
			return rec, err
		}
		if err := d.carryOut(cut); err != nil {
			return rec, err
		}
	}
	if marked {
		if err := disk.RemoveAll(d.fs, []string{d.initialize()}); err != nil {
			return rec, err
		}
	}
	if err := d.repair(r, all, &rec); err != nil {
		return rec, err
	}
	if err := d.takeOver(r, all, files, &rec); err != nil {
		return rec, err
	}
	d.openLog(rec.LastZxid)
	d.found = rec.LastZxid
	if rec.Empty && !marked && !d.opt.DBAutoCreate {
		rec.LastZxid = -1
	}
	return rec, nil
}

// planBegun returns the rest of the work of a truncation or an install that is on record. It
// returns nil if none is on record.
func (d *Dir) planBegun(all listing, own bool, noted *walmeta.State) (*cutting, error) {
	switch {
	case own && noted.TruncateTo != walmeta.None:
		return d.planCut(all, noted.TruncateTo)
	case own && noted.InstallTo != walmeta.None:
		return d.planInstall(all, noted.InstallTo, noted.InstallBytes), nil
	}
	return nil, nil
}

// judge reads everything, brings it to sink and decides whether the server may start. A truncation
// or an install that was begun counts as carried out. judge changes no file.
func (d *Dir) judge(sink Sink, all listing, cut *cutting, rec *Recovered) (*replay, error) {
	err := d.loadSnapshot(sink, all, rec)
	if stray := d.refuseStrays(all, rec); stray != nil {
		return nil, stray
	}
	if err != nil {
		return nil, err
	}
	if noted := d.meta.Get(); rec.Own && rec.Snapshot.Zxid == noted.NewestSnap &&
		noted.NewestBytes != walmeta.None && rec.Snapshot.File != "" &&
		rec.Snapshot.Bytes != noted.NewestBytes {
		rec.Own = false // the snapshot is whole, but another server wrote it
	}
	r := d.newReplay(sink, *rec)
	r.cut = cut
	if err := r.run(all.logs); err != nil {
		return nil, err
	}
	if len(r.invalid.awaited) > 0 {
		return nil, noValidSnapshot(rec, all, fmt.Sprintf("the logs lack %v", r.invalid.awaited[0]))
	}
	rec.Txns, rec.LastZxid = r.txns, r.last
	return r, nil
}

// setAside renames the invalid snapshots behind the end of the log, and returns the others. A
// leader writes such a snapshot at the beginning of its reign. This start has found that the log
// lacks nothing. But when the first transaction of another epoch follows, the snapshot would stand
// between two epochs, and the next start would refuse the log (replay.follows).
func (d *Dir) setAside(snaps []named, rec *Recovered) ([]named, error) {
	n := len(snaps)
	for ; n > 0 && rec.Snapshot.File != "" && snaps[n-1].zxid > rec.LastZxid; n-- {
		name := snaps[n-1].Name
		if err := disk.Rename(d.fs, d.snapDir, name, names.Aside(name)); err != nil {
			return nil, err
		}
	}
	return snaps[:n], nil
}

// initialize is a file that lets an empty server vote.
func (d *Dir) initialize() string { return filepath.Join(d.opt.DataLogDir, names.Initialize) }

func (d *Dir) newReplay(sink Sink, rec Recovered) *replay {
	r := &replay{
		d: d, own: rec.Own, meta: d.meta.Get(),
		anchored: rec.Snapshot.File != "" || len(rec.Skipped) > 0,
		each:     sink.Txn,
		snap:     rec.Snapshot.Zxid, last: rec.Snapshot.Zxid,
		fresh: true,
	}
	for _, s := range slices.Backward(rec.Skipped) {
		r.invalid.skipped = append(r.invalid.skipped, s.zxid)
		if rec.Snapshot.File == "" && s.zxid > 0 {
			r.invalid.awaited = append(r.invalid.awaited, s.zxid)
		}
	}
	return r
}

// loadSnapshot tries all snapshots, newest first. Apache gives up after a hundred.
func (d *Dir) loadSnapshot(sink Sink, all listing, rec *Recovered) error {
	for i := len(all.snaps) - 1; i >= 0; i-- {
		f := all.snaps[i]
		name := filepath.Join(d.snapDir, f.Name)
		info, err := ReadSnapshot(d.fs, name, d.opt.Snap.ReadAhead, sink)
		if err == nil {
			err = sink.SnapshotLoaded(info)
		}
		if err == nil {
			rec.Snapshot = info
			d.markValid(f.Name, info.Bytes)
			return nil
		}
		skipped := SkippedSnapshot{File: name, Err: err, zxid: f.zxid}
		rec.Skipped = append(rec.Skipped, skipped)
		if !skipped.unread() {
			sink.Reset()
		}
	}
	return d.withoutSnapshot(all, rec)
}

// withoutSnapshot decides whether a directory without a valid snapshot is new or damaged. Apache
// makes snapshot.0 before its first log, and not atomically. So a snapshot.0 that is cut short,
// with no other file, is left by a first start that was interrupted. With snapshot.trust.empty the
// logs may replace snapshots that are cut short, as in Apache, but here only if the logs are
// complete.
func (d *Dir) withoutSnapshot(all listing, rec *Recovered) error {
	newest := jute.Zxid(0)
	if len(all.snaps) > 0 {
		newest = all.snaps[len(all.snaps)-1].zxid
	}
	meta := d.meta.Get()
	unread := rec.allUnread()
	switch {
	case len(all.logs) == 0 && newest == 0 && unread && (!rec.Own || meta.Durable == 0):
		rec.Empty = true
		return nil
	case len(all.logs)+len(all.snaps) == 0 && d.snapDir != d.logDir && !d.mark.There():
		// The snapshot directory was emptied, or another directory is configured in its place.
		rec.Empty, rec.Own, rec.Vanished = true, false, meta.Durable
		return nil
	case len(all.snaps) > 0 && d.opt.TrustEmptySnapshot && unread && len(all.logs) > 0:
		if !fromTheStart(all) {
			return noValidSnapshot(rec, all, "the logs do not begin with the first transaction")
		}
		return nil
	case len(all.snaps) > 0:
		return noValidSnapshot(rec, all, "")
	case d.opt.TrustEmptySnapshot && len(all.logs) > 0:
		return nil
	case len(all.logs) > 0:
		return d.noSnapshot(all)
	}
	return &DamageError{File: d.snapDir, Reason: fmt.Sprintf(
		"no file is left of transactions up to %v", meta.Durable)}
}

// fromTheStart says whether the logs begin with the first transaction that was ever made. A server
// alone begins with zxid 1, an ensemble with the first zxid of epoch 1. A server alone can also
// have become an ensemble, and its first logs can have been purged. A purge takes the oldest files
// first, so while snapshot.0 is there nothing was purged.
func fromTheStart(all listing) bool {
	const firstOfEnsemble = jute.Zxid(1<<32 | 1)
	first := all.logs[0].zxid
	return first == 1 || first == firstOfEnsemble && len(all.snaps) > 0 && all.snaps[0].zxid == 0
}

// takeOver writes a new sidecar, which records the files as they are now as ours.
func (d *Dir) takeOver(r *replay, all listing, files Epochs, rec *Recovered) (err error) {
	snaps, err := d.setAside(all.snaps, rec)
	if err != nil {
		return err
	}
	state := d.meta.Get()
	if !rec.Own {
		state = walmeta.Fresh()
		state.ID = d.meta.Get().ID
		state.OwnSince = rec.LastZxid + 1
		state.Epochs, err = walmeta.TakeOver(d.fs, d.snapDir, files, rec.LastZxid)
		if err != nil {
			return err
		}
	}
	state.TruncateTo, state.InstallTo, state.MovedTo = walmeta.None, walmeta.None, 0
	if state.OwnSince == walmeta.Unknown {
		state.OwnSince = rec.LastZxid + 1
	}
	state.Durable = rec.LastZxid
	if r.end.file.Name != "" {
		state.Log, state.Offset = r.end.file.zxid, r.end.off
	}
	for _, f := range all.logs {
		state.NewestLog = max(state.NewestLog, f.zxid)
	}
	if n := len(snaps); n > 0 {
		f := snaps[n-1]
		state.NewestSnap, state.NewestBytes = f.zxid, f.Size
		if rec.Snapshot.Zxid == f.zxid && rec.Snapshot.File != "" {
			state.NewestBytes = rec.Snapshot.Bytes // another packing of the zxid can be invalid
		}
	}
	if d.opt.Log.NoSync {
		// Nothing will be known to be durable. So after a power loss the files are judged by
		// Apache's rules.
		state.OwnSince, state.Durable, state.Log, state.Offset = walmeta.Unknown, 0, walmeta.None, 0
	}
	if state.ID == 0 {
		state.ID = d.opt.LogID
	}
	if err := d.meta.Replace(state); err != nil {
		return err
	}
	if d.snapDir == d.logDir && !d.mark.There() {
		d.mark = nil // the sidecar is beside the snapshots
		return nil
	}
	d.replaceMark(state, rec)
	return nil
}

func (d *Dir) openLog(last jute.Zxid) {
	d.log = &TxnLog{
		fs: d.fs, dir: d.logDir, opt: d.opt.Log, meta: d.meta,
		last: last, durable: last, marked: last,
	}
}
