package cursor

import (
	"errors"
	"fmt"

	"quoll/jute"
	"quoll/quorum/effects"
	"quoll/quorum/zab/history"
)

// ErrHole: a transaction in the log on disk does not follow the one before.
var ErrHole = errors.New("hole in the log on disk")

// chunkBytes is about how much of the log is read at once.
const chunkBytes = 1 << 20

// logRead is the job ReadLog of a cursor.
type logRead struct {
	job    uint64 // 0: none
	bytes  int64  // about how much there is to read
	opened bool   // bytes is known
	asked  bool   // a question has no answer yet
	more   bool   // there is more behind the chunk
	chunk  []jute.Entry
}

// OpenLog begins to read the log on disk, from the last transaction at or below a zxid, which is
// below the end of what can be read.
func (c *Cursor) OpenLog(l *Log, from jute.Zxid, out *effects.Pending) {
	job := effects.Job{Kind: effects.ReadLog, From: from, UpTo: l.End()}
	c.read = logRead{asked: true, job: out.Start(job)}
}

// End is the end of what can be read from disk: durable and committed. It is 0 when the log begins
// behind a snapshot of (epoch, 0), which is no transaction, and has nothing yet.
func (l *Log) End() jute.Zxid {
	end := min(l.Durable, l.Committed)
	if end.Counter() == 0 {
		return 0
	}
	return end
}

// Reads reports whether a job of the log is that of this cursor.
func (c *Cursor) Reads(job uint64) bool { return c.read.job != 0 && c.read.job == job }

// Answered takes an answer of the log: at first how much there is, then the transactions.
func (c *Cursor) Answered(d *effects.JobDone) error {
	c.read.asked = false
	switch {
	case d.Err != nil:
		c.read = logRead{}
		return d.Err
	case !c.read.opened:
		c.read.opened, c.read.more, c.read.bytes = true, true, d.Size
	default:
		c.read.chunk, c.read.more = append(c.read.chunk, d.Entries...), d.More
	}
	return nil
}

// First is what the log says of its beginning: the first transaction read, 0 when none was yet, and
// about how many bytes there are in all. It reports whether more can be read.
func (c *Cursor) First() (zxid jute.Zxid, bytes int64, more bool) {
	if len(c.read.chunk) > 0 {
		zxid = c.read.chunk[0].Header.Zxid
	}
	return zxid, c.read.bytes, c.read.more
}

// ReadMore asks for more of the log.
func (c *Cursor) ReadMore(out *effects.Pending) {
	if !c.read.asked {
		c.read.asked = true
		out.Again(effects.Job{Kind: effects.ReadMore, Generation: c.read.job, Bytes: chunkBytes})
	}
}

// CloseLog ends the reading.
func (c *Cursor) CloseLog(out *effects.Pending) {
	if c.read.more || c.read.asked {
		out.Again(effects.Job{Kind: effects.Cancel, Generation: c.read.job})
	}
	if c.read.job != 0 {
		c.read = logRead{}
	}
}

// nextOfLog is next for a cursor that is behind what is in memory.
func (c *Cursor) nextOfLog(l *Log, out *effects.Pending) (*jute.Entry, error) {
	for len(c.read.chunk) > 0 {
		e := &c.read.chunk[0]
		c.read.chunk = c.read.chunk[1:]
		if e.Header.Zxid <= c.sent {
			continue
		}
		if !history.Follows(c.sent, e.Header.Zxid) {
			return nil, fmt.Errorf("%w: %v behind %v", ErrHole, e.Header.Zxid, c.sent)
		}
		return e, nil
	}
	switch {
	case c.read.asked:
	case c.read.more:
		c.ReadMore(out)
	case c.sent < l.End():
		// Nothing was read yet, or more has left the memory since the reading began.
		c.CloseLog(out)
		c.OpenLog(l, c.sent, out)
	}
	return nil, nil
}
