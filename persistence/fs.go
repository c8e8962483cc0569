package persistence

import (
	"quoll/persistence/disk"
	"quoll/persistence/logfile"
	"quoll/persistence/readlog"
	"quoll/persistence/record"
	"quoll/persistence/walmeta"
)

// Packages disk, logfile and walmeta define these types. The names here spare the users of this
// package the import of the others.
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
	// Growth is logfile.Growth.
	Growth = logfile.Growth
	// Epochs is walmeta.Epochs.
	Epochs = walmeta.Epochs
)

// Errors of the rooms below.
//
// read-only: sentinels.
var (
	// ErrDisk is disk.ErrDisk.
	ErrDisk = disk.ErrDisk
	// ErrDamaged is disk.ErrDamaged.
	ErrDamaged = disk.ErrDamaged
	// ErrSuspect is disk.ErrSuspect.
	ErrSuspect = disk.ErrSuspect
	// ErrOrder is record.ErrOrder: a transaction does not follow the last one and was not written.
	ErrOrder = record.ErrOrder
	// ErrGap is readlog.ErrGap: the log does not have the history that was asked for. The learner
	// gets a snapshot instead.
	ErrGap = readlog.ErrGap
)
