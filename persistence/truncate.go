package persistence

import (
	"fmt"
	"path/filepath"
	"slices"

	"quoll/jute"
	"quoll/persistence/disk"
	"quoll/persistence/names"
	"quoll/persistence/record"
	"quoll/persistence/walmeta"
)

// Truncate removes every transaction and every snapshot above zxid, durably, because the leader
// never saw them. The log goes on behind zxid. Afterwards zxid is the last transaction, or the
// beginning of an epoch that has no transaction yet. A caller whose tree has applied transactions
// above zxid must load the tree from disk again.
//
// The sidecar records the intention first, so after a crash the next Recover finishes the work. If
// the history would not end at zxid, nothing is removed and the error is one of two. ErrNoSnapshot:
// no valid snapshot is at or below zxid. ErrGap: zxid is not in the log. Then only a snapshot of
// the leader helps. Any other error wraps ErrDisk. The caller is the log's owner. Truncate waits
// for a purge that runs. A snapshot that is being written does not get its name.
func (d *Dir) Truncate(zxid jute.Zxid) error {
	d.changing.Lock()
	defer d.changing.Unlock()
	if err := d.log.Roll(); err != nil {
		return err
	}
	cut, err := d.planTruncate(zxid)
	if err != nil {
		return err
	}
	d.replaced++
	err = d.meta.Update(func(s *walmeta.State) { s.TruncateTo = zxid })
	if err == nil {
		err = d.carryOut(cut)
	}
	return d.log.goOn(cut.last, err)
}

// CanTruncate returns the error that Truncate(zxid) would have, nil if there is none. The code that
// asks the log writer for a truncation calls it first, because the log writer stops for good at a
// refused truncation. CanTruncate may run beside the log writer.
func (d *Dir) CanTruncate(zxid jute.Zxid) error {
	d.changing.Lock()
	defer d.changing.Unlock()
	_, err := d.planTruncate(zxid)
	return err
}

func (d *Dir) planTruncate(zxid jute.Zxid) (*cutting, error) {
	all, err := d.list()
	if err != nil {
		return nil, disk.Error("list", d.logDir, err)
	}
	cut, err := d.planCut(all, zxid)
	if err != nil {
		return nil, err
	}
	return cut, d.leadsTo(cut, zxid)
}

// leadsTo fails if zxid would not be the last transaction after a truncation to it.
func (d *Dir) leadsTo(cut *cutting, zxid jute.Zxid) error {
	for _, f := range slices.Backward(cut.rest.snaps) {
		if !d.isValid(f) {
			continue
		}
		if cut.last = max(cut.last, f.zxid); cut.last != zxid && zxid.Counter() != 0 {
			return fmt.Errorf("%w: %v, the last one at or below it is %v", ErrGap, zxid, cut.last)
		}
		return nil
	}
	return fmt.Errorf("%w: none is at or below %v", ErrNoSnapshot, zxid)
}

// cutting is the plan of a truncation or of an install: the files that go and the files that stay.
type cutting struct {
	gone []string // paths, from the newest file to the oldest
	keep bool     // they get other names, and are not removed
	rest listing  // what stays
	last jute.Zxid
	end  int64 // of the newest log that stays: its last record ends there
}

// shortens says whether a log that stays loses its end.
func (c *cutting) shortens(f named) bool {
	n := len(c.rest.logs)
	return n > 0 && f == c.rest.logs[n-1]
}

// planCut says what a truncation to zxid takes away. It changes nothing.
func (d *Dir) planCut(all listing, zxid jute.Zxid) (*cutting, error) {
	c := &cutting{rest: all}
	for n := len(c.rest.snaps); n > 0 && c.rest.snaps[n-1].zxid > zxid; n-- {
		c.gone = append(c.gone, filepath.Join(d.snapDir, c.rest.snaps[n-1].Name))
		c.rest.snaps = c.rest.snaps[:n-1]
	}
	for n := len(c.rest.logs); n > 0 && c.rest.logs[n-1].zxid > zxid; n-- {
		c.gone = append(c.gone, filepath.Join(d.logDir, c.rest.logs[n-1].Name))
		c.rest.logs = c.rest.logs[:n-1]
	}
	if n := len(c.rest.logs); n > 0 {
		var err error
		name := filepath.Join(d.logDir, c.rest.logs[n-1].Name)
		if c.last, c.end, err = record.LastUpTo(d.fs, name, zxid); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// record notes in the sidecar the state after the cutting is carried out.
func (c *cutting) record(s *walmeta.State) {
	s.TruncateTo, s.InstallTo = walmeta.None, walmeta.None
	s.Durable, s.Log, s.Offset, s.NewestLog = c.last, walmeta.None, 0, walmeta.None
	s.NewestSnap, s.NewestBytes = walmeta.None, walmeta.None
	if n := len(c.rest.logs); n > 0 {
		s.Log, s.NewestLog, s.Offset = c.rest.logs[n-1].zxid, c.rest.logs[n-1].zxid, c.end
	}
	if n := len(c.rest.snaps); n > 0 {
		f := c.rest.snaps[n-1]
		s.NewestSnap, s.NewestBytes = f.zxid, f.Size
		s.Durable = max(s.Durable, f.zxid)
	}
	if s.OwnSince != walmeta.Unknown { // later logs are ours, even if the removed ones were not
		s.OwnSince = min(s.OwnSince, s.Durable+1)
	}
}

// carryOut carries the plan out, and removes the intention from the sidecar.
func (d *Dir) carryOut(c *cutting) error {
	var err error
	if c.keep {
		err = disk.RenameAll(d.fs, c.gone, names.GivenUp)
	} else {
		err = disk.RemoveAll(d.fs, c.gone)
	}
	if err != nil {
		return disk.Error("remove files of", d.logDir, err)
	}
	if n := len(c.rest.logs); n > 0 {
		name := filepath.Join(d.logDir, c.rest.logs[n-1].Name)
		if err := disk.Shorten(d.fs, name, c.end); err != nil {
			return err
		}
	}
	if err := d.updateMark(c.record); err != nil { // an old mark would demand the removed records
		return err
	}
	return d.meta.Update(c.record)
}
