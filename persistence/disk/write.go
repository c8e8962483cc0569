package disk

import (
	"errors"
	"io/fs"
	"path/filepath"
)

// WriteNew makes a file and flushes it. The content may depend on the identity of the new file. An
// old file of that name is removed first. After an error there is no file of that name.
func WriteNew(fsys FS, name string, content func(FileID) []byte) error {
	return writeNew(fsys, name, func(f File) error {
		_, err := f.WriteAt(content(f.ID()), 0)
		return err
	})
}

// writeNew is WriteNew with a function that writes the content.
func writeNew(fsys FS, name string, write func(File) error) error {
	if err := fsys.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := fsys.Create(name)
	if err != nil {
		return err
	}
	err = write(f)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		_ = fsys.Remove(name)
	}
	return err
}

// Growing writes a long file from its start. What is on disk leaves the page cache, so that the
// same pages are filled again: new ones cost more than the write, and push out those of others.
type Growing struct {
	File
	SyncEvery int64 // bytes; 0: it is not flushed as it grows

	written, synced int64
}

// Bytes is how much was written.
func (g *Growing) Bytes() int64 { return g.written }

// Write implements io.Writer.
func (g *Growing) Write(p []byte) (int, error) {
	n, err := g.WriteAt(p, g.written)
	g.written += int64(n)
	if err == nil && g.SyncEvery > 0 && g.written-g.synced >= g.SyncEvery {
		g.synced = g.written
		if err = g.Sync(); err == nil {
			g.DropCache()
		}
	}
	return n, err
}

// WriteFile replaces a small file of dir, durably. The new content is written under the name tmp
// and flushed; then the file is renamed, and its new name is flushed. At any time either the old or
// the new content is there. Errors wrap ErrDisk.
func WriteFile(fsys FS, dir, tmp, name string, content []byte) error {
	tmp, name = filepath.Join(dir, tmp), filepath.Join(dir, name)
	if err := WriteNew(fsys, tmp, func(FileID) []byte { return content }); err != nil {
		return Error("write", tmp, err)
	}
	if err := fsys.Rename(tmp, name); err != nil {
		return Error("rename", tmp, err)
	}
	if err := fsys.SyncDir(dir); err != nil {
		return Error("sync", dir, err)
	}
	return nil
}
