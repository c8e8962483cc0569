package persistence

import (
	"quoll/persistence/disk"
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

// The room of the disk says what has failed, or is lost.
//
// read-only: sentinels.
var (
	// ErrDisk is disk.ErrDisk.
	ErrDisk = disk.ErrDisk
	// ErrDamaged is disk.ErrDamaged.
	ErrDamaged = disk.ErrDamaged
	// ErrSuspect is disk.ErrSuspect.
	ErrSuspect = disk.ErrSuspect
)
