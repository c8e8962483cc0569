package persistence

import (
	"quoll/persistence/disk"
	"quoll/persistence/readlog"
	"quoll/persistence/record"
	"quoll/persistence/walmeta"
)

// The disk and what is kept beside the log are rooms of their own; who uses this one need not know.
type (
	// FS is disk.FS.
	FS = disk.FS
	// File is disk.File.
	File = disk.File
	// FileID is disk.FileID.
	FileID = disk.FileID
	// FileInfo is disk.FileInfo.
	FileInfo = disk.FileInfo
	// OS is disk.OS.
	OS = disk.OS
	// DamageError is disk.DamageError.
	DamageError = disk.DamageError
	// MissingLogError is disk.MissingLogError.
	MissingLogError = disk.MissingLogError
	// Epochs is walmeta.Epochs.
	Epochs = walmeta.Epochs
)

// What the rooms below say.
//
// read-only: sentinels.
var (
	// ErrDisk is disk.ErrDisk.
	ErrDisk = disk.ErrDisk
	// ErrDamaged is disk.ErrDamaged.
	ErrDamaged = disk.ErrDamaged
	// ErrSuspect is disk.ErrSuspect.
	ErrSuspect = disk.ErrSuspect
	// ErrOrder is record.ErrOrder: what was to be appended does not follow, and was not written.
	ErrOrder = record.ErrOrder
	// ErrGap is readlog.ErrGap: the history that was asked for is not in the log. The learner gets
	// a snapshot.
	ErrGap = readlog.ErrGap
)
