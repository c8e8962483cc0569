package twice

import (
	"hash/crc32"

	"quoll/jute"
)

// Records holds the records at the end of a log whose zxids are not below the name of the next log.
// The next log should begin with the same records. The zero value holds none. Logs are read one
// after the other, by one goroutine.
type Records struct {
	seen map[stamp]bool
	// File is the first of the two logs, and From the offset of the first of the records in it.
	File  string
	From  int64
	again int // how many of the records the next log had too
}

// stamp identifies a record.
type stamp struct {
	zxid jute.Zxid
	sum  uint32
}

// Note takes a record that was read at offset at of file. next is the zxid in the name of the next
// log, 0 if there is none. Note returns true if the log before had the same record.
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

// All says whether the next log had every one of the records. Then they can be cut off the first.
func (t *Records) All() bool { return t.again > 0 && t.again == len(t.seen) }
