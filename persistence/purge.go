package persistence

import (
	"fmt"
	"path/filepath"

	"quoll/persistence/disk"
	"quoll/persistence/snap"
)

// MinRetainCount is the least number of snapshots that Purge keeps.
const MinRetainCount = 3

// Purge keeps the newest keep valid snapshots. It removes older snapshots, and logs whose
// transactions are all in the oldest kept snapshot. A snapshot counts as valid when all of it was
// verified; two packings of one snapshot count once. Every kept file is flushed before the first
// file is removed. Purge removes only files with exact names, Apache's too, and returns their
// paths, snapshots before logs, each oldest first. With fewer than keep valid snapshots nothing is
// removed.
//
// Purge may run beside the log writer and the snapshot writer, not beside Recover. After an error
// no data is lost: files that could have been removed may remain.
func (d *Dir) Purge(keep int) (removed []string, err error) {
	if keep < MinRetainCount {
		return nil, errKeep
	}
	d.changing.Lock()
	defer d.changing.Unlock()
	all, err := d.list()
	if err != nil {
		return nil, err
	}
	var kept []named
	for i := len(all.snaps) - 1; i >= 0 && len(kept) < keep; i-- {
		f, n := all.snaps[i], len(kept)
		if again := n > 0 && kept[n-1].zxid == f.zxid; !again && d.isValid(f) {
			kept = append(kept, f)
		}
	}
	plan := purgePlan(all, kept, keep)
	if len(plan.snaps)+len(plan.logs) == 0 {
		return nil, nil
	}
	for _, f := range kept {
		if err := disk.SyncFile(d.fs, filepath.Join(d.snapDir, f.Name)); err != nil {
			d.markValid(f.Name, neverValid) // a next flush may succeed without writing the data
			return nil, fmt.Errorf("purge: %w", err)
		}
	}
	if err := d.fs.SyncDir(d.snapDir); err != nil {
		return nil, fmt.Errorf("purge: %w", err)
	}
	for _, f := range plan.snaps {
		removed = append(removed, filepath.Join(d.snapDir, f.Name))
	}
	for _, f := range plan.logs {
		removed = append(removed, filepath.Join(d.logDir, f.Name))
	}
	if err := disk.RemoveAll(d.fs, removed); err != nil {
		return removed, fmt.Errorf("purge: %w", err)
	}
	return removed, nil
}

// neverValid stands for the size of a snapshot that could not be flushed.
const neverValid = -1

func (d *Dir) isValid(f named) bool {
	switch d.validBytes(f.Name) {
	case f.Size:
		return true
	case neverValid:
		return false
	}
	_, err := ReadSnapshot(d.fs, filepath.Join(d.snapDir, f.Name), 0, snap.Discard{})
	if err != nil {
		return false
	}
	d.markValid(f.Name, f.Size)
	return true
}

// purgePlan picks the files to remove: snapshots below the oldest kept one, and logs below it. The
// last of these logs stays, because it can hold transactions above that snapshot.
func purgePlan(all listing, kept []named, keep int) (plan listing) {
	if len(kept) < keep {
		return plan
	}
	oldest := kept[len(kept)-1].zxid
	for _, f := range all.snaps {
		if f.zxid < oldest {
			plan.snaps = append(plan.snaps, f)
		}
	}
	for i, f := range all.logs {
		if i+1 < len(all.logs) && all.logs[i+1].zxid <= oldest {
			plan.logs = append(plan.logs, f)
		}
	}
	return plan
}
