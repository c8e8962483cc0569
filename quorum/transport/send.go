package transport

import (
	"net"
	"time"
)

// oneWrite is how many bytes leave in one write. A deadline and a Wrote belong to each.
const oneWrite = 256 << 10

// outbound is what a connection still has to write.
type outbound struct {
	queue     []outgoing
	bytes     int           // in queue and in the write that runs
	wake      chan struct{} // has room for one; whoever adds to this puts something there
	writing   bool          // the writer has taken something that it is not done with
	streaming bool          // queue has the stream of a Writer, or has had it last
	finishing bool          // nothing more comes
	finishBy  time.Time     // when finishing: everything has left
	iov       net.Buffers   // what is written at once
}

// outgoing is bytes, or the place of a stream.
type outgoing struct {
	data   []byte
	stream *Writer
}

// maxNow is how many bytes may leave on the goroutine of whoever gives them. Their Wrote is told
// under the connection's mutex: see Config.Sink.
const maxNow = 16 << 10

// send adds to the queue. It never blocks: whoever sends has other connections to look after. With
// now, few bytes with nothing in front of them leave at once, as far as the kernel takes them.
func (c *conn) send(data []byte, now bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	o := &c.out
	if now && len(data) <= maxNow && !o.writing && !o.finishing && len(o.queue) == 0 {
		data = data[c.handOver(data):]
	}
	switch {
	case len(data) == 0 || o.finishing:
	case o.bytes > 0 && o.bytes+len(data) > c.t.config.QueueBytes:
		c.end(ErrFull)
	default:
		o.queue = append(o.queue, outgoing{data: data})
		o.bytes += len(data)
		c.wakeWriter()
	}
}

// handOver writes what the kernel takes at once, and tells how much. The caller has mu, and the
// writer is idle.
func (c *conn) handOver(data []byte) (n int) {
	if c.raw == nil {
		return 0
	}
	if n = writeNow(c.raw, data); n > 0 {
		c.t.config.Sink(Event{Kind: Wrote, Link: c.link, Bytes: n})
	}
	return n
}

func (c *conn) wakeWriter() {
	select {
	case c.out.wake <- struct{}{}:
	default:
	}
}

// finish ends the connection behind what is in the queue. A stream that is not written to its end
// is worth nothing, nor is what is behind it.
func (c *conn) finish() {
	c.mu.Lock()
	defer c.mu.Unlock()
	o := &c.out
	if o.finishing {
		return
	}
	if o.streaming {
		c.end(nil)
		return
	}
	o.finishing, o.finishBy = true, time.Now().Add(c.t.config.FinishWithin)
	// A socket that takes no deadline is closed, and so the write fails.
	_ = c.c.SetWriteDeadline(o.finishBy)
	c.paused = false
	c.wakeReader()
	c.wakeWriter()
}

func (c *conn) finishing() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.out.finishing
}

// writeWithin bounds the next write.
func (c *conn) writeWithin(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	by := time.Now().Add(d)
	if c.out.finishing && c.out.finishBy.Before(by) {
		by = c.out.finishBy
	}
	_ = c.c.SetWriteDeadline(by)
}

// write is the life of the goroutine that writes.
func (c *conn) write() {
	for {
		next, stream := c.gather()
		switch {
		case stream != nil:
			if !c.stream(stream) {
				return
			}
		case len(next) > 0:
			c.writeWithin(c.t.config.WriteWithin)
			n, err := next.WriteTo(c.c)
			if err != nil {
				c.end(err)
				return
			}
			c.mu.Lock()
			c.out.bytes -= int(n)
			c.mu.Unlock()
			c.t.config.Sink(Event{Kind: Wrote, Link: c.link, Bytes: int(n)})
		case c.finishing():
			c.linger()
			return
		default:
			select {
			case <-c.out.wake:
			case <-c.done:
				return
			}
		}
	}
}

// gather takes from the queue what leaves at once: several pieces of bytes, or a stream.
func (c *conn) gather() (next net.Buffers, stream *Writer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	o := &c.out
	o.writing = len(o.queue) > 0
	o.iov = o.iov[:0]
	room, taken := oneWrite, 0
	for i := range o.queue {
		q := &o.queue[i]
		if q.stream != nil {
			if i == 0 {
				stream, taken = q.stream, 1
			}
			break
		}
		n := min(room, len(q.data))
		o.iov = append(o.iov, q.data[:n])
		if q.data = q.data[n:]; len(q.data) > 0 {
			break
		}
		taken++
		if room -= n; room == 0 {
			break
		}
	}
	left := copy(o.queue, o.queue[taken:])
	clear(o.queue[left:])
	o.queue = o.queue[:left]
	return o.iov, stream
}

// linger says that nothing more will come, and leaves the end to the other side for a while.
// Closing at once could take the last bytes back, because a kernel that still has unread bytes
// resets the connection. A connection whose stream is awaited is not read, and ends at once.
func (c *conn) linger() {
	c.mu.Lock()
	defer c.mu.Unlock()
	half, ok := c.c.(interface{ CloseWrite() error })
	if c.incoming != nil || !ok || half.CloseWrite() != nil ||
		c.c.SetReadDeadline(time.Now().Add(c.t.config.FinishWithin)) != nil {
		c.end(nil)
	}
}
