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

// Unreadable stands for an epoch whose file exists and holds no epoch.
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
	if err != nil || v < 0 || v > jute.MaxEpoch {
		return Unreadable, nil
	}
	return v, nil
}

// TakeOver returns the second copies for a directory that another server used last: the epochs in
// Apache's files, with None in place of Unreadable. If the last transaction is of a later epoch
// than currentEpoch, Apache was stopped between writing the two. Then currentEpoch.tmp counts if it
// is there, because Apache was stopped before it renamed that file.
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

// Resolve returns the epochs that a member starts with. It prefers the second copies in the sidecar
// (kept), then Apache's files, then the epoch of the last transaction, as Apache does. A
// DamageError says that an epoch cannot be known.
//
// A log whose epoch is above Current is no damage. A new leader's history is on disk before its
// epoch is, and the server crashed between the two. The log must not count as that epoch's before
// the leader has confirmed it, so Current stays. Apache refuses to start then.
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

// orElse returns the first epoch that exists: the second copy, the file's epoch, or the epoch of
// the last zxid.
func orElse(kept, file int64, last jute.Zxid) int64 {
	switch {
	case kept != None:
		return kept
	case file != None:
		return file
	}
	return last.Epoch()
}

// RescueEpochs writes those of Apache's two files anew that someone else has removed, and reports
// whether there was one. kept are the second copies.
func RescueEpochs(fsys disk.FS, dir string, kept Epochs) (done bool, err error) {
	files, err := ReadEpochs(fsys, dir)
	if err != nil || files.Accepted != None && files.Current != None {
		return false, err
	}
	want := files
	if files.Accepted == None {
		want.Accepted = kept.Accepted
	}
	if files.Current == None {
		want.Current = kept.Current
	}
	return want != files, WriteEpochs(fsys, dir, files, want)
}

// WriteEpoch replaces one of Apache's two files, durably.
func WriteEpoch(fsys disk.FS, dir, name string, epoch int64) error {
	return disk.WriteFile(fsys, dir, names.Temporary(name), name, strconv.AppendInt(nil, epoch, 10))
}

// WriteEpochs writes the epochs that differ from those in the files. The accepted epoch comes
// first, because it must never be below the current one.
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
