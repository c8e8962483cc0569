package lease

import "quoll/internal/sim/history"

// Wire is a connection as it looks from outside the server.
type Wire struct {
	book    *Book
	asked   bool
	timeout int32 // ms, that it asked for, and then that it got
	session bool  // it has one
	opened  int64 // since then

	spoke   int64   // when the server last took bytes that had just come
	taken   int64   // when the server last took something
	came    []int64 // when bytes arrived that the server can know of
	arrived int64   // when any bytes last arrived
	moved   []int64 // when output moved while it was full
	fullAt  int64   // when it became full
	ended   int64   // when the client hung up, or the connection was closed; 0: neither

	full, waits bool
	crowded     bool  // the kernel has no room for another byte
	blindFrom   int64 // since when a wait tells nothing of the client; 0: not so
	blindTo     int64 // the last moment of such a wait
}

// NewWire begins a connection.
func (b *Book) NewWire() *Wire { return &Wire{book: b} }

// change does something that may begin or end a blind wait. In a blind wait the server does not
// read, for a reason of its own, and cannot learn more of the client.
func (w *Wire) change(now int64, do func()) {
	if w.blindFrom > 0 {
		w.blindTo = now
	}
	do()
	blind := w.waits && !w.full && w.ended == 0 && (!w.book.KernelTells || w.crowded)
	if !blind {
		w.blindFrom = 0
	} else if w.blindFrom == 0 {
		w.blindFrom, w.blindTo = now, now
	}
}

// Arrived: bytes came; crowded says that they took the last room.
func (w *Wire) Arrived(now int64, crowded bool) {
	w.change(now, func() {
		if !w.full && !w.crowded {
			w.came = append(w.came, now)
		}
		w.arrived, w.crowded = now, crowded
	})
}

// Took: the stream was called, with new bytes if fresh; it took some bytes if used.
func (w *Wire) Took(now int64, fresh, used bool) {
	if fresh {
		w.spoke = now
	}
	if fresh || used {
		w.taken = now
	}
}

// Emptied: the kernel has room again.
func (w *Wire) Emptied(now int64) { w.change(now, func() { w.crowded = false }) }

// Waits: the server does not read for a reason of its own, or reads again.
func (w *Wire) Waits(now int64, waits bool) { w.change(now, func() { w.waits = waits }) }

// Full: so much output waits for the client that the server does not read, or less again. The look
// that follows may find that output moved just before.
func (w *Wire) Full(now int64, full bool) {
	w.change(now, func() { w.full = full })
	if full {
		w.fullAt = now
	}
}

// Moved: output was taken by the network, or acknowledged.
func (w *Wire) Moved(now int64) {
	if w.full && w.ended == 0 {
		w.moved = append(w.moved, now)
	}
}

// Ended: the client hung up, or the connection is closed.
func (w *Wire) Ended(now int64) {
	w.change(now, func() {
		if w.ended == 0 {
			w.ended = now
		}
	})
}

// sign is the last sign of life that the server must know of at a moment. It knows at once of what
// it took, and of the rest after a look.
func (w *Wire) sign(now int64) int64 {
	if w.blindFrom > 0 && now-w.blindFrom > w.book.lookMillis(w.blindFrom) {
		return now
	}
	until := now
	if w.ended > 0 {
		until = w.ended
	}
	return max(w.spoke, w.known(w.came, until), w.known(w.moved, until))
}

// Silence is why a server that ends no sessions may have closed the connection: as far as it must
// know, its client was silent for so long. While a connection waits for its session nobody looks at
// what else its client sends.
func (w *Wire) Silence(now int64) *history.Expiry {
	heard := w.spoke
	if w.session {
		heard = w.sign(now)
	}
	return w.book.expiry(now, heard-turnMillis, w.timeout)
}

// known is the last of the moments that a look must have found.
func (w *Wire) known(moments []int64, until int64) int64 {
	for i := len(moments) - 1; i >= 0; i-- {
		if at := moments[i]; at+w.book.lookMillis(at) <= until {
			return at
		}
	}
	return 0
}

// last is the last moment that the server may have taken for a sign of life.
func (w *Wire) last(now int64) int64 {
	last := max(w.taken, w.arrived, w.fullAt, w.blindTo)
	if n := len(w.moved); n > 0 {
		last = max(last, w.moved[n-1])
	}
	if w.blindFrom > 0 {
		last = now
	}
	return last
}
