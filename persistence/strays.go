package persistence

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"quoll/jute"
	"quoll/persistence/names"
	"quoll/persistence/record"
	"quoll/persistence/snap"
)

// Files that are not ours are never read and never removed. But people rename, copy and pack files,
// and then one of them can be all that is left of a log: a start that could have found more in it is
// refused. Nothing is refused for a copy beside its original.

// tellStrays lists what is not read, for the log.
func (l *listing) tellStrays(rec *Recovered) {
	for i := range l.strays {
		if s := &l.strays[i]; s.name.Class == names.LookAlike {
			rec.LookAlikes = append(rec.LookAlikes, s.path())
		} else {
			rec.Foreign = append(rec.Foreign, s.path())
		}
	}
}

// refuseEmpty fails if a directory that looks empty has files that are named nearly as data.
func (d *Dir) refuseEmpty(all listing) error {
	var found, advice []string
	for i := range all.strays {
		s := &all.strays[i]
		if names.Claims(s.Name) {
			found = append(found, s.path())
			if like, why := d.mayBeData(s); why != "" {
				advice = append(advice, s.path()+why+like)
			}
		}
	}
	if found == nil {
		return nil
	}
	return fmt.Errorf("%w: no log and no snapshot is there, but %s; move them away to start empty%s",
		ErrStray, strings.Join(found, " "), strings.Join(append([]string{""}, advice...), "; "))
}

// refuseStrays fails if what a look-alike holds could be more than what was loaded: a snapshot above
// the newest valid one, or a log that the replay would need.
func (d *Dir) refuseStrays(all listing, rec *Recovered) error {
	var found []string
	for i := range all.strays {
		s := &all.strays[i]
		if !s.home || all.has(s) || !s.mayChange(all, rec) {
			continue
		}
		if like, why := d.mayBeData(s); why != "" {
			found = append(found, s.path()+why+like)
		}
	}
	if found == nil {
		return nil
	}
	return fmt.Errorf("%w: %s", ErrStray, strings.Join(found, "; "))
}

// has says whether the data that a stray looks like is there.
func (l *listing) has(s *stray) bool {
	same := func(f named) bool { return f.zxid == s.zxid && f.Size > jute.FileHeaderBytes }
	if s.name.Kind == names.Log {
		return slices.ContainsFunc(l.logs, same)
	}
	return slices.ContainsFunc(l.snaps, same)
}

// mayChange says whether s, if it is data, is newer than what was loaded.
func (s *stray) mayChange(all listing, rec *Recovered) bool {
	if s.name.Kind == names.Snapshot {
		return rec.Snapshot.File == "" || s.zxid > rec.Snapshot.Zxid
	}
	needed := neededLogs(all.logs, rec.Snapshot.Zxid)
	return len(needed) == 0 || needed[0].zxid > rec.Snapshot.Zxid+1 || s.zxid >= needed[0].zxid
}

// mayBeData looks at how a stray begins. why is "" if it is no data, else the words before the name
// that it would have.
func (d *Dir) mayBeData(s *stray) (like, why string) {
	switch {
	case s.name.Kind == names.NoData || s.Type == Special:
		return "", ""
	case s.Type == Dangling:
		return "", " is a link that leads to nothing: mend it, or move it away"
	}
	f, err := d.fs.Open(s.path())
	if err != nil {
		return "", ""
	}
	defer f.Close()
	exact := s.name
	packing, ok := snap.Begins(f, s.name.Kind == names.Log)
	...
}
