package twice

import (
	"hash/crc32"

	"quoll/jute"
)

// Records are those of a log whose zxids the name of the next log claims: it should begin with
// the same ones. The zero value has none. Logs are read one after the other, by one goroutine.
type Records struct {
	seen map[stamp]bool
	// File is the log where they stood first, and From the offset of the first of them.
	File  string
	From  int64
	again int // how many the next log had
}

// stamp tells a record from every other.
type stamp struct {
	zxid jute.Zxid
	sum  uint32
}

// Note takes a record into account that was read at an offset of file; next is the zxid in the
// name of the next log, 0 if there is none. It says true if the log before had the same record.
func (t *Records) Note(file string, next jute.Zxid, at int64, zxid jute.Zxid, payload []byte) bool {
	if t.File != "" && t.File != file {
		if t.seen[stamp{zxid, crc32.ChecksumIEEE(payload)}] {
			t.again++
			return true
		}
	}
	if next == 0 || zxid < next {
		return false
	}
	if t.File != file {
		*t = Records{seen: map[stamp]bool{}, File: file, From: at}
	}
	t.seen[stamp{zxid, crc32.ChecksumIEEE(payload)}] = true
	return false
}

// All says whether the next log had every one of them, so that the first log can do without.
func (t *Records) All() bool { return t.again > 0 && t.again == len(t.seen) }
