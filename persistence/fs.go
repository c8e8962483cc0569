package persistence

import "quoll/persistence/disk"

// The disk is a room of its own; who uses this one need not know.
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
)

// ErrDisk is disk.ErrDisk.
//
// read-only: a sentinel.
var ErrDisk = disk.ErrDisk
