package persistence

import (
	"bytes"
	"errors"
	"io/fs"
	"path/filepath"
	"strconv"

	"quoll/persistence/disk"
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
	n, err := disk.ReadFull(f, buf[:], 0)
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
	if err := disk.WriteNew(fsys, tmp, func(FileID) []byte { return content }); err != nil {
		return disk.Error("write", tmp, err)
	}
	if err := fsys.Rename(tmp, final); err != nil {
		return disk.Error("rename", tmp, err)
	}
	if err := fsys.SyncDir(dir); err != nil {
		return disk.Error("sync", dir, err)
	}
	return nil
}
