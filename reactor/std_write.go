package reactor

import (
	"sync"
	"sync/atomic"
	"time"
)

// stdWriter carries what the kernel did not take at once. Its goroutine lives while there is such
// output, so an idle connection has none.
type stdWriter struct {
	c    *stdConn
	left atomic.Int64 // bytes appended and not yet taken by the kernel

	mu     sync.Mutex
	buf    []byte
	active bool
	closes bool // the socket, when nothing is left
}

// writeStepBytes is how much one blocking write may take: what bounds how late the loop learns
// that output has moved.
const writeStepBytes = 16 << 10

// append is called on the loop.
func (w *stdWriter) append(p []byte) {
	w.left.Add(int64(len(p)))
	w.mu.Lock()
	w.buf = append(w.buf, p...)
	start := !w.active
	w.active = true
	w.mu.Unlock()
	if start {
		w.c.sl.t.wg.Go(w.run)
	}
}

// closeAfter has the socket closed behind what is left, which the client of a connection that ended
// with its FIN still gets if it takes it in time. It returns false if nothing is left.
func (w *stdWriter) closeAfter(deadline time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closes = w.active
	if w.closes {
		_ = w.c.nc.SetWriteDeadline(deadline) // fails for a closed socket, as the write will
	}
	return w.closes
}

// run writes until nothing is left, then reports. It ends with the connection: closing the socket
// fails its write.
func (w *stdWriter) run() {
	var buf []byte
	for {
		w.mu.Lock()
		buf, w.buf = w.buf, buf[:0]
		if len(buf) == 0 {
			w.active = false
			w.buf = nil
		}
		closes := w.closes
		w.mu.Unlock()
		if len(buf) == 0 {
			if closes {
				_ = w.c.nc.Close()
			}
			w.c.sl.post(stdEvent{c: w.c, kind: stdWritten})
			return
		}
		for rest := buf; len(rest) > 0; {
			n, err := w.c.nc.Write(rest[:min(len(rest), writeStepBytes)])
			w.left.Add(-int64(n))
			if err != nil {
				_ = w.c.nc.Close() // the loop closes it too, unless it is done with the connection
				w.c.sl.post(stdEvent{c: w.c, kind: stdWritten, err: err})
				return
			}
			rest = rest[n:]
		}
	}
}
