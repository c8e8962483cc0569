package snap

import (
	"errors"
	"hash/adler32"
	"io"
	"sync"
)

// A stream is read in chunks, and each chunk is checksummed when it has arrived. With read-ahead
// one goroutine does both while the caller decodes. The decoder reads from a window. When the
// window has too few bytes, the unread rest is copied in front of the next chunk:
//
//	chunk n        chunk n+1
//	......[rest]   [headroom|....................]
//	          \______copied_/^
//	                         buf: rest and chunk n+1, in one piece
const (
	chunkBytes    = 1 << 20
	chunkHeadroom = 64 << 10
)

// chunk is a piece of the stream. buf has headroom in front of data.
type chunk struct {
	buf []byte
	n   int // bytes behind the headroom
	sum uint32
	err error // the error that ended the stream behind these bytes, or nil
	bad any   // the value that the reader panicked with, or nil
}

// window is the unread part of the stream.
type window struct {
	buf []byte
	sum uint32 // Adler-32 of the stream up to the end of buf
	off int64  // bytes of the stream up to the end of buf
	err error  // the error that ended the stream, or nil

	headroom int
	private  bool  // buf is memory of its own, and not part of held
	held     chunk // the last chunk
	next     func() chunk
	release  func(chunk)
	stop     func()
}

// errTorn: the stream ends before the snapshot does.
var errTorn = errors.New("the snapshot is cut short")

// source is where chunks come from.
type source struct {
	r         io.Reader
	chunk     int // bytes
	headroom  int // bytes
	readAhead int // chunks that a goroutine reads ahead; 0: no goroutine
	// stream ends a chunk after each read that returns bytes, and does not wait until it is full.
	stream bool
}

func fileSource(r io.Reader, bytes int64, readAhead int) source {
	src := source{r: r, readAhead: readAhead}
	src.fit(bytes)
	return src
}

// fit chooses the size of chunks for a stream of about so many bytes.
func (src *source) fit(bytes int64) {
	src.chunk = int(min(chunkBytes, max(bytes, 1<<10)))
	src.headroom = min(src.chunk, chunkHeadroom)
}

// newWindow returns a window on src. The caller must call stop in the end. If the reader of src
// panics, need panics in the caller with the same value.
func newWindow(src source) *window {
	w := &window{sum: 1, headroom: src.headroom}
	if src.readAhead <= 0 {
		w.next = func() chunk { return src.read(w.held.buf) }
		w.release = func(chunk) {}
		w.stop = func() {}
		return w
	}
	full := make(chan chunk)
	free := make(chan []byte, src.readAhead+1)
	quit := make(chan struct{})
	for range src.readAhead {
		free <- nil
	}
	var done sync.WaitGroup
	done.Go(func() { src.pump(full, free, quit) })
	w.next = func() chunk { return <-full }
	w.release = func(c chunk) { free <- c.buf }
	w.stop = func() {
		close(quit)
		done.Wait()
	}
	return w
}

func (src source) pump(full chan<- chunk, free <-chan []byte, quit <-chan struct{}) {
	for {
		var c chunk
		select {
		case buf := <-free:
			c = src.read(buf)
		case <-quit:
			return
		}
		select {
		case full <- c:
		case <-quit:
			return
		}
		if c.err != nil {
			return
		}
	}
}

func (src source) read(buf []byte) (c chunk) {
	defer func() {
		if c.bad = recover(); c.bad != nil {
			c.err = io.ErrUnexpectedEOF
		}
	}()
	if buf == nil {
		buf = make([]byte, src.headroom+src.chunk)
	}
	c.buf = buf
	enough := src.chunk
	if src.stream {
		enough = 1
	}
	c.n, c.err = io.ReadAtLeast(src.r, buf[src.headroom:], enough)
	if c.err == io.ErrUnexpectedEOF {
		c.err = io.EOF
	}
	c.sum = adler32.Checksum(buf[src.headroom : src.headroom+c.n])
	return c
}

// need makes buf at least n bytes long, or returns the error that ended the stream. The window
// never holds more than twice the bytes that were read.
func (w *window) need(n int) error {
	for len(w.buf) < n {
		if w.err != nil {
			if w.err == io.EOF {
				return errTorn
			}
			return w.err
		}
		w.more()
	}
	return nil
}

// more adds one chunk to buf.
func (w *window) more() {
	rest := w.buf
	if !w.private {
		rest = append([]byte(nil), rest...) // its chunk is about to be overwritten
	}
	if w.held.buf != nil {
		w.release(w.held)
	}
	c := w.next()
	if c.bad != nil {
		panic(c.bad)
	}
	w.held = c
	w.err = c.err
	w.sum = adlerJoin(w.sum, c.sum, c.n)
	w.off += int64(c.n)
	from := w.headroom - len(rest)
	if w.private = from < 0; w.private {
		w.buf = append(rest, c.buf[w.headroom:w.headroom+c.n]...)
		return
	}
	copy(c.buf[from:], rest)
	w.buf = c.buf[from : w.headroom+c.n]
}

// take removes and returns n bytes. need(n) must have succeeded before.
func (w *window) take(n int) []byte {
	p := w.buf[:n:n]
	w.buf = w.buf[n:]
	return p
}

// consumedSum is the Adler-32 of all bytes taken so far.
func (w *window) consumedSum() uint32 {
	return adlerCut(w.sum, adler32.Checksum(w.buf), len(w.buf))
}

// consumed is how many bytes were taken so far.
func (w *window) consumed() int64 { return w.off - int64(len(w.buf)) }
