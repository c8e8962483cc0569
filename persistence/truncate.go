package persistence

import (
	"fmt"
	"path/filepath"

	"quoll/jute"
)

// Truncate removes every transaction above zxid, and every snapshot above it, durably: a leader
// never saw them. The log is closed; Recover must follow. The intention is on record first, so a
// crash on the way is finished by the next Recover. Any error wraps ErrDisk or ErrNoSnapshot; after
// the latter nothing was changed.
func (d *Dir) Truncate(zxid jute.Zxid) error {
	all, err := d.list()
	if err != nil {
		return err
	}
	if len(all.snaps) == 0 || all.snaps[0].zxid > zxid {
		return fmt.Errorf("%w: none is at or below %v", ErrNoSnapshot, zxid)
	}
	if err := d.log.Close(); err != nil {
		return err
	}
	if err := d.meta.update(func(s *sidecarState) { s.truncateTo = zxid }); err != nil {
		return err
	}
	err = d.cutLogs(zxid)
	d.meta.close()
	d.log, d.meta = nil, nil
	return err
}

// cutLogs carries a recorded truncation out, from the newest file to the oldest, and takes its
// record back.
func (d *Dir) cutLogs(zxid jute.Zxid) error {
	all, err := d.list()
	if err != nil {
		return err
	}
	var gone []string
	for i := len(all.snaps) - 1; i >= 0 && all.snaps[i].zxid > zxid; i-- {
		gone = append(gone, filepath.Join(d.snapDir, all.snaps[i].Name))
	}
	last := len(all.logs) - 1
	for ; last >= 0 && all.logs[last].zxid > zxid; last-- {
		gone = append(gone, filepath.Join(d.logDir, all.logs[last].Name))
	}
	if err := d.removeAll(gone); err != nil {
		return diskError("remove logs of", d.logDir, err)
	}
	state := freshSidecar()
	if last >= 0 {
		state.log, state.newestLog = all.logs[last].zxid, all.logs[last].zxid
		state.durable, state.offset, err = d.cutLog(all.logs[last], zxid)
		if err != nil {
			return err
		}
	}
	for _, f := range all.snaps {
		if f.zxid <= zxid {
			state.newestSnap, state.newestBytes = f.zxid, f.Size
			state.durable = max(state.durable, f.zxid)
		}
	}
	return d.meta.update(func(s *sidecarState) {
		s.truncateTo = none
		s.durable, s.log, s.offset = state.durable, state.log, state.offset
		s.newestLog = state.newestLog
		s.newestSnap, s.newestBytes = state.newestSnap, state.newestBytes
	})
}

// cutLog cuts one file behind its last record at or below zxid, and says which that is and where
// it ends.
func (d *Dir) cutLog(f named, zxid jute.Zxid) (last jute.Zxid, end int64, err error) {
	name := filepath.Join(d.logDir, f.Name)
	file, err := d.fs.OpenRW(name)
	if err != nil {
		return 0, 0, diskError("open", name, err)
	}
	defer file.Close()
	s, err := newScanner(file)
	for err == nil {
		var payload []byte
		end = s.off
		payload, _, err = s.next()
		if err != nil {
			break
		}
		var header jute.TxnHeader
		if _, err = jute.Decode(payload, &header); err != nil || header.Zxid > zxid {
			break
		}
		last = header.Zxid
	}
	if err != nil && !unreadable(err) {
		return 0, 0, diskError("read", name, err)
	}
	if err := file.Truncate(end); err != nil {
		return 0, 0, diskError("truncate", name, err)
	}
	if err := file.Sync(); err != nil {
		return 0, 0, diskError("sync", name, err)
	}
	return last, end, nil
}

// removeAll removes files in the given order and makes that durable.
func (d *Dir) removeAll(names []string) error {
	dirs := map[string]bool{}
	for _, name := range names {
		if err := d.fs.Remove(name); err != nil {
			return err
		}
		dirs[filepath.Dir(name)] = true
	}
	for _, dir := range []string{d.snapDir, d.logDir} {
		if !dirs[dir] {
			continue
		}
		delete(dirs, dir)
		if err := d.fs.SyncDir(dir); err != nil {
			return err
		}
	}
	return nil
}
