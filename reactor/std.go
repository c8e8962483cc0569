package reactor

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"

	"quoll/reactor/socket"
)

// stdTransport runs the loops on Go's net: a goroutine a loop, which does all that gnet's loops
// do, and a goroutine a connection, which only reads. Nothing but newStdConn knows that the
// connections are TCP: a tls.Server wrapped around nc there is all that TLS needs.
type stdTransport struct {
	r      *reactor
	loops  []*stdLoop
	wg     sync.WaitGroup // the loops, their readers and writers
	chunks *socket.Chunks
}

// stdLoop is a loop with a mailbox of what its readers and writers report.
//
//	reader --event--> mailbox --loop: Input, turn, write--> socket
//	   ^                 |                    |
//	   +---- token ------+                    +-- what the kernel does not take --> writer
//
// A reader waits for a token after each read, so what it read stays untouched until Input has
// returned, and a connection that is not to be read from simply gets none.
type stdLoop struct {
	*loop
	t     *stdTransport
	bell  chan struct{} // holds one: there are events or signals
	conns map[*stdConn]struct{}

	mu     sync.Mutex
	events []stdEvent
	spare  []stdEvent
	closed bool
}

type stdEvent struct {
	c    *stdConn
	kind stdEventKind
	data []byte
	err  error
}

type stdEventKind uint8

const (
	stdOpened  stdEventKind = iota
	stdRead                 // data or err
	stdWritten              // what write left over is gone, or err
)

func newStdTransport(r *reactor) *stdTransport {
	t := &stdTransport{r: r, chunks: socket.NewChunks()}
	for _, l := range r.loops {
		sl := &stdLoop{
			loop:  l,
			t:     t,
			bell:  make(chan struct{}, 1),
			conns: make(map[*stdConn]struct{}),
		}
		l.poke, l.pokeLater = sl.ring, sl.ring
		t.loops = append(t.loops, sl)
	}
	return t
}

func (t *stdTransport) start() error {
	for _, sl := range t.loops {
		t.wg.Go(sl.run)
	}
	return nil
}

func (t *stdTransport) Adopt(nc net.Conn, remote netip.AddrPort, guest bool) error {
	least := t.loops[0]
	for _, sl := range t.loops[1:] {
		if sl.loop.conns.Load() < least.loop.conns.Load() {
			least = sl
		}
	}
	c := newStdConn(least, nc, remote)
	c.guest = guest
	if !least.post(stdEvent{c: c, kind: stdOpened}) {
		return ErrStopping
	}
	return nil
}

func (t *stdTransport) stop() {
	for _, sl := range t.loops {
		sl.mu.Lock()
		sl.closed = true
		sl.mu.Unlock()
		sl.ring()
	}
	t.wg.Wait()
}

// ring has the loop look at its mailbox and its signals.
func (sl *stdLoop) ring() {
	select {
	case sl.bell <- struct{}{}:
	default:
	}
}

// post returns false when the loop takes nothing more.
func (sl *stdLoop) post(ev stdEvent) bool {
	sl.mu.Lock()
	if sl.closed {
		sl.mu.Unlock()
		return false
	}
	sl.events = append(sl.events, ev)
	first := len(sl.events) == 1
	sl.mu.Unlock()
	if first {
		sl.ring()
	}
	return true
}

// run is the loop's goroutine. A turn takes all the events that have gathered.
func (sl *stdLoop) run() {
	for {
		<-sl.bell
		sl.mu.Lock()
		events, closed := sl.events, sl.closed
		sl.events = sl.spare[:0]
		sl.mu.Unlock()
		for i := range events {
			sl.handle(&events[i])
		}
		clear(events)
		sl.spare = events
		if closed {
			sl.closeAll()
		}
		sl.turn()
		if closed {
			return
		}
	}
}

func (sl *stdLoop) handle(ev *stdEvent) {
	c := ev.c
	switch {
	case ev.kind == stdOpened:
		sl.open(c)
	case c.gone:
	case ev.kind == stdRead && ev.err != nil:
		c.readFailed(ev.err)
	case ev.kind == stdRead:
		sl.received(&c.Conn, ev.data)
		if c.raw != nil {
			c.raw.Release()
		}
		c.waiting = true
		c.grant()
	case ev.err != nil:
		c.end(ev.err)
	default:
		c.queue() // the output is gone: settle looks at the water marks
	}
}

func (sl *stdLoop) open(c *stdConn) {
	if !sl.opened(&c.Conn) {
		_ = c.nc.Close()
		return
	}
	sl.conns[c] = struct{}{}
	sl.t.wg.Go(c.read)
}

func (sl *stdLoop) closeAll() {
	for c := range sl.conns {
		c.flushLast()
		c.end(errStopped)
	}
}

// stdConn is a connection on Go's net, both halves.
type stdConn struct {
	Conn
	sl    *stdLoop
	nc    net.Conn
	raw   *socket.Raw   // nil if nc is not a plain socket
	token chan struct{} // loop to reader: go on; closed at the end
	// waiting: the reader has nothing under way and waits for its token.
	waiting bool
	// heldErr is an end that was read while the connection was parked. It counts when what was
	// read before it has been handled.
	heldErr error
	later   stdWriter
}

func newStdConn(sl *stdLoop, nc net.Conn, remote netip.AddrPort) *stdConn {
	c := &stdConn{
		sl:    sl,
		nc:    nc,
		raw:   socket.NewRaw(nc, sl.t.chunks),
		token: make(chan struct{}, 1),
	}
	c.later.c = c
	sl.t.r.initConn(&c.Conn, c, remote)
	c.loop = sl.loop
	return c
}

// read is the connection's goroutine.
func (c *stdConn) read() {
	if c.raw == nil {
		c.readWrapped()
		return
	}
	defer c.raw.Release()
	for {
		p, err := c.raw.Read()
		if !c.handOver(p, err) {
			return
		}
	}
}

// idleReadBytes is what the reader of a wrapped connection keeps while it waits.
const idleReadBytes = 1 << 10

// readWrapped reads what only its wrapper understands, into a small buffer until one read fills
// that, then into a large one as long as one read fills a tenth of it.
func (c *stdConn) readWrapped() {
	idle := make([]byte, idleReadBytes)
	var large []byte
	for {
		buf := idle
		if large != nil {
			buf = large
		}
		n, err := c.nc.Read(buf)
		if !c.handOver(buf[:n], err) {
			return
		}
		switch {
		case large == nil && n == len(idle):
			large = make([]byte, socket.ChunkBytes)
		case n < socket.ChunkBytes/10:
			large = nil
		}
	}
}

// handOver gives the loop what was read and waits until it may read on; false: it may not. The
// bytes are not touched after that.
func (c *stdConn) handOver(p []byte, err error) bool {
	if len(p) > 0 {
		if !c.sl.post(stdEvent{c: c, kind: stdRead, data: p}) {
			return false
		}
		if _, open := <-c.token; !open {
			return false
		}
	}
	if err != nil {
		c.sl.post(stdEvent{c: c, kind: stdRead, err: err})
	}
	return err == nil
}

// grant lets the reader go on if the connection may be read from.
func (c *stdConn) grant() {
	if c.mode == readOn && c.waiting && !c.gone {
		c.waiting = false
		c.token <- struct{}{}
	}
}

// readFailed is a FIN or an error of the socket. A FIN waits until its connection is read again:
// what came before it may still be parked.
func (c *stdConn) readFailed(err error) {
	if errors.Is(err, io.EOF) {
		c.sl.lastInput(&c.Conn)
		if c.mode != readOn {
			c.heldErr = err
			return
		}
	}
	c.flushLast()
	if errors.Is(err, io.EOF) && c.buffered() > 0 {
		// A close now would lose what the kernel has not taken.
		c.closeErr = io.EOF
		c.CloseAfterFlush()
		return
	}
	c.end(err)
}

// flushLast lets what was answered in this turn leave with the close.
func (c *stdConn) flushLast() {
	if c.raw != nil && c.out.len() > 0 {
		c.raw.LiftUnsent()
	}
	c.sl.send(&c.Conn)
}

// end closes the socket and tells the loop. The reader and the writer find out by themselves.
func (c *stdConn) end(err error) {
	if c.gone {
		return
	}
	delete(c.sl.conns, c)
	close(c.token)
	c.sl.ended(&c.Conn, err) // its stream may still ask what the socket knows
	_ = c.nc.Close()
}

func (c *stdConn) write(p []byte) {
	if c.raw != nil && c.later.left.Load() == 0 {
		n, err := c.raw.Write(p)
		if err != nil {
			c.end(err)
			return
		}
		p = p[n:]
	}
	if len(p) > 0 {
		c.later.append(p)
	}
}

func (c *stdConn) push() {}

func (c *stdConn) buffered() int { return int(c.later.left.Load()) }

func (c *stdConn) unacked() int {
	if c.raw == nil {
		return -1
	}
	return c.raw.Unacked()
}

func (c *stdConn) ended() error {
	if c.raw == nil {
		return c.heldErr
	}
	return c.raw.End()
}

func (c *stdConn) unread() bool { return c.raw != nil && c.raw.Unread() }

func (c *stdConn) silent() (time.Duration, bool) {
	if c.raw == nil {
		return 0, false
	}
	return c.raw.LastByte()
}

func (c *stdConn) setReading(mode reading) {
	if mode != readOn {
		return
	}
	if c.heldErr != nil {
		c.sl.post(stdEvent{c: c, kind: stdRead, err: c.heldErr})
		c.heldErr = nil
	}
	c.grant()
}

func (c *stdConn) close() {
	if tcp, ok := c.nc.(*net.TCPConn); ok && c.deaf() {
		_ = tcp.SetLinger(0) // fails for a closed socket alone
	}
	c.end(nil)
}
