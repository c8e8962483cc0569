package transport

import (
	"net"
	"time"
)

// Reader reads the stream that follows a message. Whoever has it calls Done or Fail, once; until
// then nobody else reads from the connection. Read fails when the connection has ended, and when
// nothing comes for Config.StreamWithin. How long a stream may be its reader must say.
type Reader struct {
	c     *conn
	ahead []byte      // was read with the message
	taken bool        // guarded by c.mu
	back  chan []byte // what was read too much
}

// expectStream says that a stream follows, of which some bytes are read already. false: the
// connection ends, and nobody wants a stream.
func (c *conn) expectStream(ahead []byte) (r *Reader, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.out.finishing {
		return nil, false
	}
	c.incoming = &Reader{c: c, ahead: ahead, back: make(chan []byte, 1)}
	return c.incoming, true
}

// awaitStream waits until a stream is read, and returns what was read behind it. false: the
// connection has ended.
func (c *conn) awaitStream(r *Reader) (rest []byte, ok bool) {
	select {
	case rest = <-r.back:
	case <-c.done:
		return nil, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.incoming = nil
	// A socket that takes no deadline is closed, and so the next read fails.
	_ = c.c.SetReadDeadline(time.Time{})
	return rest, true
}

func (c *conn) takeReader() (*Reader, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.incoming == nil || c.incoming.taken {
		return nil, ErrNoStream
	}
	c.incoming.taken = true
	return c.incoming, nil
}

// Read reads from the stream, and from what is behind it.
func (r *Reader) Read(p []byte) (int, error) {
	if len(r.ahead) > 0 {
		n := copy(p, r.ahead)
		r.ahead = r.ahead[n:]
		return n, nil
	}
	_ = r.c.c.SetReadDeadline(time.Now().Add(r.c.t.config.StreamWithin))
	return r.c.c.Read(p)
}

// Done gives the connection back. rest is what was read beyond the end of the stream; messages go
// on with it.
func (r *Reader) Done(rest []byte) {
	if len(r.ahead) > 0 {
		rest = append(append([]byte(nil), rest...), r.ahead...)
	}
	r.back <- rest
}

// Fail ends the connection: what follows on it cannot be told from the stream.
func (r *Reader) Fail(err error) { r.c.end(err) }

// Writer writes a stream. Whoever has it calls Done or Fail, once; until then nothing else is
// written to the connection. Wrote counts its bytes too.
type Writer struct {
	c      *conn
	pieces chan []byte // to the writer's goroutine, when everything sent before has left
	wrote  chan written
	done   chan struct{} // closed by Done
}

// written is what has become of a piece.
type written struct {
	bytes int
	err   error
}

func (c *conn) newWriter() (*Writer, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.out.finishing || c.out.streaming {
		return nil, ErrNoStream
	}
	w := &Writer{
		c: c, pieces: make(chan []byte), wrote: make(chan written, 1), done: make(chan struct{}),
	}
	c.out.queue = append(c.out.queue, outgoing{stream: w})
	c.out.streaming = true
	c.wakeWriter()
	return w, nil
}

// stream writes what a Writer has, until that is done. false: the connection has ended.
func (c *conn) stream(w *Writer) bool {
	for {
		select {
		case p := <-w.pieces:
			c.writeWithin(c.t.config.StreamWithin)
			n, err := c.c.Write(p)
			if n > 0 {
				c.t.config.Sink(Event{Kind: Wrote, Link: c.link, Bytes: n})
			}
			w.wrote <- written{n, err}
			if err != nil {
				c.end(err)
				return false
			}
		case <-w.done:
			c.mu.Lock()
			c.out.streaming = false
			c.mu.Unlock()
			return true
		case <-c.done:
			return false
		}
	}
}

// Write writes to the connection. It fails when the connection has ended, and when the other end
// does not take 256 KiB within Config.StreamWithin.
func (w *Writer) Write(p []byte) (n int, err error) {
	for len(p) > 0 && err == nil {
		select {
		case w.pieces <- p[:min(len(p), oneWrite)]:
			wrote := <-w.wrote
			n, p, err = n+wrote.bytes, p[wrote.bytes:], wrote.err
		case <-w.c.done:
			err = net.ErrClosed
		}
	}
	return n, err
}

// Done says that the stream is whole. What was sent meanwhile follows.
func (w *Writer) Done() { close(w.done) }

// Fail ends the connection: the other end cannot tell where a stream ends that is not whole.
func (w *Writer) Fail(err error) { w.c.end(err) }
