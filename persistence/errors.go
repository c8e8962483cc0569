package persistence

import (
	"errors"
	"fmt"
	"io"

	"quoll/jute"
)

// Sentinels for what a directory holds; a DamageError wraps the first two.
var (
	// ErrDamaged: something that was durable cannot be read any more. Nothing is dropped to get
	// over it; the server does not start.
	ErrDamaged = errors.New("damaged")
	// ErrSuspect: in files that Apache wrote, whole records lie behind a broken one, or
	// transactions are missing. Apache would start and lose them.
	ErrSuspect = errors.New("suspect")
	// ErrNoSnapshot: there are transactions but no snapshot to apply them to
	// (snapshot.trust.empty allows it).
	ErrNoSnapshot = errors.New("transaction logs without a snapshot")
	// ErrNoValidSnapshot: there are snapshots, but none is whole.
	ErrNoValidSnapshot = errors.New("no valid snapshot")
	// ErrDirectory: the configured directories are not what they should be.
	ErrDirectory = errors.New("data directory")
	// ErrOrder: a transaction was appended out of order. Nothing was written.
	ErrOrder = errors.New("zxid out of order")
)

// DamageError says where a directory is damaged, or suspect.
type DamageError struct {
	File   string
	Offset int64
	// After is the last good zxid before the place.
	After   jute.Zxid
	Reason  string
	Suspect bool
}

func (e *DamageError) Error() string {
	return fmt.Sprintf("%s at byte %d, after zxid %v: %v: %s",
		e.File, e.Offset, e.After, e.Unwrap(), e.Reason)
}

func (e *DamageError) Unwrap() error {
	if e.Suspect {
		return ErrSuspect
	}
	return ErrDamaged
}

func isEOF(err error) bool { return err == io.EOF || err == io.ErrUnexpectedEOF }

// errKeep: autopurge.snapRetainCount has a floor.
var errKeep = errors.New("at least 3 snapshots must be kept")
