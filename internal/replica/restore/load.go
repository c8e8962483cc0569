package restore

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"quoll/datatree"
	"quoll/internal/replica"
	"quoll/jute"
	"quoll/persistence"
	"quoll/persistence/names"
	"quoll/quorum/effects"
	"quoll/quorum/zab/history"
)

// loadBytes is about how much of the log is read at a time.
const loadBytes = 1 << 20

// Load carries out an effects.Load: it reads the history of a running server into another tree. It
// changes no file. Only the owner of the log may call it, when all appends are durable. Every error
// wraps persistence.ErrDisk and is final, because the tree that is served holds transactions that
// the history does not: there is no going on without the other tree.
func Load(
	fsys persistence.FS, dir *persistence.Dir, tree *datatree.Tree, generation uint64,
) (replica.JobDone, error) {
	l := newLoader(tree, Hooks{})
	last := dir.Log().LastZxid()
	info, err := l.newest(fsys, dir)
	if err == nil {
		err = l.above(fsys, dir, info.Zxid, last)
	}
	if err != nil {
		return replica.JobDone{}, fmt.Errorf("%w: load the history up to %v: %w",
			persistence.ErrDisk, last, err)
	}
	return replica.JobDone{
		JobDone: effects.JobDone{Generation: generation, Zxid: last}, Built: l.Built,
	}, nil
}

// newest reads the newest snapshot that is whole.
func (l *loader) newest(
	fsys persistence.FS, dir *persistence.Dir,
) (info persistence.SnapInfo, err error) {
	files, err := fsys.ReadDir(dir.SnapDir())
	if err != nil {
		return info, err
	}
	paths := persistence.SnapPaths(dir.SnapDir(), files)
	err = persistence.ErrNoValidSnapshot
	for i := len(paths) - 1; i >= 0; i-- {
		var bad error
		if info, bad = persistence.ReadSnapshot(fsys, paths[i], 0, l); bad == nil {
			return info, l.SnapshotLoaded(info)
		}
		err = errors.Join(err, bad)
		l.Reset()
	}
	return info, err
}

// above replays the log above a snapshot.
func (l *loader) above(
	fsys persistence.FS, dir *persistence.Dir, snapshot, last jute.Zxid,
) error {
	if last <= snapshot {
		return nil
	}
	from, err := begin(fsys, dir, snapshot)
	if err != nil {
		return err
	}
	log, err := dir.ReadLog(from, last, snapshot)
	if err != nil {
		return err
	}
	defer log.Close()
	for {
		entries, err := log.Next(loadBytes)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		for i := range entries {
			if e := &entries[i]; e.Header.Zxid > snapshot {
				if err := l.Txn(e); err != nil {
					return err
				}
			}
		}
	}
}

// begin says from where on the log is read: from the snapshot, or from the first transaction of all
// if the snapshot took the place of everything before it.
func begin(
	fsys persistence.FS, dir *persistence.Dir, snapshot jute.Zxid,
) (jute.Zxid, error) {
	files, err := fsys.ReadDir(dir.LogDir())
	if err != nil {
		return 0, err
	}
	logs := persistence.LogPaths(dir.LogDir(), files)
	if len(logs) == 0 {
		return snapshot, nil
	}
	first := names.Parse(filepath.Base(logs[0])).Zxid
	if first > snapshot && history.Follows(snapshot, first) {
		return first, nil
	}
	return snapshot, nil
}
