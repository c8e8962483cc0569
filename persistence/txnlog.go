package persistence

import (
	"errors"
	"fmt"
	"path/filepath"

	"quoll/jute"
	"quoll/persistence/disk"
	"quoll/persistence/logfile"
	"quoll/persistence/record"
	"quoll/persistence/walmeta"
)

// Watermark says how the durable zxid is kept beside the log.
type Watermark uint8

const (
	// Strict writes the durable zxid to disk before Commit returns. It costs a second flush a
	// batch.
	Strict Watermark = iota
	// Lag writes the durable zxid to disk with the next batch, at nearly no cost. Until then damage
	// to the last batch cannot be told from a torn write. Settle ends that state.
	Lag
)

// LogOptions are the settings of the transaction log.
type LogOptions struct {
	Growth
	// SizeLimitBytes begins a new file after this many bytes of records
	// (zookeeper.txnLogSizeLimitInKb); 0 is no limit. Apache compares the padded size.
	SizeLimitBytes int64
	// NoSync leaves flushing to the operating system (forceSync=no): a power loss can destroy
	// acknowledged transactions.
	NoSync    bool
	Watermark Watermark
	Order     record.Order
}

// DefaultLogOptions are ZooKeeper's defaults.
func DefaultLogOptions() LogOptions {
	return LogOptions{Growth: Growth{PreAllocBytes: 64 << 20, ZeroAheadBytes: 1 << 20}}
}

// keepBatchBytes is how large a batch buffer may stay once it is written.
const keepBatchBytes = 4 << 20

// TxnLog appends transactions to log files. One goroutine owns it.
//
// Append encodes into a batch, Commit writes the batch with one call and flushes it with another.
// A file is created by the first Commit that needs it, and never reused after a restart. It is cut
// to its records when the log begins the next file.
type TxnLog struct {
	fs   FS
	dir  string
	opt  LogOptions
	meta *walmeta.Sidecar

	batch   []byte
	first   jute.Zxid // of the batch
	last    jute.Zxid // appended
	durable jute.Zxid // flushed
	marked  jute.Zxid // durable as the sidecar on disk says

	file  *logfile.File // nil until the first Commit after a roll
	name  jute.Zxid     // of the file
	total int64         // bytes of records in the earlier files of this process

	err error // the first failure; every later call returns it
}

// LastZxid is the last zxid appended.
func (l *TxnLog) LastZxid() jute.Zxid { return l.last }

// Durable is the last zxid that Commit has made durable.
func (l *TxnLog) Durable() jute.Zxid { return l.durable }

// Pending is how many bytes wait for Commit.
func (l *TxnLog) Pending() int { return len(l.batch) }

// FileBytes is the size of the records in the current file, in bytes.
func (l *TxnLog) FileBytes() int64 { return l.file.Flushed() }

// TotalBytes is the size of all records written since the server started, in bytes.
func (l *TxnLog) TotalBytes() int64 { return l.total + l.FileBytes() }

// Append adds a transaction to the batch. Its Payload is copied. The zxid must be the next one, the
// first of a later epoch, or, for an error transaction, the last one again; any other zxid is an
// ErrOrder. An error transaction that repeats a zxid and would begin a file is not written: a file
// is named after its first transaction, and that zxid belongs to the file before.
func (l *TxnLog) Append(e *jute.Entry) error {
	if l.err != nil {
		return l.err
	}
	if err := l.opt.Order.Follows(l.last, e.Header.Zxid, e.Header.Type); err != nil {
		return err
	}
	if len(e.Payload) < jute.TxnHeaderBytes {
		return fmt.Errorf("transaction %v has no payload", e.Header.Zxid)
	}
	if l.file == nil && len(l.batch) == 0 && e.Header.Zxid == l.last {
		return nil
	}
	if len(l.batch) == 0 {
		l.first = e.Header.Zxid
		if l.file == nil {
			l.batch = record.AppendHeader(l.batch)
		}
	}
	l.batch = record.Append(l.batch, e.Payload)
	l.last = e.Header.Zxid
	return nil
}

// Commit makes everything appended durable and returns the last zxid of it. Any error is final
// and wraps ErrDisk: no zxid above the one returned by the last good Commit may be acknowledged.
func (l *TxnLog) Commit() (durable jute.Zxid, err error) {
	if l.err != nil || len(l.batch) == 0 {
		return l.durable, l.err
	}
	if err := l.commit(); err != nil {
		l.err = err
		return l.durable, err
	}
	if l.opt.SizeLimitBytes > 0 && l.FileBytes() > l.opt.SizeLimitBytes {
		return l.durable, l.Roll()
	}
	return l.durable, nil
}

func (l *TxnLog) commit() error {
	created := l.file == nil
	if created {
		if err := l.create(); err != nil {
			return err
		}
	}
	var err error
	if l.batch, err = l.file.Write(l.batch); err != nil {
		return err
	}
	if err := l.flush(created); err != nil {
		return err
	}
	l.file.NoteFlush()
	l.durable = l.last
	if cap(l.batch) > keepBatchBytes {
		l.batch = nil
	}
	l.batch = l.batch[:0]
	if l.opt.Watermark == Strict && !l.opt.NoSync {
		return l.mark()
	}
	return nil
}

// create makes the file of the batch. The sidecar records the name before the file exists.
func (l *TxnLog) create() error {
	err := l.meta.Update(func(s *walmeta.State) {
		s.NewestLog = l.first
		l.recordMark(s)
	})
	if err != nil {
		return err
	}
	f, err := logfile.Create(l.fs, filepath.Join(l.dir, LogName(l.first)), l.opt.Growth)
	if err != nil {
		return err
	}
	l.file, l.name = f, l.first
	return nil
}

// flush makes what was written durable, and the file's name if it is new.
func (l *TxnLog) flush(created bool) error {
	if l.opt.NoSync {
		return nil
	}
	if l.opt.Watermark == Lag && l.marked < l.durable {
		if err := l.meta.UpdateWith(l.file.File, l.recordMark); err != nil {
			return err
		}
		l.marked = l.durable
	} else if err := l.file.Sync(); err != nil {
		return disk.Error("sync", l.file.Name(), err)
	}
	if !created {
		return nil
	}
	if err := l.fs.SyncDir(l.dir); err != nil {
		return disk.Error("sync", l.dir, err)
	}
	return nil
}

// recordMark writes the durable zxid into a sidecar state. Until the first Commit to a new file,
// the mark points into the file before it.
func (l *TxnLog) recordMark(s *walmeta.State) {
	if l.opt.NoSync {
		return
	}
	s.Durable = l.durable
	if at := l.FileBytes(); at > 0 {
		s.Log, s.Offset = l.name, at
	}
}

func (l *TxnLog) mark() error {
	if err := l.meta.Update(l.recordMark); err != nil {
		return err
	}
	l.marked = l.durable
	return nil
}

// Settle makes the watermark exact. The log writer calls it when it has had nothing to do for a
// while. With Lag, damage to the last batch cannot be told from a torn write until then.
func (l *TxnLog) Settle() error {
	if l.err == nil && l.marked < l.durable && !l.opt.NoSync {
		l.err = l.mark()
	}
	return l.err
}

// Roll commits and closes the current file. The next transaction begins a new one.
func (l *TxnLog) Roll() error {
	if _, err := l.Commit(); err != nil {
		return err
	}
	if l.file == nil {
		return nil
	}
	if err := l.leave(); err != nil {
		l.err = err
	}
	return l.err
}

func (l *TxnLog) leave() error {
	if l.marked < l.durable && !l.opt.NoSync {
		if err := l.mark(); err != nil {
			return err
		}
	}
	if err := l.file.Leave(); err != nil {
		return err
	}
	l.total += l.FileBytes()
	l.file = nil
	return nil
}

// rescue is logfile.Rescue of the current file.
func (l *TxnLog) rescue() (done bool, err error) {
	if l.file == nil {
		return false, nil
	}
	if done, err = l.file.Rescue(); errors.Is(err, ErrDisk) {
		l.err = err
	}
	return done, err
}

// goOn lets a log that was rolled go on behind zxid, after the history up to zxid was replaced or
// cut. An err that is not nil says that this failed: it becomes the final error of the log.
func (l *TxnLog) goOn(zxid jute.Zxid, err error) error {
	if l.err = err; err == nil {
		l.last, l.durable, l.marked = zxid, zxid, zxid
	}
	return err
}

// Close commits and closes. After a failure it closes nothing and returns that failure.
func (l *TxnLog) Close() error { return l.Roll() }
