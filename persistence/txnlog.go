package persistence

import (
	"fmt"
	"path/filepath"
	"slices"

	"quoll/jute"
	"quoll/persistence/disk"
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
	// PreAllocBytes is what a file grows by (zookeeper.preAllocSize, there in KB); 0 is none.
	PreAllocBytes int64
	// ZeroAheadBytes is how much of the padding is written as zeros before it is needed. A later
	// flush then finds blocks that have their place on disk already, and changes no metadata.
	ZeroAheadBytes int64
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
	return LogOptions{PreAllocBytes: 64 << 20, ZeroAheadBytes: 1 << 20}
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

	file   File // nil until the first Commit after a roll
	name   jute.Zxid
	pos    int64 // end of the records in the file
	size   int64 // of the file, with padding
	zeroed int64 // the file has blocks up to here
	total  int64 // bytes of records in the earlier files of this process

	err error // the first failure; every later call returns it
}

// LastZxid is the last zxid appended.
func (l *TxnLog) LastZxid() jute.Zxid { return l.last }

// Durable is the last zxid that Commit has made durable.
func (l *TxnLog) Durable() jute.Zxid { return l.durable }

// Pending is how many bytes wait for Commit.
func (l *TxnLog) Pending() int { return len(l.batch) }

// FileBytes is the size of the records in the current file, in bytes.
func (l *TxnLog) FileBytes() int64 { return l.pos }

// TotalBytes is the size of all records written since the server started, in bytes.
func (l *TxnLog) TotalBytes() int64 { return l.total + l.pos }

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
	if l.opt.SizeLimitBytes > 0 && l.pos > l.opt.SizeLimitBytes {
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
	end, err := l.write()
	if err != nil {
		return err
	}
	if err := l.flush(created); err != nil {
		return err
	}
	l.pos = end
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
	name := filepath.Join(l.dir, LogName(l.first))
	f, err := l.fs.Create(name)
	if err != nil {
		return disk.Error("create", name, err)
	}
	l.file, l.name = f, l.first
	l.pos, l.size, l.zeroed = 0, jute.FileHeaderBytes, 0
	return nil
}

// write puts the batch behind the records of the file, with zeros ahead of the next batches in
// the same call, and returns where the records end now.
func (l *TxnLog) write() (end int64, err error) {
	end = l.pos + int64(len(l.batch))
	size := record.PaddedSize(max(l.pos, jute.FileHeaderBytes), l.size, l.opt.PreAllocBytes)
	if size = record.PaddedSize(end, size, l.opt.PreAllocBytes); size != l.size {
		if err := l.file.Truncate(size); err != nil {
			return 0, disk.Error("extend", l.file.Name(), err)
		}
		l.size = size
	}
	records := len(l.batch)
	if ahead := min(end+l.opt.ZeroAheadBytes, l.size); end > l.zeroed && ahead > end {
		l.batch = appendZeros(l.batch, int(ahead-end))
		l.zeroed = ahead
	}
	_, err = l.file.WriteAt(l.batch, l.pos)
	l.batch = l.batch[:records]
	if err != nil {
		return 0, disk.Error("write", l.file.Name(), err)
	}
	l.size = max(l.size, end)
	return end, nil
}

func appendZeros(p []byte, n int) []byte {
	at := len(p)
	p = slices.Grow(p, n)[:at+n]
	clear(p[at:])
	return p
}

// flush makes what was written durable, and the file's name if it is new.
func (l *TxnLog) flush(created bool) error {
	if l.opt.NoSync {
		return nil
	}
	if l.opt.Watermark == Lag && l.marked < l.durable {
		if err := l.meta.UpdateWith(l.file, l.recordMark); err != nil {
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
	if l.file != nil && l.pos > 0 {
		s.Log, s.Offset = l.name, l.pos
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
	if l.size > l.pos {
		if err := l.file.Truncate(l.pos); err != nil {
			return disk.Error("truncate", l.file.Name(), err)
		}
		if err := l.file.Sync(); err != nil {
			return disk.Error("sync", l.file.Name(), err)
		}
	}
	if err := l.file.Close(); err != nil {
		return disk.Error("close", l.file.Name(), err)
	}
	l.total += l.pos
	l.file, l.pos, l.size = nil, 0, 0
	return nil
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
