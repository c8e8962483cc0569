package history

import (
	"fmt"
	"sort"

	"quoll/jute"
)

// Limits say how much of what is committed is kept.
type Limits struct {
	Entries int // commitLogCount
	Bytes   int // of their payloads
}

// History is the end of the own log: Apache's committedLog, and behind it the logged tail that is
// not committed.
type History struct {
	limits Limits
	// ring holds the entries from place head on, Len of them. Its length is a power of two.
	ring []jute.Entry
	head int
	len  int
	// done counts the committed entries, which come first, and doneBytes their bytes.
	done, doneBytes int
	// before is the last transaction in front of the first entry that is kept. It is Last when
	// none is kept.
	before    jute.Zxid
	committed jute.Zxid
	// hole is a zxid behind which the log on disk could not be read, 0 when none is known.
	hole jute.Zxid
}

// New makes a history that keeps nothing yet. last is the last transaction of the log, of which
// nobody knows whether it is committed.
func New(l Limits, last jute.Zxid) *History {
	return &History{limits: l, ring: make([]jute.Entry, 64), before: last}
}

// Follows reports whether a transaction may stand behind last. Inside an epoch the counters have no
// hole. The first transaction of an epoch may have any counter, also behind (epoch, 0), which
// belongs to no transaction.
func Follows(last, zxid jute.Zxid) bool {
	if zxid <= last {
		return false
	}
	return zxid == last+1 || zxid.Epoch() > last.Epoch() || last.Counter() == 0
}

// Append takes the next transaction of the log. It panics if the transaction does not follow the
// last one.
func (h *History) Append(e jute.Entry) {
	if last := h.Last(); !Follows(last, e.Header.Zxid) {
		panic(fmt.Sprintf("history: %v logged behind %v", e.Header.Zxid, last))
	}
	if h.len == len(h.ring) {
		larger := make([]jute.Entry, 2*len(h.ring))
		n := copy(larger, h.ring[h.head:])
		copy(larger[n:], h.ring[:h.head])
		h.ring, h.head = larger, 0
	}
	h.len++
	*h.At(h.len - 1) = e
}

// Commit says that everything up to a transaction is committed. It panics if that was never logged.
func (h *History) Commit(zxid jute.Zxid) {
	if zxid > h.Last() {
		panic(fmt.Sprintf("history: %v committed, the last one is %v", zxid, h.Last()))
	}
	if zxid <= h.committed {
		return
	}
	h.committed = zxid
	for h.done < h.len && h.At(h.done).Header.Zxid <= zxid {
		h.doneBytes += len(h.At(h.done).Payload)
		h.done++
	}
	for h.done > 0 && (h.done > h.limits.Entries || h.doneBytes > h.limits.Bytes) {
		h.dropFirst()
	}
}

func (h *History) dropFirst() {
	first := h.At(0)
	h.before = first.Header.Zxid
	h.doneBytes -= len(first.Payload)
	h.done--
	*first = jute.Entry{}
	h.head = (h.head + 1) & (len(h.ring) - 1)
	h.len--
}

// Before is the last transaction in front of those that are kept, or the zxid of the snapshot with
// which the log begins. It is 0 when there is neither.
func (h *History) Before() jute.Zxid { return h.before }

// Last is the last transaction of the log.
func (h *History) Last() jute.Zxid {
	if h.len == 0 {
		return h.before
	}
	return h.At(h.len - 1).Header.Zxid
}

// Committed is the last transaction that is known to be committed, 0 when none is.
func (h *History) Committed() jute.Zxid { return h.committed }

// Len counts the transactions that are kept.
func (h *History) Len() int { return h.len }

// At is one of them, from 0 on. It is valid until the next change, and nobody changes it.
func (h *History) At(i int) *jute.Entry {
	return &h.ring[(h.head+i)&(len(h.ring)-1)]
}

// Behind finds the first transaction above a zxid: At(i), or Len if there is none. With ok false it
// may not be the first one, because some above the zxid are in the log only.
func (h *History) Behind(zxid jute.Zxid) (i int, ok bool) {
	i = sort.Search(h.len, func(i int) bool { return h.At(i).Header.Zxid > zxid })
	return i, zxid >= h.before
}

// Cut removes everything above a zxid, as a TRUNC does. If the log keeps nothing of what is known
// here, zxid counts as the last transaction.
func (h *History) Cut(zxid jute.Zxid) {
	for h.len > 0 && h.Last() > zxid {
		last := h.At(h.len - 1)
		if h.done == h.len {
			h.doneBytes -= len(last.Payload)
			h.done--
		}
		*last = jute.Entry{}
		h.len--
	}
	h.before = min(h.before, zxid)
	h.committed = min(h.committed, zxid)
}

// Reset forgets everything. The log begins behind last, and everything up to it is committed, as
// after a SNAP.
func (h *History) Reset(last jute.Zxid) {
	clear(h.ring)
	h.head, h.len, h.done, h.doneBytes = 0, 0, 0, 0
	h.before, h.committed, h.hole = last, last, 0
}

// NoteHole notes that the log on disk could not give what follows a zxid, because a snapshot was
// installed there, or because something is broken. It stays so until the history is replaced.
func (h *History) NoteHole(behind jute.Zxid) { h.hole = max(h.hole, behind) }

// InHole reports whether the log on disk cannot give everything that follows a zxid.
func (h *History) InHole(zxid jute.Zxid) bool { return h.hole > 0 && zxid <= h.hole }
