package jobs

import (
	"errors"
	"fmt"
	"io"

	"quoll/internal/replica"
	"quoll/persistence"
	"quoll/persistence/readlog"
	"quoll/quorum/effects"
)

// Log reads the own log for a learner. The zero Log has nothing open.
type Log struct {
	generation uint64
	reader     *readlog.Reader
}

// Open answers a ReadLog.
func (l *Log) Open(dir *persistence.Dir, job *effects.Job) replica.JobDone {
	l.generation = job.Generation
	var err error
	if l.reader, err = dir.ReadLog(job.From, job.UpTo, -1); err != nil {
		return l.done(effects.JobDone{Err: lacking(err)})
	}
	return l.done(effects.JobDone{Size: l.reader.Bytes(), More: true})
}

// More answers a ReadMore. The log is closed when the answer says that there is no more, or has an
// error.
func (l *Log) More(job *effects.Job) replica.JobDone {
	if l.reader == nil {
		return l.done(effects.JobDone{Err: fmt.Errorf("%w: it is closed", effects.ErrGap)})
	}
	entries, err := l.reader.Next(job.Bytes)
	if err == nil {
		return l.done(effects.JobDone{Entries: entries, More: true})
	}
	l.Close()
	if errors.Is(err, io.EOF) {
		return l.done(effects.JobDone{})
	}
	return l.done(effects.JobDone{Err: lacking(err)})
}

// Close closes what is open.
func (l *Log) Close() {
	if l.reader != nil {
		l.reader.Close()
		l.reader = nil
	}
}

func (l *Log) done(d effects.JobDone) replica.JobDone {
	d.Generation = l.generation
	return replica.JobDone{JobDone: d}
}

// CanCut answers a CanCut.
func CanCut(dir *persistence.Dir, job *effects.Job) replica.JobDone {
	return replica.JobDone{JobDone: effects.JobDone{
		Generation: job.Generation, Err: lacking(dir.CanTruncate(job.UpTo)),
	}}
}

// lacking marks the errors of persistence that mean that the own files do not have what was asked
// for.
func lacking(err error) error {
	if errors.Is(err, persistence.ErrGap) || errors.Is(err, persistence.ErrNoSnapshot) {
		return fmt.Errorf("%w: %w", effects.ErrGap, err)
	}
	return err
}
