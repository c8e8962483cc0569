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
	err = writeNew(fsys, tmp, func(f File) error {
		to := &Growing{File: f, SyncEvery: copySyncBytes}
		n, err := io.Copy(to, io.NewSectionReader(from, 0, size))
		if err == nil && n < size {
			err = io.ErrUnexpectedEOF
		}
		return err
	})
	if err != nil {
		return false, err
	}
	if err := fsys.Rename(tmp, name); err != nil {
		_ = fsys.Remove(tmp)
		return false, err
	}
	return true, fsys.SyncDir(dir)
}
