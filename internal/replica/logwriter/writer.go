package logwriter

import (
	"fmt"
	"sync/atomic"

	"quoll/internal/replica"
	"quoll/jute"
	"quoll/quorum/effects"
)

// Log is the part of a log that the Writer needs. *persistence.TxnLog is a Log. Every error is
// final.
type Log interface {
	Append(e *jute.Entry) error
	Commit() (durable jute.Zxid, err error)
	Roll() error
	// Settle makes the watermark exact if the last Commit left that to the next one.
	Settle() error
}

// Store carries out the operations on the log's directory that are no appends. *persistence.Dir is
// a Store. When a call returns without an error, its result is durable. Every error is final.
type Store interface {
	SetAcceptedEpoch(epoch int64) error
	SetCurrentEpoch(epoch int64) error
	Install(zxid jute.Zxid) error
	Truncate(zxid jute.Zxid) error
}

// Writer carries out batches. It flushes once at the end of each batch that appends, once before
// the log rolls, and once before every other operation that follows an append.
type Writer struct {
	Log   Log
	Store Store
	// Flushed is called after each flush, before Durable. For the flush at the end of a batch txns
	// is the number of the batch's transactions, for the others it is 0.
	Flushed func(txns int)
	// Durable is called when everything up to a ticket is on disk.
	Durable func(ticket effects.Ticket)
	// Load reads the history from disk into a new tree, and reports it as the end of the job with
	// the generation. Its error is final. A server alone has no Load, because nobody asks for it.
	Load func(generation uint64) error

	asked   effects.Ticket // of the last operation that was carried out
	durable effects.Ticket // the last one that Durable was called with
	logged  atomic.Int64   // see Logged
}

// Write carries out a batch in order, flushes it and reports it. Its error is final.
func (w *Writer) Write(batch []replica.DiskOp) error {
	txns := 0
	for i := range batch {
		op := &batch[i]
		if op.Kind != effects.Append {
			if err := w.other(&op.DiskOp); err != nil {
				return err
			}
			continue
		}
		if err := w.Log.Append(&op.Entry); err != nil {
			return fmt.Errorf("append transaction %v: %w", op.Entry.Header.Zxid, err)
		}
		w.asked++
		txns++
		if op.Roll {
			if err := w.roll(); err != nil {
				return err
			}
		}
	}
	if txns == 0 {
		return nil
	}
	return w.flush(txns)
}

func (w *Writer) roll() error {
	if err := w.flush(0); err != nil {
		return err
	}
	if err := w.Log.Roll(); err != nil {
		return fmt.Errorf("roll the log: %w", err)
	}
	return nil
}

func (w *Writer) flush(txns int) error {
	zxid, err := w.Log.Commit()
	if err != nil {
		return fmt.Errorf("flush the log: %w", err)
	}
	w.logged.Store(int64(zxid))
	w.Flushed(txns)
	w.tell()
	return nil
}

// tell reports the operations that were carried out since the last report.
func (w *Writer) tell() {
	if w.durable < w.asked {
		w.durable = w.asked
		w.Durable(w.durable)
	}
}

// other carries out an operation that is no append. First it makes all earlier appends durable.
func (w *Writer) other(op *effects.DiskOp) (err error) {
	if w.durable < w.asked {
		if err := w.flush(0); err != nil {
			return err
		}
	}
	switch op.Kind {
	case effects.AcceptEpoch:
		err = w.Store.SetAcceptedEpoch(op.Epoch)
	case effects.EnterEpoch:
		err = w.Store.SetCurrentEpoch(op.Epoch)
	case effects.Install:
		err = w.Store.Install(op.Zxid)
	case effects.Cut:
		err = w.Store.Truncate(op.Zxid)
	case effects.Load:
		err = w.Load(op.Generation)
	default:
		err = fmt.Errorf("no operation of the disk has kind %d", op.Kind)
	}
	if err != nil {
		return fmt.Errorf("after ticket %d: %w", w.asked, err)
	}
	if op.Kind == effects.Install || op.Kind == effects.Cut {
		w.logged.Store(int64(op.Zxid))
	}
	w.asked++
	w.tell()
	return nil
}

// Settle makes the watermark of the log exact. It is for a log that has been idle for a while. Its
// error is final.
func (w *Writer) Settle() error {
	if err := w.Log.Settle(); err != nil {
		return fmt.Errorf("settle the log: %w", err)
	}
	return nil
}

// Logged is the zxid up to which this writer has made the history durable, 0 before it has done
// anything. Any goroutine may call it.
func (w *Writer) Logged() jute.Zxid { return jute.Zxid(w.logged.Load()) }
