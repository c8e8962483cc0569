package persistence

import (
	"cmp"
	"path/filepath"
	"slices"

	"quoll/jute"
	"quoll/persistence/disk"
	"quoll/persistence/names"
	"quoll/persistence/snap"
	"quoll/persistence/walmeta"
)

// versionDir is below dataDir and below dataLogDir.
const versionDir = "version-2"

// LogName is the name of the log whose first transaction is zxid.
func LogName(zxid jute.Zxid) string { return names.OfLog(zxid) }

// SnapName is the name of the snapshot that holds every transaction up to zxid.
func SnapName(zxid jute.Zxid, c snap.Compression) string { return names.OfSnapshot(zxid, c) }

// named is a log or snapshot file and the zxid of its name.
type named struct {
	FileInfo
	zxid jute.Zxid
}

// newest is the zxid of the last of some files in order, walmeta.None if there is none.
func newest(files []named) jute.Zxid {
	if len(files) == 0 {
		return walmeta.None
	}
	return files[len(files)-1].zxid
}

// stray is a file in one of our directories that the server does not read.
type stray struct {
	named
	dir  string
	name names.Name // how Apache would read the name
	home bool       // data of this kind belongs in dir
}

func (s *stray) path() string { return filepath.Join(s.dir, s.Name) }

// listing is what the two directories hold.
type listing struct {
	logs   []named // exact names, oldest first
	snaps  []named // exact names, oldest first; of two with one zxid, Recover tries the last first
	tmp    []string
	strays []stray
}

// take adds a file of dir to the list it belongs to; logs and snaps say which data belongs in dir.
func (l *listing) take(dir string, info FileInfo, logs, snaps bool) {
	name := names.Parse(info.Name)
	f := named{info, name.Zxid}
	home := name.Kind == names.Log && logs || name.Kind == names.Snapshot && snaps
	switch {
	case name.Class == names.Beside:
	case name.Class == names.Exact && home && info.Type == disk.Regular:
		if name.Kind == names.Log {
			l.logs = append(l.logs, f)
		} else {
			l.snaps = append(l.snaps, f)
		}
	case name.Class == names.Unfinished && info.Type == disk.Regular:
		l.tmp = append(l.tmp, filepath.Join(dir, info.Name))
	default:
		l.strays = append(l.strays, stray{named: f, dir: dir, name: name, home: home})
	}
}

// sort puts logs and snapshots in order. Of two packings of one snapshot the plain one is tried
// first, then gzip, then snappy.
func (l *listing) sort() {
	byZxid := func(a, b named) int { return cmp.Compare(a.zxid, b.zxid) }
	slices.SortStableFunc(l.logs, byZxid)
	slices.SortStableFunc(l.snaps, func(a, b named) int {
		packing := func(f named) snap.Compression { return names.Parse(f.Name).Compression }
		return cmp.Or(byZxid(a, b), cmp.Compare(packing(b), packing(a)))
	})
}

// sorted is the listing of one directory that has logs and snapshots.
func sorted(dir string, list []FileInfo) (l listing) {
	for _, info := range list {
		l.take(dir, info, true, true)
	}
	l.sort()
	return l
}

func paths(dir string, files []named) (paths []string) {
	for _, f := range files {
		paths = append(paths, filepath.Join(dir, f.Name))
	}
	return paths
}

// LogPaths picks the logs from a listing of dir and returns their paths, oldest first.
func LogPaths(dir string, list []FileInfo) []string { return paths(dir, sorted(dir, list).logs) }

// SnapPaths picks the snapshots from a listing of dir and returns their paths, oldest first.
func SnapPaths(dir string, list []FileInfo) []string { return paths(dir, sorted(dir, list).snaps) }

// StrayPaths picks the files whose names look like that of a log or a snapshot but that are never
// read, and returns their paths.
func StrayPaths(dir string, list []FileInfo) (strays []string) {
	for _, s := range sorted(dir, list).strays {
		if names.Claims(s.Name) {
			strays = append(strays, s.path())
		}
	}
	return strays
}
