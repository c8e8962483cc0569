package server_test

import (
	"errors"
	"io/fs"
	"sync/atomic"
	"syscall"

	"go.uber.org/zap/zapcore"

	"quoll/persistence"
)

const zapError = zapcore.ErrorLevel

// failingDisk fails every flush once it is broken.
type failingDisk struct {
	persistence.FS
	broken atomic.Bool
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
	if f.disk.broken.Load() {
		return errors.New("input/output error")
	}
	return f.File.Sync()
}

func (f failingFile) WriteAt(p []byte, off int64) (int, error) {
	if f.disk.broken.Load() {
		return 0, errors.New("input/output error")
	}
	return f.File.WriteAt(p, off)
}

// readOnlyDisk is mounted read-only: what is there can be read, nothing can be made.
type readOnlyDisk struct{ persistence.FS }

func (readOnlyDisk) Create(name string) (persistence.File, error) {
	return nil, &fs.PathError{Op: "open", Path: name, Err: syscall.EROFS}
}
