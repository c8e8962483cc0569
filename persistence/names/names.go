package names

import (
	"strconv"
	"strings"
	"unicode"

	"quoll/jute"
	"quoll/persistence/snap"
)

// Class says how a server treats a file with a name.
type Class uint8

// The classes; doc.go says what they mean.
const (
	Foreign Class = iota
	Exact
	LookAlike
	Unfinished
	Beside
)

// Kind is the kind of data that a name stands for.
type Kind uint8

// Logs and snapshots are data.
const (
	NoData Kind = iota
	Log
	Snapshot
)

// Words of names.
const (
	logPrefix  = "log"
	snapPrefix = "snapshot"
	// tmpPrefix begins the name of a file of ours that is not complete. It is not Apache's own
	// suffix .tmp, because Apache would take snapshot.5.tmp for a snapshot.
	tmpPrefix = "tmp."
	// Probe is a file that a server makes to find out whether it may write.
	Probe         = "writable"
	AcceptedEpoch = "acceptedEpoch"
	CurrentEpoch  = "currentEpoch"
	// UnfinishedEpoch is Apache's next currentEpoch before it has that name.
	UnfinishedEpoch = "currentEpoch.tmp"
	// Initialize is a marker file in dataLogDir, beside version-2: an empty server may vote.
	Initialize = "initialize"
	// Alone is a note that a server alone has written to a member's directory (package alone).
	Alone         = "quoll.alone"
	sidecarPrefix = "walmeta."
	markPrefix    = "snapmeta."
)

// Name is what a file name says.
type Name struct {
	Class Class
	// Kind, Zxid and Compression are of an Exact or a LookAlike name, as Apache reads it.
	Kind        Kind
	Zxid        jute.Zxid
	Compression snap.Compression
}

// OfLog is the name of the log whose first transaction is zxid.
func OfLog(zxid jute.Zxid) string { return logPrefix + "." + hex(zxid) }

// OfSnapshot is the name of the snapshot that holds every transaction up to zxid.
func OfSnapshot(zxid jute.Zxid, c snap.Compression) string {
	return snapPrefix + "." + hex(zxid) + c.Suffix()
}

// OfSidecar is the name of one of the two twins of the sidecar.
func OfSidecar(i int) string { return sidecarPrefix + strconv.Itoa(i) }

// OfMark is the name of one of the two twins of the mark beside the snapshots.
func OfMark(i int) string { return markPrefix + strconv.Itoa(i) }

// Aside is the name of a snapshot that is not valid and would be in the way. Nobody reads it.
func Aside(name string) string { return "invalid." + name }

// GivenUp is the name of a log or snapshot that a server alone wrote, and that a leader's tree took
// the place of when the server became a member. Nobody reads it.
func GivenUp(name string) string { return "given-up." + name }

// Temporary is the name that a file has until it is complete.
func Temporary(name string) string { return tmpPrefix + name }

func hex(zxid jute.Zxid) string { return strconv.FormatUint(uint64(zxid), 16) }

// Exactly is the name that Apache would have given the data of an Exact or a LookAlike name.
func (n Name) Exactly() string {
	if n.Kind == Log {
		return OfLog(n.Zxid)
	}
	return OfSnapshot(n.Zxid, n.Compression)
}

// Parse says what a name stands for.
func Parse(name string) Name {
	if n, ok := parseData(name); ok {
		return n
	}
	if rest, ok := strings.CutPrefix(name, tmpPrefix); ok && isOurs(rest) {
		return Name{Class: Unfinished}
	}
	if isBeside(name) {
		return Name{Class: Beside}
	}
	return Name{}
}

// Claims says whether a name looks like that of data to a person who looks for it.
func Claims(name string) bool {
	return strings.HasPrefix(name, logPrefix+".") || strings.HasPrefix(name, snapPrefix+".")
}

// parseData reads a name as Apache does. The parts between the dots are: the prefix, the zxid, and
// then any others. The last part of a snapshot's name that is not empty is the compression.
func parseData(name string) (n Name, ok bool) {
	parts := strings.Split(name, ".")
	switch parts[0] {
	case logPrefix:
		n.Kind = Log
	case snapPrefix:
		n.Kind = Snapshot
	}
	if n.Kind == NoData || len(parts) < 2 {
		return Name{}, false
	}
	if n.Zxid, ok = parseZxid(parts[1]); !ok {
		return Name{}, false
	}
	if n.Kind == Snapshot {
		n.Compression = CompressionOf(name)
	}
	n.Class = LookAlike
	if name == n.Exactly() {
		n.Class = Exact
	}
	return n, true
}

// CompressionOf returns the compression that follows the last dot of a file's name. Any unknown
// suffix is plain, as in Apache: a tool may be given a snapshot under any name.
func CompressionOf(name string) snap.Compression {
	name = strings.TrimRight(name, ".")
	suffix := name[max(0, strings.LastIndexByte(name, '.')):]
	for _, c := range []snap.Compression{snap.Gzip, snap.Snappy} {
		if strings.EqualFold(suffix, c.Suffix()) {
			return c
		}
	}
	return snap.Plain
}

// parseZxid is Java's Long.parseLong(s, 16), for numbers that are not below 0. It accepts one sign,
// and digits and letters of any script.
func parseZxid(s string) (jute.Zxid, bool) {
	negative := strings.HasPrefix(s, "-")
	if negative || strings.HasPrefix(s, "+") {
		s = s[1:]
	}
	digits := make([]byte, 0, len(s))
	for _, r := range s {
		d, ok := hexDigit(r)
		if !ok {
			return 0, false
		}
		digits = append(digits, d)
	}
	v, err := strconv.ParseInt(string(digits), 16, 64)
	if err != nil || negative && v != 0 {
		return 0, false
	}
	return jute.Zxid(v), true
}

// hexDigit maps what Java's Character.digit(r, 16) takes for a digit to ASCII. parseLong looks at
// UTF-16 units, so digits beyond the first 64 Ki characters are none.
func hexDigit(r rune) (byte, bool) {
	const fullWidth = 'Ａ' - 'A' // the distance is the same for small letters
	switch {
	case r >= 'Ａ' && r <= 'Ｆ', r >= 'ａ' && r <= 'ｆ':
		r -= fullWidth
	case r > unicode.MaxASCII && r < 0x10000 && unicode.IsDigit(r):
		zero := r
		for unicode.IsDigit(zero-1) && r-zero < 9 { // the ten digits of a script are adjacent
			zero--
		}
		r = '0' + r - zero
	}
	switch {
	case r >= '0' && r <= '9', r >= 'a' && r <= 'f', r >= 'A' && r <= 'F':
		return byte(r), true
	}
	return 0, false
}

// isOurs says whether a server of ours first writes the file of that name under a temporary name.
func isOurs(name string) bool {
	if n, ok := parseData(name); ok {
		return n.Class == Exact && n.Compression != snap.Snappy
	}
	switch name {
	case Probe, Alone, AcceptedEpoch, CurrentEpoch,
		OfSidecar(0), OfSidecar(1), OfMark(0), OfMark(1):
		return true
	}
	return false
}

func isBeside(name string) bool {
	switch name {
	case AcceptedEpoch, CurrentEpoch, Initialize, OfSidecar(0), OfSidecar(1), OfMark(0), OfMark(1),
		"quoll.lock", Alone,
		"acceptedEpoch.tmp", UnfinishedEpoch, "updatingEpoch", // Apache's
		"lost+found":
		return true
	}
	return false
}
