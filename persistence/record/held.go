package record

import (
	"fmt"
	"maps"
	"slices"

	"quoll/jute"
)

// Held is what can be read of the transactions in one or more logs.
type Held struct {
	Records     int // with different zxids
	First, Last jute.Zxid
}

// HeldIn is the summary of what Scanner.Held found.
func HeldIn(zxids map[jute.Zxid]bool) Held {
	if len(zxids) == 0 {
		return Held{}
	}
	sorted := slices.Sorted(maps.Keys(zxids))
	return Held{Records: len(sorted), First: sorted[0], Last: sorted[len(sorted)-1]}
}

func (h Held) String() string {
	switch h.Records {
	case 0:
		return "no transaction that can be read"
	case 1:
		return fmt.Sprintf("1 transaction that can be read, zxid %v", h.First)
	}
	return fmt.Sprintf("%d transactions that can be read, zxids %v to %v",
		h.Records, h.First, h.Last)
}

// Held adds the zxids above after of every whole record from here on, also of those behind broken
// ones and behind the padding. It ends at the first error of the disk.
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

// Zxid reads the first record's, if it can.
func (s *Scanner) Zxid() (jute.Zxid, bool) {
	payload, _, err := s.Next()
	if err != nil {
		return 0, false
	}
	var header jute.TxnHeader
	_, err = jute.Decode(payload, &header)
	return header.Zxid, err == nil
}
