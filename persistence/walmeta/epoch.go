package walmeta

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

// ReadEpochs reads Apache's two files; one that is missing or unreadable counts as none.
func ReadEpochs(fsys disk.FS, dir string) (Epochs, error) {
	accepted, err := readEpoch(fsys, filepath.Join(dir, names.AcceptedEpoch))
	if err != nil {
		return Epochs{}, err
	}
	current, err := readEpoch(fsys, filepath.Join(dir, names.CurrentEpoch))
	return Epochs{Accepted: accepted, Current: current}, err
}

func readEpoch(fsys disk.FS, name string) (int64, error) {
	f, err := fsys.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return None, nil
	}
	if err != nil {
		return None, err
	}
	defer f.Close()
	var buf [32]byte
	n, err := disk.ReadFull(f, buf[:], 0)
	if err != nil && !disk.IsEOF(err) {
		return None, err
	}
	line, _, _ := bytes.Cut(buf[:n], []byte("\n"))
	v, err := strconv.ParseInt(string(bytes.TrimSuffix(line, []byte("\r"))), 10, 64)
	if err != nil || v < 0 {
		return None, nil
	}
	return v, nil
}

// WriteEpoch replaces one of Apache's two files, durably.
func WriteEpoch(fsys disk.FS, dir, name string, epoch int64) error {
	return disk.WriteFile(fsys, dir, names.Temporary(name), name, strconv.AppendInt(nil, epoch, 10))
}
