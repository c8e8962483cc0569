package history

import (
	"sort"

	"quoll/jute"
)

// Tape records a connection: at the server's end what was applied when output was written, at the
// client's end the frames that arrived.
type Tape struct {
	Conn  *Conn
	marks []mark // of everything that the server wrote
	read  int64  // offset of what the client has not taken yet
}

// mark says what was applied when the output from an offset on was written.
type mark struct {
	from    int64
	applied jute.Zxid
	at      int64 // world time
}

// Wrote: the server wrote output from an offset on.
func (t *Tape) Wrote(from int64, applied jute.Zxid, at int64) {
	t.marks = append(t.marks, mark{from, applied, at})
}

// Took: the client took the next frame, which is given without its length.
func (t *Tape) Took(frame []byte, at int64) {
	i := sort.Search(len(t.marks), func(i int) bool { return t.marks[i].from > t.read })
	m := t.marks[i-1]
	t.Conn.Got = append(t.Conn.Got, Frame{
		Bytes: frame, Applied: m.applied, Written: m.at, At: at,
	})
	t.read += int64(4 + len(frame))
}
