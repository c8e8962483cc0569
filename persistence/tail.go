package persistence

import (
	"path/filepath"

	"quoll/jute"
	"quoll/persistence/disk"
	"quoll/persistence/names"
	"quoll/persistence/record"
)

// tail is what a log of ours has above the watermark, at most two batches: nobody knows whether it
// was flushed. After a flush that failed it may be in the page cache alone, where it counts as
// written, and where writing it again does not help: ext4 flushes such a page with success, and
// after a power cut there is a hole. So what is above the watermark goes to a new file.
//
//	log.1   | header | records up to the watermark | tail |
//
//	tmp.log.5       header and tail, from memory; flushed          (nothing else has changed)
//	walmeta         moved to 5, replaced                           a record stands nowhere twice
//	log.5           renamed; the directory flushed                 the tail stands twice
//	log.1           cut to the watermark; flushed
//	walmeta         moved to nothing, with the new watermark       (takeOver)
//
// A tail that begins with the first record of its file replaces the file by the rename. After a
// crash a log.5 that is on record ends log.1 at the watermark, whatever stands behind it; without
// log.5 the note means nothing. Apache, and a Quoll that does not believe the note, read
// records that stand twice, and skip or repeat them (package twice).
type tail struct {
	file    named
	from    int64 // offset of its first record
	first   jute.Zxid
	records []byte // as they stand in the log
}

// moved is what a replay finds out about a tail.
type moved struct {
	tail tail
	// to is the log that records behind the watermark were moved to, and from the log that is to be
	// cut there; 0: no move is on its way.
	to   jute.Zxid
	from named
}

// whole says whether the file holds nothing else.
func (t *tail) whole() bool { return t.from == jute.FileHeaderBytes }

// keepTail takes a record that was read at an offset of a log into the tail, if it belongs there.
// It says false for one that must not be counted as read: no log is named after a transaction that
// repeats the zxid before it, and such a one is an error, which changes nothing.
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

// findMoved looks for a tail that is on its way: both logs must be there.
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

// known says whether all of a log is on the disk for certain: the page cache shows nothing else.
func (r *replay) known(f named, newest bool) bool {
	return r.isOurs(f) && (!newest || f.zxid == r.meta.Log && f.Size == r.meta.Offset)
}

// moveTail takes the tail out of its log, or goes on with that after a crash. An error of the
// first step leaves everything as it was.
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
