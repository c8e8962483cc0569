package disk

import (
	"io"
	"path/filepath"
)

// copySyncBytes is how much of a copy is written before it is flushed.
const copySyncBytes = 16 << 20

// Copy writes the first size bytes of a file to a new file of dir, durably. The copy has the name
// tmp until it is complete. named says that it has got its name; without it nothing is left.
func Copy(fsys FS, from io.ReaderAt, size int64, dir, tmp, name string) (named bool, err error) {
	tmp, name = filepath.Join(dir, tmp), filepath.Join(dir, name)
	if err := WriteNew(fsys, tmp, func(FileID) []byte { return nil }); err != nil {
		return false, err
	}
	if err := fill(fsys, tmp, from, size); err != nil {
		_ = fsys.Remove(tmp)
		return false, err
	}
	if err := fsys.Rename(tmp, name); err != nil {
		_ = fsys.Remove(tmp)
		return false, err
	}
	return true, fsys.SyncDir(dir)
}

func fill(fsys FS, name string, from io.ReaderAt, size int64) error {
	f, err := fsys.OpenRW(name)
	if err != nil {
		return err
	}
	to := &Growing{File: f, SyncEvery: copySyncBytes}
	if _, err = io.Copy(to, io.NewSectionReader(from, 0, size)); err == nil && to.Bytes() < size {
		err = io.ErrUnexpectedEOF
	}
	if err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
}
