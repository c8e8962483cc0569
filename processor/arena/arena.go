package arena

// Arena hands out memory for data that outlives a turn. Chunks are never used twice: the collector
// takes a chunk when the last slice of it is gone.
type Arena struct {
	free []byte
}

const chunkBytes = 64 << 10

// Room returns an empty slice to which n bytes can be appended without growing it.
func (a *Arena) Room(n int) []byte {
	if cap(a.free)-len(a.free) < n {
		a.free = make([]byte, 0, max(n, min(chunkBytes, 16*n+1024)))
	}
	return a.free[len(a.free):]
}

// Keep says that b, which began as the result of Room, is in use from now on.
func (a *Arena) Keep(b []byte) []byte {
	if cap(b) == cap(a.free)-len(a.free) {
		a.free = a.free[:len(a.free)+len(b)]
	}
	return b[:len(b):len(b)]
}

// Copy is a copy of b in the arena.
func (a *Arena) Copy(b []byte) []byte { return a.Keep(append(a.Room(len(b)), b...)) }

// Emptied is a buffer for its next use, or nil when it has more room than most: one large load must
// not stay in memory for good. The caller clears what its elements point to.
func Emptied[T any](s []T, most int) []T {
	if cap(s) > most {
		return nil
	}
	return s[:0]
}
