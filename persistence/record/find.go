package record

import (
	"quoll/jute"
	"quoll/persistence/disk"
)

// LastUpTo finds the last record of a log at or below zxid, and where it ends; 0 and the end of the
// header if there is none. An error is the disk's.
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

// FirstZxid is that of the first record of a log, if it can be read.
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

// AddHeld adds the zxids above after of the whole records of a log from offset at on. What cannot
// be read is not held.
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

// PaddedSize is how long Apache makes a file whose records end there: when they end within 4 KiB of
// its end it grows by another preAlloc, and to a multiple of it when they have outrun the padding.
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
