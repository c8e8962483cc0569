package disk

import (
	"errors"
	"io/fs"
)

// WriteNew makes a file and flushes it; content may depend on which file it is. One of that name
// goes. On an error there is none.
func WriteNew(fsys FS, name string, content func(FileID) []byte) error {
	if err := fsys.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := fsys.Create(name)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(content(f.ID()), 0)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		_ = fsys.Remove(name)
	}
	return err
}
