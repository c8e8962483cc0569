package disk

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Modes of the directories and files that we make: other users must not read the data. Apache reads
// it as the same user.
const (
	dirMode  = 0o700
	fileMode = 0o600
)

// OS is the operating system's file system. It is the only part of the package that touches it.
type OS struct{}

var _ FS = OS{}

// MkdirAll implements FS. Each new directory is made durable in its parent.
func (o OS) MkdirAll(dir string) error {
	if info, err := os.Stat(dir); err == nil {
		if !info.IsDir() {
			return &fs.PathError{Op: "mkdir", Path: dir, Err: fs.ErrExist}
		}
		return nil
	}
	parent := filepath.Dir(dir)
	if parent != dir {
		if err := o.MkdirAll(parent); err != nil {
			return err
		}
	}
	if err := os.Mkdir(dir, dirMode); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return o.SyncDir(parent)
}

// ReadDir implements FS.
func (OS) ReadDir(dir string) ([]FileInfo, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	list := make([]FileInfo, 0, len(entries))
	for _, e := range entries {
		found := FileInfo{Name: e.Name()}
		info, err := os.Stat(filepath.Join(dir, e.Name()))
		switch {
		case err == nil && info.Mode().IsRegular():
			found.Size = info.Size()
		case err == nil:
			found.Type = Special
		case e.Type()&fs.ModeSymlink != 0:
			found.Type = Dangling
		case errors.Is(err, fs.ErrNotExist):
			continue // removed meanwhile
		default:
			return nil, err
		}
		list = append(list, found)
	}
	return list, nil
}

// Stat implements FS.
func (OS) Stat(name string) (FileInfo, error) {
	info, err := os.Stat(name)
	if err != nil {
		return FileInfo{}, err
	}
	return FileInfo{Name: info.Name(), Size: info.Size()}, nil
}

// Create implements FS.
func (OS) Create(name string) (File, error) {
	return openFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL)
}

// Open implements FS.
func (OS) Open(name string) (File, error) { return openFile(name, os.O_RDONLY) }

// OpenRW implements FS. It follows a link and opens the file that the link leads to.
func (OS) OpenRW(name string) (File, error) { return openFile(name, os.O_RDWR) }

// Rename implements FS.
func (OS) Rename(from, to string) error { return os.Rename(from, to) }

// Remove implements FS.
func (OS) Remove(name string) error { return os.Remove(name) }

// SyncDir implements FS.
func (OS) SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	if err := d.Sync(); err != nil {
		_ = d.Close()
		return err
	}
	return d.Close()
}

// SyncBoth implements FS. On a file system that overwrites in place, it waits for the write-back of
// beside, and then the flush of f empties the device's cache for both files. Elsewhere two flushes
// run at the same time, one of them in a goroutine that ends with the call.
func (OS) SyncBoth(f, beside File) error {
	done, err := writeBack(f, beside)
	if err != nil {
		return err
	}
	if done {
		return f.Sync()
	}
	other := make(chan error, 1)
	go func() { other <- beside.Sync() }()
	return errors.Join(f.Sync(), <-other)
}

// osFile adds Size and fdatasync to *os.File.
type osFile struct {
	*os.File
	inPlace bool // the file is open for writing, and the file system overwrites blocks in place
}

func openFile(name string, flag int) (File, error) {
	f, err := os.OpenFile(name, flag, fileMode)
	if err != nil {
		return nil, err
	}
	return osFile{File: f, inPlace: flag&os.O_RDWR != 0 && overwritesInPlace(f)}, nil
}

func (f osFile) Sync() error { return dataSync(f.File) }

func (f osFile) DropCache() { dropCache(f.File) }

func (f osFile) ID() FileID { return FileID{Inode: inodeOf(f.File), Born: bornAt(f.File)} }

func (f osFile) Size() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}
