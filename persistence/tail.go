package persistence

import (
	"errors"
	"io/fs"
	"path/filepath"

	"quoll/jute"
	"quoll/persistence/disk"
	"quoll/persistence/names"
	"quoll/persistence/record"
)

// tail holds the records that a log of ours has above the watermark, at most two batches. Nobody
// knows whether they were flushed. After a failed flush they may be in the page cache alone, where
// the kernel counts their pages as written. Writing the same bytes again does not help: on ext4 the
// next flush of such a page succeeds, and after a power cut the file has a hole. Therefore the
// records above the watermark are moved to a new file.
//
//	log.1   | header | records up to the watermark | tail |
//
//	tmp.log.5       header and tail, from memory; flushed          (nothing else has changed)
//	walmeta         moved to 5, replaced                           no record is in two logs
//	log.5           renamed; the directory flushed                 the tail is in both logs
//	log.1           cut to the watermark; flushed
//	walmeta         moved to nothing, with the new watermark       (takeOver)
//
// If the tail begins with the first record of its file, the rename replaces that file. After a
// crash the note in walmeta decides. If log.5 is there, log.1 ends at the watermark, and the bytes
// behind the watermark are ignored. If log.5 is not there, the note is ignored. Apache, and a Quoll
// that does not believe the note, can read the same records in both logs. Apache repeats them, and
// Quoll skips them (package twice).
type tail struct {
	file    named
	from    int64 // offset of its first record
	first   jute.Zxid
	records []byte // in the format of the log file
}

// moved is what a replay finds out about a tail.
type moved struct {
	tail tail
	// to is the name of the log that the records above the watermark were moved to, and from is the
	// log that must be cut at the watermark. to is 0 if no move was begun.
	to   jute.Zxid
	from named
}

// whole says whether the file of the tail holds no other record.
func (t *tail) whole() bool { return t.from == jute.FileHeaderBytes }

// keepTail adds a record, which was read at an offset of a log, to the tail if it belongs there. It
// returns false for a record that must not count as read: one that would begin the tail and repeats
// the zxid before it. No log can be named after such a record, and it may be dropped, because it is
// an error transaction, which changes nothing.
func (r *replay) keepTail(f named, at int64, payload []byte, zxid jute.Zxid) bool {
	before := r.reading.before
	r.reading.before = zxid
	t := &r.moved.tail
	if !r.isOurs(f) || f.zxid < r.meta.Log || at < r.writtenUpTo(f) {
		return true
	}
	if t.file != f {
		*t = tail{file: f}
	}
	if len(t.records) == 0 {
		if zxid == before {
			return false
		}
		t.from, t.first = at, zxid
	}
	t.records = record.Append(t.records, payload)
	return true
}

// writtenUpTo is how far a log of ours was durable when the sidecar was written.
func (r *replay) writtenUpTo(f named) int64 {
	if f.zxid == r.meta.Log {
		return r.meta.Offset
	}
	return 0
}

// findMoved looks for a move that was begun before a crash. Both logs must be there.
func (r *replay) findMoved(logs []named) {
	if !r.own || r.meta.MovedTo == 0 {
		return
	}
	for _, f := range logs {
		switch f.zxid {
		case r.meta.Log:
			r.moved.from = f
		case r.meta.MovedTo:
			r.moved.to = f.zxid
		}
	}
	if r.moved.from.Name == "" {
		r.moved.to = 0
	}
}

// known says whether all of a log is certainly on disk, so that the page cache can be believed.
func (r *replay) known(f named, newest bool) bool {
	return r.isOurs(f) && (!newest || f.zxid == r.meta.Log && f.Size == r.meta.Offset)
}

// moveTail moves the tail to a new log, or finishes a move that a crash interrupted. An error of
// the first step leaves everything as it was.
func (d *Dir) moveTail(r *replay, rec *Recovered) error {
	if len(r.moved.tail.records) > 0 {
		if err := d.moveRecords(r, rec); err != nil {
			return err
		}
	}
	if err := d.fs.SyncDir(d.logDir); err != nil {
		return disk.Error("sync", d.logDir, err)
	}
	if r.moved.to == 0 {
		return nil
	}
	return disk.Shorten(d.fs, r.path(r.moved.from), r.meta.Offset)
}

func (d *Dir) moveRecords(r *replay, rec *Recovered) error {
	t := &r.moved.tail
	content := append(record.AppendHeader(nil), t.records...)
	final := filepath.Join(d.logDir, LogName(t.first))
	tmp := filepath.Join(d.logDir, names.Temporary(LogName(t.first)))
	if t.whole() {
		final = r.path(t.file)
	}
	err := disk.WriteNew(d.fs, tmp, func(FileID) []byte { return content })
	if err == nil && !t.whole() {
		state := d.meta.Get()
		state.MovedTo, state.NewestLog = t.first, max(state.NewestLog, t.first)
		err = d.meta.Replace(state)
	}
	if err == nil {
		err = d.fs.Rename(tmp, final)
	}
	if err != nil {
		_ = d.fs.Remove(tmp)
		return disk.Error("move the end of", r.path(t.file), err)
	}
	if r.broken != nil && r.broken.file == t.file {
		rec.TornBytes = r.end.size - r.end.off
	}
	size := int64(len(content))
	moved := named{FileInfo{Name: filepath.Base(final), Size: size}, t.first}
	if t.whole() {
		moved.zxid = t.file.zxid
	} else {
		r.moved.to, r.moved.from = t.first, t.file
	}
	r.end = place{file: moved, off: size, size: size}
	return nil
}

// repair makes the data that was read durable and prepares the directory for new transactions: a
// torn end is cut off, files without a transaction are removed, the rest is flushed.
func (d *Dir) repair(r *replay, all listing, rec *Recovered) error {
	for _, f := range r.read {
		newest := f == r.end.file
		if r.own && !newest {
			continue // the server flushed it before it began the next log
		}
		if err := d.settle(r, f, newest, rec); err != nil {
			return err
		}
	}
	if r.twice.All() {
		first := filepath.Join(d.logDir, r.twice.File)
		if err := disk.Shorten(d.fs, first, r.twice.From); err != nil {
			return err
		}
	}
	for _, f := range r.empty {
		if err := d.fs.Remove(r.path(f)); err != nil {
			return disk.Error("remove", r.path(f), err)
		}
		rec.RemovedLogs = append(rec.RemovedLogs, r.path(f))
	}
	for _, tmp := range all.tmp {
		if err := d.fs.Remove(tmp); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return disk.Error("remove", tmp, err)
		}
	}
	if err := d.fs.SyncDir(d.logDir); err != nil {
		return disk.Error("sync", d.logDir, err)
	}
	if !r.own && rec.Snapshot.File != "" {
		if err := disk.SyncFile(d.fs, rec.Snapshot.File); err != nil {
			return disk.Error("sync", rec.Snapshot.File, err)
		}
	}
	if d.snapDir == d.logDir {
		return nil
	}
	if err := d.fs.SyncDir(d.snapDir); err != nil {
		return disk.Error("sync", d.snapDir, err)
	}
	return nil
}

// settle flushes a log that was read. The newest log is cut to its transactions if its end is torn
// or if the padding is ours.
func (d *Dir) settle(r *replay, f named, newest bool, rec *Recovered) error {
	torn := newest && r.broken != nil && r.broken.file == f
	if !newest || !torn && !r.isOurs(f) {
		if err := disk.SyncFile(d.fs, r.path(f)); err != nil {
			return disk.Error("sync", r.path(f), err)
		}
		return nil
	}
	file, err := d.fs.OpenRW(r.path(f))
	if err != nil {
		return disk.Error("open", r.path(f), err)
	}
	defer file.Close()
	if r.end.off < r.end.size {
		if err := file.Truncate(r.end.off); err != nil {
			return disk.Error("truncate", r.path(f), err)
		}
	}
	if err := file.Sync(); err != nil {
		return disk.Error("sync", r.path(f), err)
	}
	if torn {
		rec.TornBytes = r.end.size - r.end.off
	}
	return nil
}
