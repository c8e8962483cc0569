package inspect

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"path/filepath"
	"time"

	"quoll/jute"
	"quoll/persistence"
)

// ErrInvalid: a file or directory is not sound. The printed output says why.
var ErrInvalid = errors.New("not valid")

// LogRange picks transactions by zxid, both ends included. The zero value picks all.
type LogRange struct{ From, To jute.Zxid }

func (r LogRange) has(z jute.Zxid) bool {
	to := r.To
	if to == 0 {
		to = math.MaxInt64
	}
	return z >= r.From && z <= to
}

// Log prints the transactions of one log file. Behind a broken record it goes on with the next
// whole record, and returns ErrInvalid at the end.
func Log(fsys persistence.FS, name string, pick LogRange, p *Printer) error {
	log, err := OpenLogFile(fsys, name)
	if err != nil {
		p.failure(name, err)
		return ErrInvalid
	}
	defer log.Close()
	var verdict error
	for {
		e, at, err := log.Next()
		if err == io.EOF {
			return verdict
		}
		if err == nil {
			if pick.has(e.Header.Zxid) {
				p.txn(&e, at)
			}
			continue
		}
		p.failure(name, err)
		verdict = ErrInvalid
		if log.At() != at { // the record is whole, but cannot be applied
			continue
		}
		if _, found, err := log.SkipToGood(); err != nil || !found {
			return errors.Join(verdict, err)
		}
	}
}

func (p *Printer) txn(e *jute.Entry, at int64) {
	h := &e.Header
	p.begin()
	p.field("offset", at)
	if p.format == Text {
		p.word("time", time.UnixMilli(h.Time).UTC().Format("2006-01-02T15:04:05.000Z"))
	} else {
		p.field("time", h.Time)
	}
	p.field("session", h.ClientID)
	p.field("cxid", h.Cxid)
	p.field("zxid", h.Zxid)
	p.word("type", h.Type.String())
	rec := jute.NewTxn(h.Type)
	if _, err := jute.Decode(e.Body, rec); err == nil {
		p.record("txn", rec)
	}
	if e.HasDigest {
		p.word("digest", fmt.Sprintf("%d,%x", e.Digest.Version, e.Digest.TreeDigest))
	}
	p.end()
}

// LogVerdict is the result of VerifyLog for one file.
type LogVerdict struct {
	File         string
	Bytes        int64 // with padding
	Records      int
	First, Last  jute.Zxid
	Gaps         int // how many records do not follow the record before
	RecordBytes  int64
	PaddingBytes int64
	Problem      string // "" if the file is sound
	At           int64  // offset of the problem
}

// VerifyLog reads one log file to its end. It returns ErrInvalid, and a Problem in the verdict, if
// the file is not sound.
func VerifyLog(fsys persistence.FS, name string) (LogVerdict, error) {
	v := LogVerdict{File: name}
	log, err := OpenLogFile(fsys, name)
	if err != nil {
		v.Problem = err.Error()
		return v, ErrInvalid
	}
	defer log.Close()
	v.Bytes = log.Size()
	for {
		e, at, err := log.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			v.broken(log, at, err)
			return v, ErrInvalid
		}
		v.add(&e)
	}
	v.RecordBytes = log.At()
	v.PaddingBytes = v.Bytes - v.RecordBytes
	padding, err := log.RestIsPadding()
	if err != nil || !padding {
		v.Problem, v.At = "something behind the padding began", v.RecordBytes
		if err != nil {
			v.Problem = err.Error()
		}
		return v, ErrInvalid
	}
	return v, nil
}

func (v *LogVerdict) add(e *jute.Entry) {
	z := e.Header.Zxid
	if v.Records == 0 {
		v.First = z
	} else if z != v.Last+1 && !(z == v.Last && e.Header.Type == jute.OpError) &&
		!(z.Epoch() > v.Last.Epoch() && z.Counter() == 1) {
		v.Gaps++
	}
	v.Last = z
	v.Records++
}

func (v *LogVerdict) broken(log *LogFile, at int64, err error) {
	v.Problem, v.At, v.RecordBytes = err.Error(), at, at
	next, found, err := log.SkipToGood()
	switch {
	case err != nil:
	case found:
		v.Problem += fmt.Sprintf("; a whole record follows at byte %d: damage", next)
	default:
		v.Problem += "; no whole record follows: a torn end, or damage to the last"
	}
}

// Verdict prints a LogVerdict.
func (p *Printer) Verdict(v LogVerdict) {
	p.begin()
	p.word("file", v.File)
	p.word("verdict", verdict(v.Problem == ""))
	p.field("bytes", v.Bytes)
	p.field("records", v.Records)
	p.field("first", v.First)
	p.field("last", v.Last)
	p.field("gaps", v.Gaps)
	p.field("padding", v.PaddingBytes)
	if v.Problem != "" {
		p.field("offset", v.At)
		p.field("problem", v.Problem)
	}
	p.end()
}

func verdict(sound bool) string {
	if sound {
		return "ok"
	}
	return "damaged"
}

// VerifyDir verifies every log of a directory. dir may be a dataLogDir or its version-2. Between
// files that are each sound transactions can be missing; the last line tells. Files whose names are
// only nearly those of data are listed and not read, as in a server.
func VerifyDir(fsys persistence.FS, dir string, p *Printer) error {
	logs, strays, err := logsOf(fsys, dir)
	if err != nil {
		return err
	}
	for _, name := range strays {
		p.begin()
		p.word("file", name)
		p.word("verdict", "not read")
		p.end()
	}
	var all LogVerdict
	var failed error
	for _, name := range logs {
		v, err := VerifyLog(fsys, name)
		p.Verdict(v)
		failed = errors.Join(failed, err)
		if v.Records == 0 {
			continue
		}
		if all.Records > 0 && v.First != all.Last+1 &&
			!(v.First.Epoch() > all.Last.Epoch() && v.First.Counter() == 1) {
			all.Gaps++
		}
		if all.Records == 0 {
			all.First = v.First
		}
		all.Last = v.Last
		all.Gaps += v.Gaps
		all.Records += v.Records
		all.Bytes += v.Bytes
		all.PaddingBytes += v.PaddingBytes
	}
	all.File = dir
	if failed != nil {
		all.Problem = "see above"
	}
	if all.Gaps > 0 {
		all.Problem, failed = "transactions are missing, unless a snapshot holds them", ErrInvalid
	}
	p.Verdict(all)
	if failed != nil {
		return ErrInvalid
	}
	return nil
}

func logsOf(fsys persistence.FS, dir string) (logs, strays []string, err error) {
	if sub := filepath.Join(dir, "version-2"); exists(fsys, sub) {
		dir = sub
	}
	list, err := fsys.ReadDir(dir)
	if err != nil {
		return nil, nil, err
	}
	return persistence.LogPaths(dir, list), persistence.StrayPaths(dir, list), nil
}

func exists(fsys persistence.FS, name string) bool {
	_, err := fsys.Stat(name)
	return !errors.Is(err, fs.ErrNotExist)
}

// IsDir says whether a path is a directory rather than a file.
func IsDir(fsys persistence.FS, name string) bool {
	_, err := fsys.ReadDir(name)
	return err == nil
}
