package transport

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"syscall"
)

// conn is one connection.
//
// Invariants: the reader and the writer each have a goroutine, and whoever calls the transport has
// others; what they share is guarded by mu. While finishing no write gets a deadline behind
// finishBy. While incoming is not nil the socket is read by nobody but that Reader.
type conn struct {
	t    *Transport
	link Link
	c    net.Conn
	raw  syscall.RawConn // of c; nil: Wrap has made something else of the socket
	done chan struct{}   // closed when the connection ends
	once sync.Once
	why  error // valid after done

	// place and silent belong to the transport, under its mu: whether the connection has one of the
	// places for those that are accepted, and has told no message yet.
	place, silent bool

	mu       sync.Mutex
	out      outbound
	paused   bool
	resume   chan struct{} // has room for one; whoever ends a pause puts something there
	incoming *Reader       // the stream that follows; nil: none
}

// run is a connection's life, on the goroutine that reads from it.
func (t *Transport) run(nc net.Conn, accepted bool, first Event) {
	c := &conn{
		t: t, c: nc, done: make(chan struct{}), resume: make(chan struct{}, 1),
		place: accepted, silent: accepted,
	}
	c.out.wake = make(chan struct{}, 1)
	if plain, ok := nc.(*net.TCPConn); ok {
		// Without it all is left to the writer.
		c.raw, _ = plain.SyscallConn()
	}
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
	t.remove(c)
	c.awaitGiveNow()
	t.config.Sink(Event{Kind: Closed, Link: c.link, Err: c.why})
}

// awaitGiveNow waits for a GiveNow that has not told its Wrote yet, because nothing may be told
// behind Closed. No other one can write: the socket is closed.
func (c *conn) awaitGiveNow() {
	c.mu.Lock()
	defer c.mu.Unlock()
}

// end closes the connection. The first reason counts.
func (c *conn) end(why error) {
	c.once.Do(func() {
		c.why = why
		close(c.done)
		c.c.Close()
	})
}

// pause stops reading, or goes on.
func (c *conn) pause(paused bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.out.finishing {
		return
	}
	c.paused = paused
	if !paused {
		c.wakeReader()
	}
}

func (c *conn) wakeReader() {
	select {
	case c.resume <- struct{}{}:
	default:
	}
}

// mayRead waits while the connection is not to be read. false: it has ended.
func (c *conn) mayRead() bool {
	for {
		c.mu.Lock()
		paused := c.paused
		c.mu.Unlock()
		if !paused {
			return true
		}
		select {
		case <-c.resume:
		case <-c.done:
			return false
		}
	}
}

// keepRead is the most room, in bytes, that is kept for a connection which has nothing in it.
const keepRead = 64 << 10

// read takes messages off the connection until it ends, and says why.
func (c *conn) read(cutter Cutter) error {
	m := messages{c: c, cutter: cutter}
	buf := make([]byte, 0, c.t.config.ReadBytes)
	for c.mayRead() {
		n, err := c.c.Read(buf[len(buf):cap(buf)])
		rest, bad := m.cut(buf[:len(buf)+n])
		if bad != nil {
			c.t.badInput.Add(1)
			return fmt.Errorf("from %v: %w", c.c.RemoteAddr(), bad)
		}
		if err != nil {
			if errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) {
				return nil
			}
			return err
		}
		switch {
		case len(rest) == 0 && cap(buf) > max(keepRead, c.t.config.ReadBytes):
			buf = make([]byte, 0, c.t.config.ReadBytes)
		case len(rest) >= cap(buf):
			buf = append(make([]byte, 0, 2*len(rest)), rest...)
		default:
			buf = append(buf[:0], rest...)
		}
	}
	return nil
}

// messages cuts what is read from one connection.
type messages struct {
	c      *conn
	cutter Cutter
	size   int // of the message that comes next; 0: not known yet
	spoken bool
}

// cut tells the messages that are whole, and returns what is behind them.
func (m *messages) cut(in []byte) (rest []byte, err error) {
	config := &m.c.t.config
	for len(in) > 0 && !m.c.finishing() {
		if m.size == 0 {
			head := in
			if config.HeadBytes > 0 {
				head = in[:min(len(in), config.HeadBytes)]
			}
			if m.size, err = m.cutter.Size(head); err != nil {
				return nil, err
			}
		}
		if m.size > config.MaxMessage || m.size == 0 && len(in) > config.MaxMessage {
			return nil, ErrMessage
		}
		if m.size == 0 || len(in) < m.size {
			return in, nil
		}
		ev := Event{Kind: Message, Link: m.c.link, Data: append([]byte(nil), in[:m.size]...)}
		in, m.size = in[m.size:], 0
		if !m.spoken {
			m.spoken = true
			m.c.t.spoke(m.c)
		}
		streams, ok := m.cutter.(StreamCutter)
		if !ok || !streams.Streams() {
			config.Sink(ev)
			continue
		}
		stream, ok := m.c.expectStream(in)
		if !ok {
			return nil, nil
		}
		config.Sink(ev)
		if in, ok = m.c.awaitStream(stream); !ok {
			return nil, nil
		}
	}
	return nil, nil
}
