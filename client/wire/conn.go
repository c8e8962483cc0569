package wire

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"quoll/jute"
)

// Conn is a connection with a session, for any number of goroutines.
type Conn struct {
	addr    string
	options Options
	socket  *socket

	mu      sync.Mutex
	out     []byte // frames that the writer has not taken
	spare   []byte // the writer's last buffer, to be used again
	pending []*Future
	head    int   // pending[:head] are answered
	lastXid int32 // of Send
	failure error // why the connection ended; nil while it lives
	closed  bool  // closeSession was answered: an end of the stream is no failure

	replies  int       // the reader's
	lastZxid jute.Zxid // largest one of any header

	hook    sync.Mutex    // keeps calls of Transcript apart
	wake    chan struct{} // holds one token when out has bytes
	ended   chan struct{} // closed when failure is set
	workers sync.WaitGroup
}

// Dial connects to addr and makes or takes over a session. ctx bounds the handshake. The error is
// ErrExpired when the session to take over does not exist, io.EOF inside when the server hung up.
func Dial(ctx context.Context, addr string, o Options) (*Conn, error) {
	o = o.withDefaults()
	s, err := dial(ctx, addr, o)
	if err != nil {
		return nil, err
	}
	c := &Conn{
		addr: addr, options: o, socket: s,
		wake: make(chan struct{}, 1), ended: make(chan struct{}),
	}
	c.workers.Add(2)
	go c.read()
	go c.write()
	return c, nil
}

// Session is what the handshake agreed on.
func (c *Conn) Session() Session { return c.socket.session }

// Addr is the server's address, as it was dialled.
func (c *Conn) Addr() string { return c.addr }

// LastZxid is the highest zxid of any reply so far: what a client that comes back should claim to
// have seen.
func (c *Conn) LastZxid() jute.Zxid {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lastZxid
}

// Done is closed when the connection has ended; Err says why.
func (c *Conn) Done() <-chan struct{} { return c.ended }

// Err is why the connection ended, nil while it lives.
func (c *Conn) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.failure
}

// Send queues a request under the next xid. A nil body sends the header alone.
func (c *Conn) Send(op jute.OpCode, body jute.Record) *Future {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lastXid++
	if c.lastXid <= 0 {
		c.lastXid = 1
	}
	return c.queue(c.lastXid, op, body)
}

// SendXid queues a request under an xid of the caller's choice.
func (c *Conn) SendXid(xid int32, op jute.OpCode, body jute.Record) *Future {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.queue(xid, op, body)
}

// queue appends the frame and its future under one hold of mu, so that both orders are the same.
func (c *Conn) queue(xid int32, op jute.OpCode, body jute.Record) *Future {
	f := newFuture(xid, op)
	if c.failure != nil {
		f.fail(c.failure)
		return f
	}
	at := len(c.out)
	c.out = jute.FrameStart(c.out)
	c.out = jute.Append(c.out, &jute.RequestHeader{Xid: xid, Type: op})
	if body != nil {
		c.out = jute.Append(c.out, body)
	}
	jute.FrameEnd(c.out, at)
	c.queued(f, c.out[at+4:])
	return f
}

func (c *Conn) queued(f *Future, frame []byte) {
	if c.head > 64 && c.head*2 > len(c.pending) {
		n := copy(c.pending, c.pending[c.head:])
		clear(c.pending[n:])
		c.pending, c.head = c.pending[:n], 0
	}
	c.pending = append(c.pending, f)
	c.show(Sent, frame)
	c.signal()
}

func (c *Conn) signal() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// SendFrame queues a frame of the caller's making: length is put in front of payload, and a reply
// is awaited under the xid and operation that the payload begins with.
func (c *Conn) SendFrame(payload []byte) *Future {
	var h jute.RequestHeader
	// A payload too short for a header has the zero one; no server answers it.
	_, _ = jute.Decode(payload, &h)
	c.mu.Lock()
	defer c.mu.Unlock()
	f := newFuture(h.Xid, h.Type)
	if c.failure != nil {
		f.fail(c.failure)
		return f
	}
	c.out = binary.BigEndian.AppendUint32(c.out, uint32(len(payload)))
	c.out = append(c.out, payload...)
	c.queued(f, payload)
	return f
}

// SendRaw queues bytes as they are, in their place between the frames. No reply is awaited.
func (c *Conn) SendRaw(b []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failure != nil {
		return c.failure
	}
	c.out = append(c.out, b...)
	c.signal()
	return nil
}

// Ping tells the server that the client lives. Its reply comes in its turn.
func (c *Conn) Ping() *Future { return c.SendXid(jute.XidPing, jute.OpPing, nil) }

// Close ends the session and the connection: it sends closeSession, waits for the answer and for
// the server to hang up, and for the connection's goroutines. When ctx ends before that it drops
// the connection. An error says that the session may live on until its timeout; a session that an
// earlier Close has ended is no error.
func (c *Conn) Close(ctx context.Context) error {
	_, err := c.Send(jute.OpCloseSession, nil).Into(ctx, nil)
	if err == nil {
		select {
		case <-c.ended:
		case <-ctx.Done():
			err = ctx.Err()
		}
	}
	c.Abort()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed && errors.Is(err, ErrClosed) {
		return nil
	}
	return err
}

// Abort drops the connection and leaves the session as it is. It returns when the connection's
// goroutines have ended; it must not be called from OnEvent.
func (c *Conn) Abort() {
	c.end(ErrClosed)
	c.workers.Wait()
}

// Reattach takes a session over on a new connection with the options of this one, which may be
// dead or alive. lastZxid is what the client claims to have seen.
func (c *Conn) Reattach(ctx context.Context, s Session, lastZxid jute.Zxid) (*Conn, error) {
	o := c.options
	o.SessionID, o.Passwd, o.LastZxidSeen = s.ID, s.Passwd, lastZxid
	return Dial(ctx, c.addr, o)
}

// end fails everything that is pending, once.
func (c *Conn) end(err error) {
	c.mu.Lock()
	if c.failure != nil {
		c.mu.Unlock()
		return
	}
	c.failure = err
	left := c.pending[c.head:]
	c.pending, c.head, c.out = nil, 0, nil
	close(c.ended)
	c.mu.Unlock()
	c.socket.nc.Close()
	for _, f := range left {
		f.fail(err)
	}
}

func (c *Conn) write() {
	defer c.workers.Done()
	var ping <-chan time.Time
	if c.options.PingEvery > 0 {
		ticker := time.NewTicker(c.options.PingEvery)
		defer ticker.Stop()
		ping = ticker.C
	}
	for {
		select {
		case <-c.wake:
		case <-ping:
			c.Ping()
			continue
		case <-c.ended:
			return
		}
		c.mu.Lock()
		buf := c.out
		c.out, c.spare = c.spare[:0], nil
		c.mu.Unlock()
		if _, err := c.socket.nc.Write(buf); err != nil {
			c.lastWords()
			return
		}
		c.mu.Lock()
		if cap(buf) <= 16*readBytes {
			c.spare = buf
		}
		c.mu.Unlock()
	}
}

// lastWords leaves it to the reader to end a connection that cannot be written to: a server that
// hangs up after an answer makes writes fail before the answer is read.
func (c *Conn) lastWords() {
	if err := c.socket.nc.SetReadDeadline(time.Now().Add(time.Second)); err != nil {
		c.end(c.reason(err))
	}
	<-c.ended
}

func (c *Conn) read() {
	defer c.workers.Done()
	for {
		frame, err := c.socket.next()
		if err == nil {
			err = c.receive(frame)
		}
		if err != nil {
			c.end(c.reason(err))
			return
		}
	}
}

func (c *Conn) reason(err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed && errors.Is(err, io.EOF) {
		return ErrClosed
	}
	return fmt.Errorf("client: %s: %w", c.addr, err)
}

func (c *Conn) receive(frame []byte) error {
	var h jute.ReplyHeader
	n, err := jute.Decode(frame, &h)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrFrame, err)
	}
	c.show(Received, frame)
	if h.Xid == jute.XidNotification {
		return c.event(h, frame[n:])
	}
	f, err := c.match(h)
	if err != nil {
		return err
	}
	f.complete(h, bytes.Clone(frame[n:]), c.replies)
	c.replies++
	return nil
}

func (c *Conn) event(h jute.ReplyHeader, body []byte) error {
	var e jute.WatcherEvent
	if _, err := jute.Decode(body, &e); err != nil {
		return fmt.Errorf("%w: %w", ErrFrame, err)
	}
	if c.options.OnEvent != nil {
		c.options.OnEvent(Event{
			Type: e.Type, State: e.State, Path: string(e.Path), Zxid: h.Zxid,
			BeforeReply: c.replies,
		})
	}
	return nil
}

// match takes the future of a reply out of pending.
func (c *Conn) match(h jute.ReplyHeader) (*Future, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lastZxid = max(c.lastZxid, h.Zxid)
	if c.head < len(c.pending) && c.pending[c.head].xid == h.Xid {
		f := c.pending[c.head]
		c.pending[c.head] = nil
		c.head++
		c.closed = c.closed || f.op == jute.OpCloseSession && h.Err == jute.OK
		return f, nil
	}
	for i := c.head; i < len(c.pending); i++ {
		if f := c.pending[i]; f.early() && f.xid == h.Xid {
			c.pending = append(c.pending[:i], c.pending[i+1:]...)
			return f, nil
		}
	}
	return nil, fmt.Errorf("%w: xid %d", ErrXid, h.Xid)
}

func (c *Conn) show(d Direction, frame []byte) {
	if c.options.Transcript == nil {
		return
	}
	c.hook.Lock()
	defer c.hook.Unlock()
	c.options.Transcript(d, frame)
}
