package walmeta

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strconv"

	"quoll/jute"
	"quoll/persistence/disk"
	"quoll/persistence/names"
)

// Epochs are the promises of an ensemble member: it follows no leader of an epoch below Accepted,
// and its log belongs to Current. -1 means that there is none.
type Epochs struct {
	Accepted int64
	Current  int64
}

// Unreadable is an epoch whose file is there and holds no number.
const Unreadable = -2

// ReadEpochs reads Apache's two files.
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
		return Unreadable, nil
	}
	return v, nil
}

// TakeOver is what becomes the second copies of a directory that another server had: what its files
// hold. When the last transaction is of a later epoch than currentEpoch, Apache was stopped between
// the two, and currentEpoch.tmp, if it is there, is what it did not come to rename.
func TakeOver(fsys disk.FS, dir string, files Epochs, last jute.Zxid) (Epochs, error) {
	if files.Current >= 0 && files.Current < last.Epoch() {
		tmp, err := readEpoch(fsys, filepath.Join(dir, names.UnfinishedEpoch))
		if err != nil {
			return files, err
		}
		files.Current = max(files.Current, tmp)
	}
	return Epochs{Accepted: max(files.Accepted, None), Current: max(files.Current, None)}, nil
}

// Resolve is what a member starts with: the second copies where there are some, then the files,
// then the epoch of the last transaction, as in Apache.
//
// A log whose epoch is above Current is no damage. The history of a new leader is on disk before
// its epoch is, and a crash came between the two; the log must not count as that epoch's before the
// leader has confirmed it, so Current stays. Apache refuses that.
func Resolve(
	fsys disk.FS, dir string, kept Epochs, last jute.Zxid,
) (found, files Epochs, err error) {
	if files, err = ReadEpochs(fsys, dir); err != nil {
		return found, files, err
	}
	damage := func(name, reason string, args ...any) error {
		return &disk.DamageError{
			File: filepath.Join(dir, name), Reason: fmt.Sprintf(reason, args...),
		}
	}
	if kept.Current != None && files.Current > kept.Current {
		return found, files, damage(names.CurrentEpoch,
			"it says %d, its second copy %d", files.Current, kept.Current)
	}
	found.Accepted = orElse(kept.Accepted, files.Accepted, last)
	found.Current = orElse(kept.Current, files.Current, last)
	switch {
	case found.Accepted == Unreadable:
		return found, files, damage(names.AcceptedEpoch,
			"it holds no epoch, and has no second copy")
	case found.Current == Unreadable:
		return found, files, damage(names.CurrentEpoch,
			"it holds no epoch, and has no second copy")
	case found.Accepted < found.Current:
		return found, files, damage(names.AcceptedEpoch,
			"epoch %d was accepted, and %d is current", found.Accepted, found.Current)
	}
	return found, files, nil
}

// orElse is the first epoch that there is: the second copy, the file's, that of the last zxid.
func orElse(kept, file int64, last jute.Zxid) int64 {
	switch {
	case kept != None:
		return kept
	case file != None:
		return file
	}
	return last.Epoch()
}

// WriteEpoch replaces one of Apache's two files, durably.
func WriteEpoch(fsys disk.FS, dir, name string, epoch int64) error {
	return disk.WriteFile(fsys, dir, names.Temporary(name), name, strconv.AppendInt(nil, epoch, 10))
}

// WriteEpochs writes what differs from what the files hold, the accepted one first: it is never
// below the other one.
func WriteEpochs(fsys disk.FS, dir string, files, found Epochs) error {
	if files.Accepted != found.Accepted {
		if err := WriteEpoch(fsys, dir, names.AcceptedEpoch, found.Accepted); err != nil {
			return err
		}
	}
	if files.Current != found.Current {
		return WriteEpoch(fsys, dir, names.CurrentEpoch, found.Current)
	}
	return nil
}
