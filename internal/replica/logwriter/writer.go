package logwriter

import (
	"fmt"

	"quoll/internal/replica"
	"quoll/jute"
	"quoll/quorum"
)

// Log is the log as its writer needs it; *persistence.TxnLog is one. Every error is final.
type Log interface {
	Append(e *jute.Entry) error
	Commit() (durable jute.Zxid, err error)
	Roll() error
	// Settle writes down what Commit left to the next one; nothing when it left nothing.
	Settle() error
}

// Store is what else happens in the directory of the log, in order with it; *persistence.Dir is
// one. What a call asks for is durable when it returns. Every error is final.
type Store interface {
	SetAcceptedEpoch(epoch int64) error
	SetCurrentEpoch(epoch int64) error
	Install(zxid jute.Zxid) error
	Truncate(zxid jute.Zxid) error
}

// Writer carries out batches: one flush for each that appends, one more before the log rolls, and
// one before every other operation that follows an append.
type Writer struct {
	Log   Log
	Store Store
	// Flushed is called after each flush, before Durable. The one that ends a batch comes with the
	// number of its transactions, the others with 0.
	Flushed func(txns int)
	// Durable is called when everything up to a ticket is on disk.
	Durable func(ticket quorum.Ticket)

	asked   quorum.Ticket // carried out
	durable quorum.Ticket // told of
}

// Write carries out a batch in order, flushes it and reports it.
func (w *Writer) Write(batch []replica.DiskOp) error {
	txns := 0
	for i := range batch {
		op := &batch[i]
		if op.Kind != quorum.Append {
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
	if _, err := w.Log.Commit(); err != nil {
		return fmt.Errorf("flush the log: %w", err)
	}
	w.Flushed(txns)
	w.tell()
	return nil
}

// tell reports what was carried out since the last report.
func (w *Writer) tell() {
	if w.durable < w.asked {
		w.durable = w.asked
		w.Durable(w.durable)
	}
}

// other carries out what is no append. All that was appended before it is durable first.
func (w *Writer) other(op *quorum.DiskOp) (err error) {
	if w.durable < w.asked {
		if err := w.flush(0); err != nil {
			return err
		}
	}
	switch op.Kind {
	case quorum.AcceptEpoch:
		err = w.Store.SetAcceptedEpoch(op.Epoch)
	case quorum.EnterEpoch:
		err = w.Store.SetCurrentEpoch(op.Epoch)
	case quorum.Install:
		err = w.Store.Install(op.Zxid)
	case quorum.Cut:
		err = w.Store.Truncate(op.Zxid)
	default:
		err = fmt.Errorf("no operation of the disk has kind %d", op.Kind)
	}
	if err != nil {
		return fmt.Errorf("after ticket %d: %w", w.asked, err)
	}
	w.asked++
	w.tell()
	return nil
}

// Settle writes what lags behind the log; due when the log has been idle for a while.
func (w *Writer) Settle() error {
	if err := w.Log.Settle(); err != nil {
		return fmt.Errorf("settle the log: %w", err)
	}
	return nil
}
