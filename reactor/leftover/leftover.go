package leftover

import "quoll/reactor/socket"

// Buffer is one connection's leftover. The zero value is empty.
type Buffer struct {
	buf []byte // nil when everything is consumed
	off int    // buf[:off] is consumed
}

// smallBytes is the size of the leftovers that loops recycle: the tail of a frame that straddles
// two reads is nearly always shorter.
const smallBytes = 512

// Len is how many bytes are not consumed.
func (b *Buffer) Len() int { return len(b.buf) - b.off }

// Cap is how many bytes of memory it owns.
func (b *Buffer) Cap() int { return cap(b.buf) }

// Join returns all that is unconsumed, fresh bytes last. It copies only if there is a leftover;
// otherwise fresh itself is returned. The result is valid until the next call of the Buffer's.
func (b *Buffer) Join(fresh []byte) []byte {
	if b.buf == nil {
		return fresh
	}
	if len(fresh) > 0 {
		b.grow(len(fresh))
		b.buf = append(b.buf, fresh...)
	}
	return b.buf[b.off:]
}

// Stash keeps bytes that arrived while Input must not be called.
func (b *Buffer) Stash(from *Spare, p []byte) {
	if b.buf == nil {
		b.buf = append(from.get(len(p)), p...)
		return
	}
	b.Join(p)
}

// grow makes room for n bytes: at the front if that is enough, else in twice the memory.
func (b *Buffer) grow(n int) {
	if len(b.buf)+n <= cap(b.buf) {
		return
	}
	left := b.buf[b.off:]
	if len(left)+n > cap(b.buf) || b.off < len(left) {
		b.buf = make([]byte, 0, max(2*cap(b.buf), len(left)+n))
	}
	b.buf, b.off = append(b.buf[:0], left...), 0
}

// Keep notes that used bytes of data, which Join returned, are consumed.
func (b *Buffer) Keep(from *Spare, data []byte, used int) {
	switch {
	case b.buf != nil:
		b.off += used
		left := b.buf[b.off:]
		switch {
		case len(left) == 0:
			b.Drop(from)
		case used > 0 && cap(b.buf) > socket.ChunkBytes && len(left) < cap(b.buf)/4:
			// A large frame is done: a client that falls silent now keeps no more than it sent.
			b.buf, b.off = append(from.get(len(left)), left...), 0
		}
	case used < len(data):
		b.buf = append(from.get(len(data)-used), data[used:]...)
	}
}

// Drop gives the memory back.
func (b *Buffer) Drop(to *Spare) {
	to.put(b.buf)
	b.buf, b.off = nil, 0
}

// Spare is the memory of small leftovers that a loop recycles.
type Spare struct{ free [][]byte }

// spareMost is how many a loop keeps.
const spareMost = 64

// NewSpare makes room for what a loop keeps.
func NewSpare() Spare { return Spare{free: make([][]byte, 0, spareMost)} }

func (s *Spare) get(n int) []byte {
	if n > smallBytes {
		return make([]byte, 0, n)
	}
	if last := len(s.free) - 1; last >= 0 {
		b := s.free[last]
		s.free = s.free[:last]
		return b
	}
	return make([]byte, 0, smallBytes)
}

func (s *Spare) put(b []byte) {
	if cap(b) == smallBytes && len(s.free) < cap(s.free) {
		s.free = append(s.free, b[:0])
	}
}
