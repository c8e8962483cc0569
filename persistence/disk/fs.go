package disk

import (
	"errors"
	"fmt"
	"io"
)

// FS is the disk as the rooms of persistence need it. OS is the real disk. A simulation implements
// FS to make each call fail, tear its data or stop half-way. Names are paths as the caller's
// Options give them. Errors wrap fs.ErrNotExist and fs.ErrExist where these apply.
type FS interface {
	// MkdirAll makes dir and the missing directories above it, durably.
	MkdirAll(dir string) error
	// ReadDir lists dir, by name.
	ReadDir(dir string) ([]FileInfo, error)
	// Stat describes one file.
	Stat(name string) (FileInfo, error)
	// Create makes a file that must not exist yet and opens it for reading and writing.
	Create(name string) (File, error)
	// Open opens a file for reading.
	Open(name string) (File, error)
	// OpenRW opens an existing file for reading and writing.
	OpenRW(name string) (File, error)
	// Rename gives a file another name, atomically. A file that had that name is replaced.
	Rename(from, to string) error
	// Remove takes a name away.
	Remove(name string) error
	// SyncDir makes the names in dir durable: creations, renames, removals.
	SyncDir(dir string) error
	// SyncBoth syncs f and beside, which costs little more than one Sync. beside must be in the
	// same directory as f, and since its last Sync it must only have been overwritten in place.
	SyncBoth(f, beside File) error
}

// File is an open file.
type File interface {
	// Name is the path that the file was opened by.
	Name() string
	// ReadAt may return fewer bytes than asked for without an error. At the end it returns io.EOF.
	io.ReaderAt
	// WriteAt returns an error unless all of p was written.
	io.WriterAt
	// Sync makes data and size durable (fdatasync). After an error nothing is known about what
	// was written since the last Sync that succeeded, and the file must not be used again.
	Sync() error
	// DropCache asks the system to serve the next read from the disk and not from memory. In
	// memory, bytes that a failed flush did not write look as if they were written. It is a hint:
	// it may do nothing.
	DropCache()
	// Truncate sets the size in bytes. New bytes are zeros.
	Truncate(size int64) error
	// Size is the current size in bytes.
	Size() (int64, error)
	// ID returns an identity that copies of the file do not have.
	ID() FileID
	Close() error
}

// FileID is the identity of a file. The file keeps it over writes, renames and crashes, and a copy
// of the file has another one. A part that is 0 is not known.
type FileID struct {
	Inode uint64
	Born  int64 // ns since 1970; tells a file from a later one that got its inode
}

// Known says whether the identity is known, so that it can be compared.
func (id FileID) Known() bool { return id.Inode != 0 }

// Same says whether both can be the same file: no part that is known in both differs.
func (id FileID) Same(other FileID) bool {
	return (id.Inode == other.Inode || id.Inode == 0 || other.Inode == 0) &&
		(id.Born == other.Born || id.Born == 0 || other.Born == 0)
}

// FileType is the type of the file that a name leads to.
type FileType uint8

// A link has the type of the file that it leads to.
const (
	Regular  FileType = iota
	Special           // a directory, a device, a pipe
	Dangling          // a link that leads to nothing, or in a circle
)

// FileInfo describes a file in a listing.
type FileInfo struct {
	Name string // without the directory
	Size int64  // bytes
	Type FileType
}

// ErrDisk is wrapped by every error of a write or a flush of the log, the sidecar or an epoch file,
// of a truncation, and of a load of the history by a server that runs. It is final: nobody knows
// what is on the disk, so the process ends. Nothing is tried again, and no file handle is used
// again.
var ErrDisk = errors.New("disk failed")

// Error returns an ErrDisk that says what was done, and to which file.
func Error(doing, name string, err error) error {
	return fmt.Errorf("%w: %s %s: %w", ErrDisk, doing, name, err)
}

// ReadFull fills p from offset off and returns how many bytes it read. If the file ends first, the
// error is io.EOF or io.ErrUnexpectedEOF, as with io.ReadFull.
func ReadFull(f io.ReaderAt, p []byte, off int64) (int, error) {
	n := 0
	for n < len(p) {
		m, err := f.ReadAt(p[n:], off+int64(n))
		n += m
		switch {
		case n == len(p):
			return n, nil
		case err == io.EOF && n > 0:
			return n, io.ErrUnexpectedEOF
		case err != nil:
			return n, err
		case m == 0:
			return n, io.ErrNoProgress
		}
	}
	return n, nil
}

// IsEOF says whether an error means that a file ended too early for a read.
func IsEOF(err error) bool { return err == io.EOF || err == io.ErrUnexpectedEOF }
