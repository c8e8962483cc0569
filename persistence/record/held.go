package record

import (
	"maps"
	"slices"

	"quoll/jute"
	"quoll/persistence/disk"
)

// HeldIn sums up the zxids that Scanner.Held found.
func HeldIn(zxids map[jute.Zxid]bool) disk.Held {
	if len(zxids) == 0 {
		return disk.Held{}
	}
	sorted := slices.Sorted(maps.Keys(zxids))
	return disk.Held{Records: len(sorted), First: sorted[0], Last: sorted[len(sorted)-1]}
}

// Held adds to zxids the zxids above after of every whole record from here on, also of records
// behind broken ones and behind the padding. It ends at the first error of the disk.
func (s *Scanner) Held(after jute.Zxid, zxids map[jute.Zxid]bool) {
	for {
		payload, _, err := s.Next()
		if err != nil {
			if !Unreadable(err) {
				return
			}
			if _, found, err := s.SkipToGood(); !found || err != nil {
				return
			}
			continue
		}
		var header jute.TxnHeader
		if _, err := jute.Decode(payload, &header); err == nil && header.Zxid > after {
			zxids[header.Zxid] = true
		}
	}
}

// Zxid reads the zxid of the next record. It is false if that record cannot be read.
func (s *Scanner) Zxid() (jute.Zxid, bool) {
	payload, _, err := s.Next()
	if err != nil {
		return 0, false
	}
	var header jute.TxnHeader
	_, err = jute.Decode(payload, &header)
	return header.Zxid, err == nil
}
