package persistence

import (
	"bytes"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"quoll/jute"
	"quoll/persistence/disk"
	"quoll/persistence/record"
	"quoll/persistence/twice"
	"quoll/persistence/walmeta"
)

// replay reads the logs above a snapshot and judges what it finds.
//
// What a broken place means depends on who wrote the file and how far it was durable:
//
//	             | at or below the watermark | above it, or no watermark
//	our log      | damage                    | torn tail: cut off
//	Apache's log | -                         | whole records behind it: suspect; else torn tail
//
// Apache never cuts a torn tail off, so a torn tail is normal in a log of Apache's that is not the
// last one. The next file must then go on with the next zxid. A gap is damage in any case: zxids
// above the snapshot follow each other without a hole.
type replay struct {
	d    *Dir
	own  bool          // meta describes the files
	meta walmeta.State // has the watermark; valid only if own is true
	// anchored means that no transaction up to last is missing, so the next zxid is known too.
	anchored bool
	each     func(*jute.Entry) error
	cut      *cutting // a truncation that is still to be carried out, or nil

	invalid invalid
	snap    jute.Zxid // of the snapshot: records up to it are skipped
	last    jute.Zxid
	txns    int

	// fresh means that this process reads the directory for the first time. An earlier process may
	// have left pages in the page cache that are not on disk, so these are dropped first.
	fresh   bool
	moved   moved
	twice   twice.Records
	reading reading

	end    place   // behind the last record read
	broken *place  // the last file with records ended there too early; nil: it ended properly
	empty  []named // files without a record, behind the last record
	read   []named // files that were read
}

// invalid are the snapshots that are newer than the one restored from.
type invalid struct {
	skipped []jute.Zxid // their zxids
	awaited []jute.Zxid // zxids that the logs must hold, in order, because no snapshot is valid
}

// reading is the log that is read.
type reading struct {
	size   int64
	next   named     // the log behind it
	before jute.Zxid // of the record before the current one; -1: none
	// payload is the payload of the last record above the snapshot; an earlier log can hold it.
	payload []byte
}

// place is an offset in a log file.
type place struct {
	file   named
	off    int64
	size   int64 // of the file
	reason string
}

func (r *replay) path(f named) string { return filepath.Join(r.d.logDir, f.Name) }

func (r *replay) isOurs(f named) bool { return r.own && f.zxid >= r.meta.OwnSince }

func (r *replay) damage(f named, off int64, reason string) error {
	return &DamageError{File: r.path(f), Offset: off, After: r.last, Reason: reason}
}

// suspect returns the error for a broken place: damage in a log of ours. For a log of Apache's it
// returns an error that wraps ErrSuspect, or nil if the operator allowed to go on (trustSuspect).
func (r *replay) suspect(f named, off int64, reason string) error {
	if r.isOurs(f) {
		return r.damage(f, off, reason)
	}
	if r.d.opt.TrustSuspectLog {
		return nil
	}
	return &DamageError{File: r.path(f), Offset: off, After: r.last, Reason: reason, Suspect: true}
}

// neededLogs are the files that can hold a transaction above zxid, oldest first.
func neededLogs(logs []named, zxid jute.Zxid) []named {
	from := 0
	for i, f := range logs {
		if f.zxid <= zxid+1 {
			from = i
		}
	}
	return logs[from:]
}

// run reads every needed file of logs.
func (r *replay) run(logs []named) error {
	r.findMoved(logs)
	needed := neededLogs(logs, r.snap)
	for i, f := range needed {
		if r.reading.next = (named{}); i+1 < len(needed) {
			r.reading.next = needed[i+1]
		}
		if err := r.file(f); err != nil {
			return err
		}
	}
	if !r.own || r.last >= r.meta.Durable {
		return nil // a log may be missing if the snapshot holds all its transactions
	}
	e := &DamageError{File: r.d.logDir, After: r.last,
		Reason: fmt.Sprintf("transactions up to %v were durable", r.meta.Durable)}
	is := func(f named) bool { return f.zxid == r.meta.Log }
	if r.meta.Log != walmeta.None && !slices.ContainsFunc(logs, is) {
		e.File = filepath.Join(r.d.logDir, LogName(r.meta.Log))
		e.Reason = "the log file is missing; " + e.Reason
	}
	return e
}

func (r *replay) file(f named) error {
	file, err := r.d.fs.Open(r.path(f))
	if err != nil {
		return err
	}
	defer file.Close()
	if r.fresh && !r.known(f, r.reading.next.Name == "") {
		file.DropCache()
	}
	switch {
	case r.cut != nil && r.cut.shortens(f):
		file = disk.Shorter(file, r.cut.end)
	case r.moved.to != 0 && f == r.moved.from:
		file = disk.Shorter(file, r.meta.Offset)
	}
	r.read = append(r.read, f)
	s, err := record.NewScanner(file)
	if err != nil && !record.Unreadable(err) {
		return err
	}
	records := 0
	r.reading.before, r.reading.size = walmeta.None, s.Size()
	for err == nil {
		var payload []byte
		var at int64
		payload, at, err = s.Next()
		if err != nil {
			break
		}
		if err := r.record(f, at, payload, records == 0); err != nil {
			return err
		}
		records++
	}
	if !record.Unreadable(err) {
		return err
	}
	return r.fileEnd(f, s, err, records)
}

func (r *replay) record(f named, at int64, payload []byte, first bool) error {
	e, err := jute.ParseEntry(payload)
	if err != nil {
		return r.damage(f, at, fmt.Sprintf("the record cannot be applied: %v", err))
	}
	zxid := e.Header.Zxid
	if first && zxid != f.zxid {
		if err := r.suspect(f, at, fmt.Sprintf("begins with zxid %v", zxid)); err != nil {
			return err
		}
	}
	if !r.keepTail(f, at, payload, zxid) {
		return nil
	}
	r.end = place{file: f, off: at + int64(len(payload)) + record.Extra, size: r.reading.size}
	if r.twice.Note(f.Name, r.reading.next.zxid, at, zxid, payload) {
		return nil
	}
	if zxid <= r.snap {
		r.broken, r.empty = nil, nil
		return nil
	}
	if r.broken != nil && r.isOurs(r.broken.file) {
		return r.damage(r.broken.file, r.broken.off, r.broken.reason)
	}
	if zxid == r.last && e.Header.Type != jute.OpError && bytes.Equal(payload, r.reading.payload) {
		r.broken, r.empty = nil, nil
		return nil // the same record stands twice, so nothing is lost
	}
	if r.anchored && !r.follows(zxid, e.Header.Type) {
		if r.broken != nil {
			f, at = r.broken.file, r.broken.off
		}
		if err := r.suspect(f, at, fmt.Sprintf("followed by zxid %v", zxid)); err != nil {
			return err
		}
	}
	r.broken, r.empty, r.reading.payload = nil, nil, payload
	r.anchored = true
	r.last = max(r.last, zxid)
	w := &r.invalid
	for len(w.awaited) > 0 && w.awaited[0] == zxid {
		w.awaited = w.awaited[1:]
	}
	r.txns++
	return r.each(&e)
}

// follows says whether no transaction is missing between the last zxid and this one. Where an epoch
// begins, the zxids do not tell how many the epoch before had. But an invalid snapshot tells that
// some are missing, if the zxid in its name lies between the two.
func (r *replay) follows(zxid jute.Zxid, op jute.OpCode) bool {
	between := func(snapshot jute.Zxid) bool { return snapshot > r.last && snapshot < zxid }
	return r.d.opt.Log.Order.Follows(r.last, zxid, op) == nil &&
		!slices.ContainsFunc(r.invalid.skipped, between)
}

// fileEnd judges the end of a file: s is at the place where reading stopped with err.
func (r *replay) fileEnd(f named, s *record.Scanner, err error, records int) error {
	at, reason := s.Off(), "the file ends"
	if err != io.EOF {
		reason = err.Error()
	}
	if r.own && f.zxid == r.meta.Log && at < r.meta.Offset {
		return r.damage(f, at, reason+fmt.Sprintf(", durable up to byte %d", r.meta.Offset))
	}
	if r.isOurs(f) && (f.zxid < r.meta.Log || f.zxid == r.moved.to) &&
		(err != io.EOF || records == 0) {
		return r.damage(f, at, reason)
	}
	torn := err != io.EOF
	if !r.isOurs(f) {
		if torn, err = r.foreignEnd(f, s, err); err != nil {
			return err
		}
	}
	if records == 0 {
		return r.recordless(f, at)
	}
	r.broken = nil
	if torn {
		r.broken = &place{file: f, off: at, size: s.Size(), reason: reason}
	}
	return nil
}

// foreignEnd looks behind the last record of a file that Apache wrote. end is the error at which
// reading stopped.
func (r *replay) foreignEnd(f named, s *record.Scanner, end error) (torn bool, err error) {
	at := s.Off()
	if end == io.EOF {
		padding, err := s.PaddingOnly()
		if padding || err != nil {
			return false, err
		}
	}
	next, found, err := s.SkipToGood()
	switch {
	case err != nil:
		return true, err
	case found:
		return true, r.suspect(f, at, fmt.Sprintf(
			"a whole record behind a broken one, at byte %d", next))
	case end == record.ErrHeader:
		return true, r.damage(f, 0, "the file is no transaction log")
	}
	return true, nil
}

// recordless notes a file without a record that can be read. We create a log for the transaction
// with the zxid in its name, so that zxid must follow the last one. The name of Apache's log proves
// nothing: Apache may name it after a transaction that follows others which it lost.
func (r *replay) recordless(f named, at int64) error {
	if r.isOurs(f) && f.zxid > r.snap && r.anchored &&
		r.d.opt.Log.Order.Follows(r.last, f.zxid, jute.OpError) != nil {
		return r.damage(f, at, "an empty log, and nothing leads up to its zxid")
	}
	r.empty = append(r.empty, f)
	return nil
}
