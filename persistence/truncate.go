package persistence

import (
	"fmt"
	"path/filepath"
	"slices"

	"quoll/jute"
	"quoll/persistence/disk"
	"quoll/persistence/record"
	"quoll/persistence/walmeta"
)

// Truncate removes every transaction above zxid, and every snapshot above it, durably: a leader
// never saw them. The log goes on behind zxid, which is the last transaction then, or the beginning
// of an epoch that has none yet. Who has applied more must begin with what is on disk.
//
// The intention is on record first, so a crash on the way is finished by the next Recover. Where
// that would not lead to zxid nothing is removed: ErrNoSnapshot, no valid one is at or below it;
// ErrGap, it is not in the log. Then only a snapshot of the leader helps. Any other error wraps
// ErrDisk. The caller is the log's owner. A purge that runs is waited for; a snapshot that is being
// written does not get its name.
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

// CanTruncate says, with the error that Truncate would have, whether a truncation to zxid leads
// there. It is for whoever asks the log writer for one, before: behind a refusal nothing more is
// carried out. It may run beside the log writer.
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

// cutting is a truncation, or what a snapshot replaces, as it will be when it is carried out.
type cutting struct {
	gone []string // paths, from the newest file to the oldest
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

// record notes in the sidecar what holds afterwards.
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
	if s.OwnSince != walmeta.Unknown { // what follows is ours, whoever wrote what is gone
		s.OwnSince = min(s.OwnSince, s.Durable+1)
	}
}

// carryOut does what was planned, and takes the intention off the record.
func (d *Dir) carryOut(c *cutting) error {
	if err := disk.RemoveAll(d.fs, c.gone); err != nil {
		return disk.Error("remove files of", d.logDir, err)
	}
	if n := len(c.rest.logs); n > 0 {
		name := filepath.Join(d.logDir, c.rest.logs[n-1].Name)
		if err := disk.Shorten(d.fs, name, c.end); err != nil {
			return err
		}
	}
	if err := d.updateMark(c.record); err != nil { // or it would miss what is cut off
		return err
	}
	return d.meta.Update(c.record)
}
