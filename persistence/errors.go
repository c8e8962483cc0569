package persistence

import "errors"

// Errors of a start, returned by Dir.Recover before it changes anything. Beside them stand those of
// package disk: a damaged record, a missing log, a disk that fails.
var (
	// ErrNoSnapshot is returned when there are transactions but no snapshot to apply them to
	// (snapshot.trust.empty allows it). Dir.Truncate returns it when no snapshot lies at or below
	// its zxid.
	ErrNoSnapshot = errors.New("transaction logs without a snapshot")
	// ErrNoValidSnapshot is returned when there are snapshots, but none is whole.
	ErrNoValidSnapshot = errors.New("no valid snapshot")
	// ErrStray is returned when a file whose name is nearly that of data may be data.
	ErrStray = errors.New("files that are not read")
	// ErrDirectory is returned, by Open too, when a configured directory is missing, cannot be
	// made, or holds other files than it should.
	ErrDirectory = errors.New("data directory")
)

// errKeep is returned by Dir.Purge when autopurge.snapRetainCount is below MinRetainCount.
var errKeep = errors.New("at least 3 snapshots must be kept")
