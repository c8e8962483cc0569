package persistence

import "errors"

// Sentinels for what a directory holds.
var (
	// ErrNoSnapshot: there are transactions but no snapshot to apply them to
	// (snapshot.trust.empty allows it).
	ErrNoSnapshot = errors.New("transaction logs without a snapshot")
	// ErrNoValidSnapshot: there are snapshots, but none is whole.
	ErrNoValidSnapshot = errors.New("no valid snapshot")
	// ErrStray: a file whose name is nearly that of data may be data.
	ErrStray = errors.New("files that are not read")
	// ErrDirectory: a configured directory is missing, cannot be made, or holds other files than
	// it should.
	ErrDirectory = errors.New("data directory")
)

// errKeep: autopurge.snapRetainCount is below MinRetainCount.
var errKeep = errors.New("at least 3 snapshots must be kept")
