package record

import (
	"quoll/jute"
	"quoll/persistence/disk"
)

// LastUpTo finds the last record of a log at or below zxid. It returns the zxid of the record and
// the offset of its end; if there is none, 0 and the end of the header. Errors wrap disk.ErrDisk.
func LastUpTo(fsys disk.FS, name string, zxid jute.Zxid) (last jute.Zxid, end int64, err error) {
	file, err := fsys.Open(name)
	if err != nil {
		return 0, 0, disk.Error("open", name, err)
	}
	defer file.Close()
	s, err := NewScanner(file)
	for err == nil {
		var payload []byte
		end = s.Off()
		payload, _, err = s.Next()
		if err != nil {
			break
		}
		var header jute.TxnHeader
		if _, err = jute.Decode(payload, &header); err != nil || header.Zxid > zxid {
			break
		}
		last = header.Zxid
	}
	if err != nil && !Unreadable(err) {
		return 0, 0, disk.Error("read", name, err)
	}
	return last, end, nil
}

// FirstZxid is the zxid of the first record of a log. It is false if that record cannot be read.
func FirstZxid(fsys disk.FS, name string) (jute.Zxid, bool) {
	f, err := fsys.Open(name)
	if err != nil {
		return 0, false
	}
	defer f.Close()
	s, err := ScannerAt(f, jute.FileHeaderBytes)
	if err != nil {
		return 0, false
	}
	return s.Zxid()
}

// AddHeld adds to zxids the zxids above after of all whole records of a log, from offset at on.
// Records that cannot be read are left out.
func AddHeld(fsys disk.FS, name string, at int64, after jute.Zxid, zxids map[jute.Zxid]bool) {
	f, err := fsys.Open(name)
	if err != nil {
		return
	}
	defer f.Close()
	if s, err := ScannerAt(f, at); err == nil {
		s.Held(after, zxids)
	}
}

// PaddedSize is the new size of a padded log file, as Apache computes it: end is where the records
// end, size the size so far, all in bytes. When the records end within 4 KiB of the end of the
// file, the file grows by preAlloc. When they end behind the end of the file, it grows to the next
// multiple of preAlloc.
func PaddedSize(end, size, preAlloc int64) int64 {
	switch {
	case preAlloc <= 0 || end+4096 < size:
		return size
	case end > size:
		size = end + preAlloc
		return size - size%preAlloc
	}
	return size + preAlloc
}
