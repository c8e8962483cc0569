package disk

import (
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
)

// Shorten cuts a file, durably.
func Shorten(fsys FS, name string, size int64) error {
	f, err := fsys.OpenRW(name)
	if err != nil {
		return Error("open", name, err)
	}
	defer f.Close()
	if err := f.Truncate(size); err != nil {
		return Error("truncate", name, err)
	}
	if err := f.Sync(); err != nil {
		return Error("sync", name, err)
	}
	return nil
}

// SyncFile flushes a file that was written through another handle.
func SyncFile(fsys FS, name string) error {
	f, err := fsys.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

// Exists says whether there is a file with the name.
func Exists(fsys FS, name string) (bool, error) {
	_, err := fsys.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// HasName reports whether the name of an open file still leads to it, or that cannot be known.
// Someone else can have removed the name, or given it to another file.
func HasName(fsys FS, f File) bool {
	there, err := fsys.Open(f.Name())
	if err != nil {
		return !errors.Is(err, fs.ErrNotExist)
	}
	defer there.Close()
	return there.ID().Same(f.ID())
}

// Rename gives a file of a directory another name there, durably.
func Rename(fsys FS, dir, from, to string) error {
	from, to = filepath.Join(dir, from), filepath.Join(dir, to)
	if err := fsys.Rename(from, to); err != nil {
		return Error("rename", from, err)
	}
	if err := fsys.SyncDir(dir); err != nil {
		return Error("sync", dir, err)
	}
	return nil
}

// RemoveAll removes files in the given order, and then flushes their directories, in the order of
// the first file in each.
func RemoveAll(fsys FS, names []string) error { return each(fsys, names, fsys.Remove) }

// RenameAll gives files other names in their directories, and flushes as RemoveAll does. A name
// that is taken gets another one in its turn: no file is replaced.
func RenameAll(fsys FS, names []string, other func(name string) string) error {
	return each(fsys, names, func(name string) error {
		dir, last := filepath.Split(name)
		for {
			last = other(last)
			taken, err := Exists(fsys, filepath.Join(dir, last))
			if err != nil {
				return err
			}
			if !taken {
				return fsys.Rename(name, filepath.Join(dir, last))
			}
		}
	})
}

// each changes names one by one, and then flushes their directories.
func each(fsys FS, names []string, change func(name string) error) error {
	var dirs []string
	for _, name := range names {
		if err := change(name); err != nil {
			return err
		}
		if dir := filepath.Dir(name); !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
	}
	for _, dir := range dirs {
		if err := fsys.SyncDir(dir); err != nil {
			return err
		}
	}
	return nil
}

// SyncPath makes the names that lead to a directory durable. It returns an error only for the
// parent. Above the parent it stops at the first directory that cannot be flushed: MkdirAll cannot
// have made anything in such a directory.
func SyncPath(fsys FS, dir string) error {
	parent := filepath.Dir(dir)
	if err := fsys.SyncDir(parent); err != nil {
		return err
	}
	for dir = parent; filepath.Dir(dir) != dir; dir = filepath.Dir(dir) {
		if fsys.SyncDir(filepath.Dir(dir)) != nil {
			return nil
		}
	}
	return nil
}

// shorter is a file that ends at size, although it is longer on disk.
type shorter struct {
	File
	size int64
}

// Shorter returns a view of f that ends after size bytes, as if f were cut there.
func Shorter(f File, size int64) File { return shorter{f, size} }

func (f shorter) Size() (int64, error) {
	size, err := f.File.Size()
	return min(size, f.size), err
}

func (f shorter) ReadAt(p []byte, off int64) (int, error) {
	if off >= f.size {
		return 0, io.EOF
	}
	return f.File.ReadAt(p[:min(int64(len(p)), f.size-off)], off)
}
