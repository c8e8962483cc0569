package reactor

import (
	"sync"
	"sync/atomic"
)

// stdWriter carries what the kernel did not take at once. Its goroutine lives while there is such
// output, so an idle connection has none.
type stdWriter struct {
	c    *stdConn
	left atomic.Int64 // bytes appended and not yet taken by the kernel

	mu     sync.Mutex
	buf    []byte
	active bool
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
		w.mu.Unlock()
		if len(buf) == 0 {
			w.c.sl.post(stdEvent{c: w.c, kind: stdWritten})
			return
		}
		for rest := buf; len(rest) > 0; {
			n, err := w.c.nc.Write(rest[:min(len(rest), writeStepBytes)])
			w.left.Add(-int64(n))
			if err != nil {
				w.c.sl.post(stdEvent{c: w.c, kind: stdWritten, err: err})
				return
			}
			rest = rest[n:]
		}
	}
}
