package persistence

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"quoll/jute"
	"quoll/persistence/disk"
	"quoll/persistence/record"
)

// advise completes a DamageError of the replay: it says what the operator can do, and which
// transactions that gives up. A log with the name of another log causes many kinds of damage, so
// advise looks for such a log first.
func (d *Dir) advise(err error, logs []named, snapshot jute.Zxid, sidecar bool) error {
	var damage *DamageError
	if !errors.As(err, &damage) {
		return err
	}
	for _, f := range logs {
		name := filepath.Join(d.logDir, f.Name)
		first, ok := record.FirstZxid(d.fs, name)
		if ok && name == damage.File && damage.Offset == 0 {
			damage.Header = true
			return err
		}
		joins := first <= damage.After || d.opt.Log.Order.Follows(damage.After, first, 0) == nil
		if ok && joins && first != f.zxid && max(first, f.zxid) > snapshot {
			return d.misnamed(damage, name, first)
		}
	}
	from := slices.IndexFunc(logs, func(f named) bool {
		return filepath.Join(d.logDir, f.Name) == damage.File
	})
	lost := map[jute.Zxid]bool{}
	if d.inTheWay(damage, logs, from) {
		damage.Away = []string{damage.File}
		return err
	}
	if from >= 0 {
		for _, f := range logs[from:] {
			name, at := filepath.Join(d.logDir, f.Name), int64(0)
			if name == damage.File && damage.Offset > jute.FileHeaderBytes {
				damage.Cut, at = true, damage.Offset
			} else {
				damage.Away = append(damage.Away, name)
			}
			record.AddHeld(d.fs, name, at, damage.After, lost)
		}
	}
	if from >= 0 {
		damage.Durable = d.meta.Get().Durable
	}
	if sidecar { // the sidecar would demand the records that are given up
		damage.Away = append(damage.Away, d.meta.Path(0), d.meta.Path(1))
	}
	damage.GivenUp = record.HeldIn(lost)
	return err
}

// inTheWay says whether the damaged file holds no record and nothing is missing without it: the
// logs before and behind it follow each other.
func (d *Dir) inTheWay(damage *DamageError, logs []named, at int) bool {
	if at < 0 || damage.Offset > 0 {
		return false
	}
	holds := map[jute.Zxid]bool{}
	record.AddHeld(d.fs, damage.File, 0, 0, holds)
	if len(holds) > 0 {
		return false
	}
	if at+1 == len(logs) {
		return damage.After >= d.meta.Get().Durable
	}
	next := logs[at+1].zxid
	return next <= damage.After || d.opt.Log.Order.Follows(damage.After, next, 0) == nil
}

// misnamed returns the refusal of a log that begins with another zxid than its name says.
func (d *Dir) misnamed(of *DamageError, name string, first jute.Zxid) error {
	e := &DamageError{
		File: name, Offset: jute.FileHeaderBytes, After: of.After, Suspect: of.Suspect,
		Reason: fmt.Sprintf("begins with zxid %v, which is not that of its name", first),
	}
	right := filepath.Join(d.logDir, LogName(first))
	if there, err := disk.Exists(d.fs, right); !there && err == nil {
		e.Rename = right
		return e
	}
	e.Away = []string{name}
	lost, twin := map[jute.Zxid]bool{}, map[jute.Zxid]bool{}
	record.AddHeld(d.fs, name, 0, 0, lost)
	record.AddHeld(d.fs, right, 0, 0, twin)
	for zxid := range twin {
		delete(lost, zxid)
	}
	e.GivenUp = record.HeldIn(lost)
	return e
}

// noSnapshot returns the refusal of a directory that has logs and no snapshot.
func (d *Dir) noSnapshot(all listing) error {
	if first := all.logs[0].zxid; !fromTheStart(all) {
		return fmt.Errorf("%w in %s: restore one from a copy; the logs begin with zxid %v,"+
			" and what was before it is in none of them", ErrNoSnapshot, d.snapDir, first)
	}
	return fmt.Errorf("%w in %s: restore one from a copy, or, as the logs begin with the first"+
		" transaction, start with snapshot.trust.empty=true", ErrNoSnapshot, d.snapDir)
}

// noValidSnapshot returns the refusal of a directory in which no snapshot is whole.
func noValidSnapshot(rec *Recovered, all listing, also string) error {
	first, advice := rec.Skipped[0], "restore one from a copy"
	switch {
	case also != "":
		also = ", and " + also
	case len(all.logs) > 0 && fromTheStart(all):
		advice += ", or, as the logs begin with the first transaction, "
		if !rec.allUnread() {
			advice += "move away"
			for _, s := range rec.Skipped {
				advice += " " + s.File
			}
			advice += ", "
		}
		advice += fmt.Sprintf("start with snapshot.trust.empty=true; this gives up what no log"+
			" holds of the transactions up to %v", all.snaps[len(all.snaps)-1].zxid)
	}
	return fmt.Errorf("%w among %d%s; %s: %w; %s",
		ErrNoValidSnapshot, len(rec.Skipped), also, first.File, first.Err, advice)
}
