package persistence

import (
	"cmp"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"quoll/jute"
	"quoll/persistence/snap"
)

// Names in a data directory.
const (
	versionDir     = "version-2" // below dataDir and below dataLogDir
	logPrefix      = "log"
	snapPrefix     = "snapshot"
	initializeName = "initialize" // beside version-2 of the log
	acceptedName   = "acceptedEpoch"
	currentName    = "currentEpoch"
	// tmpPrefix begins the name of a file that is not complete. Apache's own suffix .tmp would
	// not do: it takes snapshot.5.tmp for a snapshot.
	tmpPrefix = "tmp."
)

// LogName is the name of the log whose first transaction is zxid.
func LogName(zxid jute.Zxid) string { return logPrefix + "." + hexName(zxid) }

// SnapName is the name of the snapshot that holds every transaction up to zxid.
func SnapName(zxid jute.Zxid, c snap.Compression) string {
	return snapPrefix + "." + hexName(zxid) + c.Suffix()
}

func hexName(zxid jute.Zxid) string { return strconv.FormatUint(uint64(zxid), 16) }

// zxidOfName parses PREFIX.HEX or PREFIX.HEX.SUFFIX as Apache does; ok is false for other names.
func zxidOfName(name, prefix string) (zxid jute.Zxid, ok bool) {
	first, rest, found := strings.Cut(name, ".")
	if !found || first != prefix {
		return 0, false
	}
	digits, _, _ := strings.Cut(rest, ".")
	v, err := strconv.ParseInt(digits, 16, 64)
	if err != nil || v < 0 {
		return 0, false
	}
	return jute.Zxid(v), true
}

// named is a log or snapshot file and the zxid of its name.
type named struct {
	FileInfo
	zxid jute.Zxid
}

// listed picks the files of one kind from a listing, oldest first.
func listed(list []FileInfo, prefix string) []named {
	var files []named
	for _, info := range list {
		if zxid, ok := zxidOfName(info.Name, prefix); ok {
			files = append(files, named{info, zxid})
		}
	}
	slices.SortStableFunc(files, func(a, b named) int { return cmp.Compare(a.zxid, b.zxid) })
	return files
}

// LogPaths picks the logs from a listing of dir and returns their paths, oldest first.
func LogPaths(dir string, list []FileInfo) []string {
	var paths []string
	for _, f := range listed(list, logPrefix) {
		paths = append(paths, filepath.Join(dir, f.Name))
	}
	return paths
}

// SnapPaths picks the snapshots from a listing of dir and returns their paths, oldest first.
func SnapPaths(dir string, list []FileInfo) []string {
	var paths []string
	for _, f := range listed(list, snapPrefix) {
		paths = append(paths, filepath.Join(dir, f.Name))
	}
	return paths
}
