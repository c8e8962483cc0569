package transport

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// lingerFor is how long the other end may take to close a connection on which the last message has
// left. Closing at once could take the message back: a kernel that still has unread bytes resets.
const lingerFor = time.Second

// firstRead is the room that a connection begins with, in bytes, and keepRead the most that is kept
// for one that has nothing in it.
const (
	firstRead = 512
	keepRead  = 16 << 10
)

type outgoing struct {
	data []byte
	last bool
}

// conn is one connection.
type conn struct {
	t    *Transport
	link Link
	c    net.Conn
	out  chan outgoing
	done chan struct{} // closed when the connection ends

	once sync.Once
	why  error // valid after done
}

// run is a connection's life, on the goroutine that reads from it.
func (t *Transport) run(nc net.Conn, accepted bool, first Event) {
	c := &conn{t: t, c: nc, out: make(chan outgoing, 1), done: make(chan struct{})}
	t.mu.Lock()
	t.lastLink++
	c.link = t.lastLink
	t.conns[c.link] = c
	stopped := t.stopped
	t.mu.Unlock()
	if stopped {
		c.end(ErrStopped)
	}
	first.Link = c.link
	t.config.Sink(first)
	written := make(chan struct{})
	go func() {
		defer close(written)
		c.write()
	}()
	c.end(c.read(t.config.NewCutter(accepted)))
	<-written
	t.mu.Lock()
	delete(t.conns, c.link)
	t.mu.Unlock()
	if accepted {
		t.leave()
	}
	t.config.Sink(Event{Kind: Closed, Link: c.link, Err: c.why})
}

// end closes the connection. The first reason counts.
func (c *conn) end(why error) {
	c.once.Do(func() {
		c.why = why
		close(c.done)
		c.c.Close()
	})
}

// send never blocks: whoever sends has other connections to look after.
func (c *conn) send(data []byte, last bool) {
	select {
	case c.out <- outgoing{data, last}:
	default:
		c.end(ErrEarly)
	}
}

func (c *conn) write() {
	for {
		select {
		case <-c.done:
			return
		case o := <-c.out:
			// A socket that takes no deadline is closed, and so the write fails.
			_ = c.c.SetWriteDeadline(time.Now().Add(c.t.config.WriteWithin))
			if _, err := c.c.Write(o.data); err != nil {
				c.end(err)
				return
			}
			c.t.config.Sink(Event{Kind: Wrote, Link: c.link})
			if o.last {
				c.linger()
				return
			}
		}
	}
}

// linger says that nothing more will come, and leaves the end to the other side for a while.
func (c *conn) linger() {
	half, ok := c.c.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil || c.c.SetReadDeadline(time.Now().Add(lingerFor)) != nil {
		c.end(nil)
	}
}

// read takes messages off the connection until it ends, and says why.
func (c *conn) read(cutter Cutter) error {
	buf := make([]byte, 0, firstRead)
	size := 0 // of the message that begins buf; 0: not known yet
	for {
		n, err := c.c.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		for {
			var bad error
			if size == 0 {
				size, bad = cutter.Size(buf[:min(len(buf), c.t.config.HeadBytes)])
			}
			if bad == nil && size > c.t.config.MaxMessage {
				bad = ErrMessage
			}
			if bad != nil {
				c.t.badInput.Add(1)
				return fmt.Errorf("from %v: %w", c.c.RemoteAddr(), bad)
			}
			if size == 0 || len(buf) < size {
				break
			}
			data := append([]byte(nil), buf[:size]...)
			buf, size = append(buf[:0], buf[size:]...), 0
			c.t.config.Sink(Event{Kind: Message, Link: c.link, Data: data})
		}
		if err != nil {
			if errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) {
				return nil
			}
			return err
		}
		switch {
		case len(buf) == 0 && cap(buf) > keepRead:
			buf = make([]byte, 0, firstRead)
		case len(buf) == cap(buf):
			buf = append(make([]byte, 0, 2*cap(buf)), buf...)
		}
	}
}
