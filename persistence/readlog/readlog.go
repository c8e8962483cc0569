package readlog

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"

	"quoll/jute"
	"quoll/persistence/disk"
	"quoll/persistence/record"
	"quoll/persistence/twice"
)

// ErrGap: the transactions that were asked for are not all in the log, or not any more.
var ErrGap = errors.New("not in the log")

// Log is a log file as it was listed.
type Log struct {
	Path  string
	Zxid  jute.Zxid // of its name
	Bytes int64     // about the size of its records
}

// Range says which transactions are read, and from which files.
type Range struct {
	From, UpTo jute.Zxid   // UpTo is the zxid of a durable transaction
	Logs       []Log       // all logs, oldest first
	Snapshots  []jute.Zxid // that can have more than the logs
	// FromTheStart means that the logs begin with the first transaction that was ever made. Then
	// From may be 0.
	FromTheStart bool
	Order        record.Order
}

// Reader reads a range of the history.
type Reader struct {
	fs    disk.FS
	want  Range
	logs  []Log // still to be read; the first one is open, or is opened next
	bytes int64

	file disk.File // nil: none is open
	scan *record.Scanner
	// torn means that, since the last record, a log ended in the middle of a record. Then only a
	// record with the very next zxid proves that nothing is missing.
	torn  bool
	twice twice.Records

	begun bool       // the first transaction was given
	last  jute.Entry // the last one given; before the first, the last one below From; or zero
	err   error      // the first error; final
}

// New returns a Reader that begins at the log that can hold the record at or below r.From. It opens
// no file. Its error is an ErrGap.
func New(fsys disk.FS, r Range) (*Reader, error) {
	r.From = min(r.From, r.UpTo)
	first := -1
	for i, l := range r.Logs {
		if l.Zxid <= r.From {
			first = i
		}
	}
	read := &Reader{fs: fsys, want: r}
	if first < 0 {
		if r.From != 0 || !r.FromTheStart || len(r.Logs) == 0 {
			return nil, fmt.Errorf("%w: no log reaches down to %v", ErrGap, r.From)
		}
		first, read.begun = 0, true
	}
	read.logs = r.Logs[first:]
	for _, l := range read.logs {
		if l.Zxid <= r.UpTo {
			read.bytes += l.Bytes
		}
	}
	return read, nil
}

// Bytes is about how many bytes of the logs there are to read in all. It is known before the first
// Next.
func (r *Reader) Bytes() int64 { return r.bytes }

// Next reads about so many bytes and returns the transactions in them. While it looks for the first
// transaction of the range it may return none. The caller may keep the transactions; they keep the
// block of the file that they lie in. After UpTo comes io.EOF. Every other error, ErrGap included,
// is final. The learner then gets a snapshot, but the transactions given before are good.
func (r *Reader) Next(bytes int) (chunk []jute.Entry, err error) {
	for read := 0; read < bytes && r.err == nil; {
		var n int
		chunk, n, r.err = r.next(chunk)
		read += n
	}
	if len(chunk) > 0 {
		return chunk, nil
	}
	return nil, r.err
}

// Close closes what is open.
func (r *Reader) Close() {
	if r.file != nil {
		_ = r.file.Close()
		r.file = nil
	}
}

func gap(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrGap}, args...)...)
}

// next reads a record, and gives it if it belongs to the range.
func (r *Reader) next(chunk []jute.Entry) (given []jute.Entry, bytes int, err error) {
	if r.begun && r.last.Header.Zxid == r.want.UpTo {
		return chunk, 0, io.EOF
	}
	payload, at, err := r.payload()
	if err != nil {
		return chunk, 0, err
	}
	log := r.logs[0].Path
	e, err := jute.ParseEntry(payload)
	if err != nil {
		return chunk, 0, gap("%s at byte %d: %v", log, at, err)
	}
	claimed := jute.Zxid(0) // by the name of the next log
	if len(r.logs) > 1 {
		claimed = r.logs[1].Zxid
	}
	bytes = len(payload) + record.Extra
	if r.twice.Note(log, claimed, at, e.Header.Zxid, payload) {
		return chunk, bytes, nil
	}
	n := len(chunk)
	if chunk, err = r.take(chunk, e); len(chunk) > n+1 { // take gave the record before it, too
		bytes += len(chunk[n].Payload) + record.Extra
	}
	return chunk, bytes, err
}

// take gives a record, or leaves it out.
func (r *Reader) take(chunk []jute.Entry, e jute.Entry) ([]jute.Entry, error) {
	zxid := e.Header.Zxid
	switch {
	case r.last.Header.Zxid > 0 && r.repeats(&e):
		return chunk, nil
	case !r.begun && zxid <= r.want.From:
		r.last, r.torn = e, false
		if r.begun = zxid == r.want.From; r.begun {
			chunk = append(chunk, e)
		}
		return chunk, nil
	case !r.begun && r.last.Header.Zxid == 0:
		return chunk, gap("the log begins at %v, above %v", zxid, r.want.From)
	}
	if err := r.follows(&e); err != nil {
		return chunk, err
	}
	if !r.begun { // no record lies between the two, so the history does not have From
		r.begun, chunk = true, append(chunk, r.last)
	}
	r.last = e
	return append(chunk, e), nil
}

// repeats says whether a record has the zxid of the last one and changes nothing. Apache writes an
// error transaction behind a transaction with the same zxid. Such a record is left out, because no
// server takes a zxid twice from its leader.
func (r *Reader) repeats(e *jute.Entry) bool {
	return e.Header.Zxid == r.last.Header.Zxid &&
		(e.Header.Type == jute.OpError || bytes.Equal(e.Payload, r.last.Payload))
}

// follows fails if a record is not the next one behind the last. The first zxid of an epoch does
// not tell where the epoch before it ended. So there follows looks for signs that records are
// missing: a torn log, or a snapshot with a zxid between the two.
func (r *Reader) follows(e *jute.Entry) error {
	last, zxid := r.last.Header.Zxid, e.Header.Zxid
	between := func(snapshot jute.Zxid) bool { return snapshot > last && snapshot < zxid }
	switch err := r.want.Order.Follows(last, zxid, e.Header.Type); {
	case err != nil:
		return fmt.Errorf("%w: %w", ErrGap, err)
	case zxid == last+1:
	case r.torn:
		return gap("a log breaks off behind %v, and %v follows", last, zxid)
	case slices.ContainsFunc(r.want.Snapshots, between):
		return gap("a snapshot has more between %v and %v", last, zxid)
	}
	r.torn = false
	return nil
}

// payload reads the next record of the logs.
func (r *Reader) payload() (payload []byte, at int64, err error) {
	for len(r.logs) > 0 {
		if r.file == nil {
			err = r.open()
		}
		if err == nil {
			payload, at, err = r.scan.Next()
		}
		if err == nil {
			return payload, at, nil
		}
		if err := r.end(err); err != nil {
			return nil, 0, err
		}
		err = nil
	}
	return nil, 0, gap("the log ends behind %v, before %v", r.last.Header.Zxid, r.want.UpTo)
}

func (r *Reader) open() (err error) {
	if r.file, err = r.fs.Open(r.logs[0].Path); err != nil {
		return err
	}
	r.scan, err = record.NewScanner(r.file)
	return err
}

// end closes a log that cannot be read further, and goes on to the next one. why is the error that
// ended the reading. An error that end returns is final.
func (r *Reader) end(why error) error {
	switch {
	case errors.Is(why, fs.ErrNotExist):
		return fmt.Errorf("%w: %w", ErrGap, why)
	case !record.Unreadable(why):
		return fmt.Errorf("read %s: %w", r.logs[0].Path, why)
	}
	whole := false
	if why == io.EOF {
		var err error
		if whole, err = r.scan.PaddingOnly(); err != nil {
			return fmt.Errorf("read %s: %w", r.logs[0].Path, err)
		}
	}
	whole = whole && r.scan.Off() > jute.FileHeaderBytes // a log without a record has lost some
	r.torn = r.torn || !whole
	r.Close()
	r.logs = r.logs[1:]
	return nil
}
