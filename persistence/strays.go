package persistence

import (
	"encoding/binary"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"quoll/jute"
	"quoll/persistence/disk"
	"quoll/persistence/names"
	"quoll/persistence/record"
	"quoll/persistence/snap"
)

// Files that are not ours are never read and never removed. But people rename, copy and pack files,
// and such a file can be the only copy of a log. So a start is refused if a file that is not read
// could hold more than the data that was read. A copy beside its original is no reason to refuse.

// tellStrays lists the files that are not read.
func (l *listing) tellStrays(rec *Recovered) {
	for i := range l.strays {
		if s := &l.strays[i]; s.name.Class == names.LookAlike {
			rec.LookAlikes = append(rec.LookAlikes, s.path())
		} else {
			rec.Foreign = append(rec.Foreign, s.path())
		}
	}
}

// refuseStrays fails if a file that is not read could hold more than the data that was loaded. In a
// directory without any data it fails for every file whose name claims to be that of data.
func (d *Dir) refuseStrays(all listing, rec *Recovered) error {
	nothing := rec.Empty || len(all.logs)+len(all.snaps) == 0
	var found, advice []string
	for i := range all.strays {
		s := &all.strays[i]
		if nothing && names.Claims(s.Name) {
			found = append(found, s.path())
		}
		if nothing || s.home && !all.has(s) && s.mayChange(all, rec) {
			if what := d.couldBe(s, rec.Snapshot.Zxid); what != "" {
				advice = append(advice, s.path()+what)
			}
		}
	}
	if found != nil {
		nowhere := fmt.Sprintf("no log and no snapshot is there, but %s: move what is no data"+
			" away to start empty", strings.Join(first(found), " "))
		advice = append([]string{nowhere}, advice...)
	}
	if advice == nil {
		return nil
	}
	return fmt.Errorf("%w: %s", ErrStray, strings.Join(first(advice), "; "))
}

// first shortens a list: anyone can put any number of files into a directory.
func first(list []string) []string {
	const most = 20
	if len(list) <= most {
		return list
	}
	return append(list[:most:most], fmt.Sprintf("and %d more", len(list)-most))
}

// has says whether the data that a stray looks like is there.
func (l *listing) has(s *stray) bool {
	files := l.logs
	if s.name.Kind == names.Snapshot {
		files = l.snaps
	}
	return slices.ContainsFunc(files, func(f named) bool {
		return f.zxid == s.zxid && f.Size > jute.FileHeaderBytes
	})
}

// mayChange says whether s, if it is data, is newer than what was loaded: a snapshot above it, or a
// log that the replay would need.
func (s *stray) mayChange(all listing, rec *Recovered) bool {
	if s.name.Kind == names.Snapshot {
		return rec.Snapshot.File == "" || s.zxid > rec.Snapshot.Zxid
	}
	needed := neededLogs(all.logs, rec.Snapshot.Zxid)
	return len(needed) == 0 || needed[0].zxid > rec.Snapshot.Zxid+1 || s.zxid >= needed[0].zxid
}

// couldBe says what a stray looks like and what the operator can do about it. It returns "" for a
// file that does not begin as data does, and for a log with no transaction above the snapshot.
func (d *Dir) couldBe(s *stray, snapshot jute.Zxid) string {
	switch {
	case s.name.Kind == names.NoData || s.Type == disk.Special:
		return ""
	case s.Type == disk.Dangling:
		return " is a link that leads to nothing: mend it, or move it away"
	}
	f, err := d.fs.Open(s.path())
	if err != nil {
		return ""
	}
	defer f.Close()
	like := s.name
	like.Compression = snap.PackingOf(f)
	if like.Kind == names.Log && like.Compression != snap.Plain {
		return fmt.Sprintf(" looks like %s, which is not there: unpack it to %s, or move it away",
			like.Exactly(), filepath.Join(s.dir, like.Exactly()))
	}
	holds := ""
	if like.Compression == snap.Plain {
		var head [4]byte
		if _, err := disk.ReadFull(f, head[:], 0); err != nil {
			return ""
		}
		switch magic := int32(binary.BigEndian.Uint32(head[:])); {
		case like.Kind == names.Log && magic == jute.LogMagic:
			zxids := map[jute.Zxid]bool{}
			record.AddHeld(d.fs, s.path(), 0, 0, zxids)
			held := record.HeldIn(zxids)
			if held.Records > 0 && held.Last <= snapshot {
				return ""
			}
			holds = ", and holds " + held.String()
		case magic != jute.SnapshotMagic || snap.Screen(f, s.Size, snap.Plain) != nil:
			return ""
		}
	}
	return fmt.Sprintf(" looks like %s, which is not there%s: rename it to %s, or move it away",
		like.Exactly(), holds, filepath.Join(s.dir, like.Exactly()))
}
