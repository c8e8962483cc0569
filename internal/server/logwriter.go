package server

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"quoll/internal/replica"
	"quoll/internal/replica/logwriter"
	"quoll/jute"
	"quoll/quorum/effects"
)

// txnLog is a log that can also be closed. *persistence.TxnLog is a txnLog.
type txnLog interface {
	logwriter.Log
	Close() error
}

// timedLog is a log that measures its last flush.
type timedLog struct {
	txnLog
	took  time.Duration
	ended time.Time // when the last flush ended
}

func (l *timedLog) Commit() (jute.Zxid, error) {
	begin := time.Now()
	zxid, err := l.txnLog.Commit()
	l.ended = time.Now()
	l.took = l.ended.Sub(begin)
	return zxid, err
}

// logWriter runs the log's writer on a goroutine of its own: one flush for everything that gathered
// while the last one ran. Everything but the queue belongs to it.
type logWriter struct {
	log     timedLog
	writer  logwriter.Writer
	gather  logwriter.Gathering
	durable func(ticket effects.Ticket, idle bool) // see idle
	failed  func(error)                            // called once; nothing becomes durable any more
	flushed func(took time.Duration, n int)        // called after each flush
	rescue  func() error                           // writes anew what others have removed

	missed  atomic.Bool // somebody asks for a rescue
	alone   bool        // the server is no member of an ensemble
	written bool        // the last flush was the end of its batch

	mu     sync.Mutex // guards queue
	queue  logwriter.Queue
	signal chan struct{} // holds one value when something is in the queue
	done   chan struct{} // closed when run must stop
	quiet  chan struct{} // closed by run when it will write nothing any more
	ended  chan struct{} // closed by run at its end, after it has called failed
}

func newLogWriter(log txnLog, store logwriter.Store) *logWriter {
	w := &logWriter{
		log:    timedLog{txnLog: log},
		signal: make(chan struct{}, 1), done: make(chan struct{}), ended: make(chan struct{}),
		quiet: make(chan struct{}),
	}
	w.writer = logwriter.Writer{
		Log: &w.log, Store: store,
		Flushed: func(txns int) {
			w.written = txns > 0
			w.flushed(w.log.took, txns)
		},
		Durable: func(ticket effects.Ticket) { w.durable(ticket, w.idle()) },
	}
	return w
}

// idle says that a step by the writer's own goroutine holds up nothing: no operation of the disk
// waits, in the batch or behind it. In an ensemble its report is one of several that a write waits
// for, and nothing was won by such steps.
func (w *logWriter) idle() bool { return w.alone && w.written && w.waiting() == 0 }

// settleAfter is how long the log must be idle before its watermark is made exact.
const settleAfter = 100 * time.Millisecond

// put takes operations of the disk, in order. The caller keeps the slice, but the bytes of the
// entries must not change any more.
func (w *logWriter) put(ops []replica.DiskOp) {
	w.mu.Lock()
	w.queue.Put(ops)
	w.mu.Unlock()
	w.poke()
}

func (w *logWriter) poke() {
	select {
	case w.signal <- struct{}{}:
	default:
	}
}

// miss has the writer look whether the files that it has open still have their names.
func (w *logWriter) miss() {
	w.missed.Store(true)
	w.poke()
}

func (w *logWriter) run() {
	defer close(w.ended)
	err := w.serve()
	close(w.quiet)
	if err != nil {
		w.failed(err)
	}
}

// serve writes until it is asked to stop and nothing waits, or until an error.
func (w *logWriter) serve() error {
	idle := time.NewTimer(settleAfter)
	defer idle.Stop()
	for {
		select {
		case <-w.signal:
			idle.Reset(settleAfter)
		case <-idle.C:
			if err := w.writer.Settle(); err != nil {
				return err
			}
			continue
		case <-w.done:
			if w.waiting() == 0 {
				return nil
			}
		}
		w.wait()
		if w.missed.Swap(false) {
			_ = w.rescue() // it is told, and tried again
		}
		if err := w.write(); err != nil {
			return err
		}
	}
}

// wait waits so that more transactions can share the flush (logwriter.Gathering).
func (w *logWriter) wait() {
	if w.gather.Delay <= 0 {
		return
	}
	enough := time.NewTimer(0)
	defer enough.Stop()
	for {
		wait := w.gather.Wait(w.waiting(), time.Since(w.log.ended))
		if wait <= 0 {
			return
		}
		enough.Reset(wait)
		select {
		case <-w.signal:
		case <-enough.C:
			return
		case <-w.done:
			return
		}
	}
}

func (w *logWriter) waiting() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.queue.Waiting()
}

// write carries out all operations in the queue.
func (w *logWriter) write() error {
	w.mu.Lock()
	batch := w.queue.Take()
	w.mu.Unlock()
	w.written = false
	if err := w.writer.Write(batch); err != nil {
		return err
	}
	w.mu.Lock()
	w.queue.Recycle(batch)
	w.mu.Unlock()
	return nil
}

// stop ends the writer when everything that was appended is durable.
func (w *logWriter) stop() error {
	close(w.done)
	<-w.ended
	return errors.Join(w.rescue(), w.log.Close())
}
