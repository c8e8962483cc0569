package server_test

import (
	"errors"
	"io/fs"
	"sync"
	"sync/atomic"
	"syscall"

	"go.uber.org/zap/zapcore"

	"quoll/persistence"
)

const zapError = zapcore.ErrorLevel

// failingDisk fails every write and flush while it is broken.
type failingDisk struct {
	persistence.FS
	broken atomic.Bool
	// With hold a call waits until hold is closed before it fails, and the first such call closes
	// reached. Both may be nil.
	reached, hold chan struct{}
	once          sync.Once
}

func (d *failingDisk) fail() error {
	if !d.broken.Load() {
		return nil
	}
	if d.hold != nil {
		d.once.Do(func() { close(d.reached) })
		<-d.hold
		if !d.broken.Load() {
			return nil
		}
	}
	return errors.New("input/output error")
}

func (d *failingDisk) Create(name string) (persistence.File, error) {
	f, err := d.FS.Create(name)
	return failingFile{f, d}, err
}

func (d *failingDisk) OpenRW(name string) (persistence.File, error) {
	f, err := d.FS.OpenRW(name)
	return failingFile{f, d}, err
}

type failingFile struct {
	persistence.File
	disk *failingDisk
}

func (f failingFile) Sync() error {
	if err := f.disk.fail(); err != nil {
		return err
	}
	return f.File.Sync()
}

func (f failingFile) WriteAt(p []byte, off int64) (int, error) {
	if err := f.disk.fail(); err != nil {
		return 0, err
	}
	return f.File.WriteAt(p, off)
}

// readOnlyDisk is like a disk that is mounted read-only: files can be read, and none can be made.
type readOnlyDisk struct{ persistence.FS }

func (readOnlyDisk) Create(name string) (persistence.File, error) {
	return nil, &fs.PathError{Op: "open", Path: name, Err: syscall.EROFS}
}
