package server

import (
	"fmt"
	"sync"
	"time"

	"quoll/internal/replica"
	"quoll/jute"
)

// txnLog is the log as its writer needs it; *persistence.TxnLog is one. Every error is final.
type txnLog interface {
	Append(e *jute.Entry) error
	Commit() (durable jute.Zxid, err error)
	Roll() error
	// Settle writes down what Commit left to the next one; nothing when it left nothing.
	Settle() error
	Close() error
}

// logWriter appends and flushes on a goroutine of its own: one flush for everything that gathered
// while the last one ran. Everything but the queue belongs to it.
type logWriter struct {
	log     txnLog
	durable func(generation uint64, zxid jute.Zxid)
	failed  func(error)                     // told once; nothing is durable any more
	flushed func(took time.Duration, n int) // told after each flush

	// delay lets transactions gather for so long since the last flush (flushDelay), unless most
	// of them have come already (maxBatchSize), or none comes for the time of poll
	// (maxWriteQueuePollTime). Zero flushes at once.
	delay     time.Duration
	poll      time.Duration
	most      int
	lastFlush time.Time

	mu         sync.Mutex
	queue      []replica.Append
	generation uint64
	signal     chan struct{}
	done       chan struct{}
	ended      chan struct{}
}

func newLogWriter(log txnLog) *logWriter {
	return &logWriter{
		log:    log,
		signal: make(chan struct{}, 1), done: make(chan struct{}), ended: make(chan struct{}),
	}
}

// settleAfter is how long the log must be idle before what lags behind it is written.
const settleAfter = 100 * time.Millisecond

// append takes transactions in order. The slice is the caller's; the entries' bytes are not used
// again by anyone.
func (w *logWriter) append(generation uint64, txns []replica.Append) {
	w.mu.Lock()
	w.queue = append(w.queue, txns...)
	w.generation = generation
	w.mu.Unlock()
	select {
	case w.signal <- struct{}{}:
	default:
	}
}

func (w *logWriter) run() {
	defer close(w.ended)
	var batch []replica.Append
	idle := time.NewTimer(settleAfter)
	defer idle.Stop()
	for {
		select {
		case <-w.signal:
			idle.Reset(settleAfter)
		case <-idle.C:
			if err := w.log.Settle(); err != nil {
				w.failed(fmt.Errorf("settle the log: %w", err))
				return
			}
			continue
		case <-w.done:
			if w.waiting() == 0 {
				return
			}
		}
		w.gather()
		w.mu.Lock()
		batch, w.queue = w.queue, batch[:0]
		generation := w.generation
		w.mu.Unlock()
		if err := w.write(generation, batch); err != nil {
			w.failed(err)
			return
		}
		clear(batch)
	}
}

// gather waits for company, as long as the delay allows.
func (w *logWriter) gather() {
	if w.delay <= 0 {
		return
	}
	enough := time.NewTimer(0)
	defer enough.Stop()
	for w.waiting() < w.most || w.most <= 0 {
		wait := min(w.delay-time.Since(w.lastFlush), w.poll)
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
	return len(w.queue)
}

// write makes a batch durable and says so.
func (w *logWriter) write(generation uint64, batch []replica.Append) error {
	if len(batch) == 0 {
		return nil
	}
	for i := range batch {
		if err := w.log.Append(&batch[i].Entry); err != nil {
			return fmt.Errorf("append transaction %v: %w", batch[i].Entry.Header.Zxid, err)
		}
		if batch[i].Roll {
			if err := w.roll(generation); err != nil {
				return err
			}
		}
	}
	return w.flush(generation, len(batch))
}

func (w *logWriter) roll(generation uint64) error {
	if err := w.flush(generation, 0); err != nil {
		return err
	}
	if err := w.log.Roll(); err != nil {
		return fmt.Errorf("roll the log: %w", err)
	}
	return nil
}

func (w *logWriter) flush(generation uint64, n int) error {
	begin := time.Now()
	zxid, err := w.log.Commit()
	if err != nil {
		return fmt.Errorf("flush the log: %w", err)
	}
	w.lastFlush = time.Now()
	w.flushed(w.lastFlush.Sub(begin), n)
	w.durable(generation, zxid)
	return nil
}

// stop ends the writer when everything that was appended is durable.
func (w *logWriter) stop() error {
	close(w.done)
	<-w.ended
	return w.log.Close()
}
