package logwriter

import (
	"fmt"

	"quoll/internal/replica"
	"quoll/jute"
)

// Log is the log as its writer needs it; *persistence.TxnLog is one. Every error is final.
type Log interface {
	Append(e *jute.Entry) error
	Commit() (durable jute.Zxid, err error)
	Roll() error
	// Settle writes down what Commit left to the next one; nothing when it left nothing.
	Settle() error
}

// Writer makes batches durable: one flush for each, and one more before the log rolls.
type Writer struct {
	Log Log
	// Told is called after each flush: everything up to zxid is on disk. The flush that ends a
	// batch comes with the number of its transactions, the one before a roll with 0.
	Told func(generation uint64, zxid jute.Zxid, txns int)
}

// Write appends a batch of one generation, flushes it and reports it.
func (w *Writer) Write(generation uint64, batch []replica.Append) error {
	if len(batch) == 0 {
		return nil
	}
	for i := range batch {
		if err := w.Log.Append(&batch[i].Entry); err != nil {
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

func (w *Writer) roll(generation uint64) error {
	if err := w.flush(generation, 0); err != nil {
		return err
	}
	if err := w.Log.Roll(); err != nil {
		return fmt.Errorf("roll the log: %w", err)
	}
	return nil
}

func (w *Writer) flush(generation uint64, txns int) error {
	zxid, err := w.Log.Commit()
	if err != nil {
		return fmt.Errorf("flush the log: %w", err)
	}
	w.Told(generation, zxid, txns)
	return nil
}

// Settle writes what lags behind the log; due when the log has been idle for a while.
func (w *Writer) Settle() error {
	if err := w.Log.Settle(); err != nil {
		return fmt.Errorf("settle the log: %w", err)
	}
	return nil
}
