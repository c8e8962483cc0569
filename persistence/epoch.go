package persistence

import (
	"bytes"
	"errors"
	"io/fs"
	"path/filepath"
	"strconv"

	"quoll/persistence/names"
)

// Epochs are the promises of an ensemble member: it follows no leader of an epoch below Accepted,
// and its log belongs to Current. -1 means that there is none.
type Epochs struct {
	Accepted int64
	Current  int64
}

// readEpochs reads Apache's two files; one that is missing or unreadable counts as none.
func readEpochs(fsys FS, dir string) (Epochs, error) {
	accepted, err := readEpoch(fsys, filepath.Join(dir, names.AcceptedEpoch))
	if err != nil {
		return Epochs{}, err
	}
	current, err := readEpoch(fsys, filepath.Join(dir, names.CurrentEpoch))
	return Epochs{Accepted: accepted, Current: current}, err
}

func readEpoch(fsys FS, name string) (int64, error) {
	f, err := fsys.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return none, nil
	}
	if err != nil {
		return none, err
	}
	defer f.Close()
	var buf [32]byte
	n, err := readFull(f, buf[:], 0)
	if err != nil && !isEOF(err) {
		return none, err
	}
	line, _, _ := bytes.Cut(buf[:n], []byte("\n"))
	v, err := strconv.ParseInt(string(bytes.TrimSuffix(line, []byte("\r"))), 10, 64)
	if err != nil || v < 0 {
		return none, nil
	}
	return v, nil
}

// writeFile replaces a small file: complete under another name, flushed, renamed, its new name
// flushed. Either the old or the new content is there at any time.
func writeFile(fsys FS, dir, name string, content []byte) error {
	tmp, final := filepath.Join(dir, names.Temporary(name)), filepath.Join(dir, name)
	if err := writeNew(fsys, tmp, func(FileID) []byte { return content }); err != nil {
		return diskError("write", tmp, err)
	}
	if err := fsys.Rename(tmp, final); err != nil {
		return diskError("rename", tmp, err)
	}
	if err := fsys.SyncDir(dir); err != nil {
		return diskError("sync", dir, err)
	}
	return nil
}

// writeNew makes a file and flushes it; content may depend on which file it is. One of that name
// goes. On an error there is none.
func writeNew(fsys FS, name string, content func(FileID) []byte) error {
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
