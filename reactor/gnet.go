package reactor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/panjf2000/gnet/v2"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"quoll/reactor/socket"
)

// errEngineEnded is Run's error when gnet gave up on its own.
var errEngineEnded = errors.New("reactor: the gnet engine ended without being asked")

// gnetTransport runs the loops in gnet. The engine is gnet's client, which is its server without
// the acceptor: our doors accept, and Enroll gives the loops what they let in.
//
// The loops of gnet have no name before they own a connection, so each is given one for life, the
// sentinel: it tells us which loop is which, and its end is the loop's.
type gnetTransport struct {
	gnet.BuiltinEventEngine
	r      *reactor
	client *gnet.Client
	loops  []*gnetLoop
}

// gnetLoop binds one of our loops to one of gnet's.
type gnetLoop struct {
	*loop
	t        *gnetTransport
	el       gnet.EventLoop
	far      io.WriteCloser // the sentinel's other end
	epoll    socket.Epoll
	canPause bool

	// mu guards running: a wake before the start has no loop yet, and one after the stop would
	// write into a file that has taken over the number of the loop's descriptor.
	mu      sync.Mutex
	running bool
}

// sentinel is the context of the connection that stands for a loop.
type sentinel struct{ gl *gnetLoop }

func newGnetTransport(r *reactor) *gnetTransport {
	t := &gnetTransport{r: r}
	for _, l := range r.loops {
		gl := &gnetLoop{loop: l, t: t}
		l.poke, l.pokeLater = gl.execute, gl.knock
		t.loops = append(t.loops, gl)
	}
	return t
}

func (t *gnetTransport) start() error {
	// gnet's logger is global to the process; below errors it only tells what we do ourselves.
	log := t.r.log.Named("gnet").WithOptions(zap.IncreaseLevel(zapcore.ErrorLevel))
	client, err := gnet.NewClient(t,
		gnet.WithLogger(log.Sugar()),
		gnet.WithNumEventLoop(len(t.r.loops)),
		gnet.WithReadBufferCap(socket.ChunkBytes),
		gnet.WithWriteBufferCap(socket.ChunkBytes),
		gnet.WithTCPNoDelay(gnet.TCPDelay)) // Go's net has set TCP_NODELAY in accept
	if err != nil {
		return err
	}
	t.client = client
	if err := client.Start(); err != nil {
		return err
	}
	for _, gl := range t.loops {
		if err := t.enrolSentinel(gl); err != nil {
			t.stop()
			return fmt.Errorf("sentinel: %w", err)
		}
	}
	for _, gl := range t.loops {
		gl.setRunning(true)
		gl.execute() // for the wakes that came too early
	}
	return nil
}

// enrolSentinel takes the loop with the fewest connections, one without a sentinel, for gl.
func (t *gnetTransport) enrolSentinel(gl *gnetLoop) error {
	near, far, err := socket.Pair()
	if err != nil {
		return err
	}
	gl.far = far
	gc, err := t.client.EnrollContext(near, &sentinel{gl})
	if err != nil {
		return err
	}
	el := gc.EventLoop()
	for _, other := range t.loops {
		if other.el == el {
			return errors.New("two on one loop")
		}
	}
	gl.el = el
	fd, err := epollDescriptor(el)
	gl.canPause = err == nil && gl.epoll.Open(fd) == nil
	if !gl.canPause {
		t.r.log.Warn("this platform or gnet version cannot pause reading; input is capped instead")
	}
	return nil
}

func (t *gnetTransport) Adopt(nc net.Conn, remote netip.AddrPort, guest bool) error {
	c := &gnetConn{}
	t.r.initConn(&c.Conn, c, remote)
	c.guest = guest
	_, err := t.client.EnrollContext(nc, c)
	return err
}

func (t *gnetTransport) stop() {
	for _, gl := range t.loops {
		gl.setRunning(false)
	}
	_ = t.client.Stop() // its only error is one that the loops have reported: see OnClose
	for _, gl := range t.loops {
		if gl.far != nil {
			_ = gl.far.Close()
		}
		gl.turn() // the loop's goroutine has ended; its lane hears of the last closes
	}
}

func (gl *gnetLoop) setRunning(running bool) {
	gl.mu.Lock()
	gl.running = running
	gl.mu.Unlock()
}

// execute has gnet call turn on its loop.
func (gl *gnetLoop) execute() {
	gl.mu.Lock()
	defer gl.mu.Unlock()
	if !gl.running {
		return
	}
	if err := gl.el.Execute(context.Background(), gl); err != nil {
		gl.t.r.stop(fmt.Errorf("%w: %w", errEngineEnded, err))
	}
}

// knock has the sentinel become readable, which calls turn. A task that queues itself would run up
// to 256 times before gnet looks at its sockets again.
func (gl *gnetLoop) knock() {
	gl.mu.Lock()
	defer gl.mu.Unlock()
	if !gl.running {
		return
	}
	if _, err := gl.far.Write([]byte{0}); err != nil {
		gl.t.r.stop(fmt.Errorf("%w: %w", errEngineEnded, err))
	}
}

// Run is the task that execute queues.
func (gl *gnetLoop) Run(context.Context) error {
	gl.turn()
	return nil
}

// endTurn ends the turn now if nothing else waits on the loop, else after what waits: gnet calls
// us for each connection and does not say which is the last of its batch.
func (gl *gnetLoop) endTurn() {
	switch {
	case gl.signals.Load() != 0: // a turn is queued already
	case gl.epoll.Quiet():
		gl.turn()
	default:
		gl.signal(sigTurn)
	}
}

// OnOpen binds a connection to the loop that gnet chose.
func (t *gnetTransport) OnOpen(gc gnet.Conn) ([]byte, gnet.Action) {
	c, ok := gc.Context().(*gnetConn)
	if !ok {
		return nil, gnet.None // a sentinel
	}
	el := gc.EventLoop()
	for _, gl := range t.loops {
		if gl.el == el {
			c.gl = gl
		}
	}
	c.gc = gc
	c.loop = c.gl.loop
	if !c.loop.opened(&c.Conn) {
		return nil, gnet.Close
	}
	c.gl.signal(sigTurn) // not now: gnet opens in runs
	return nil, gnet.None
}

// OnTraffic takes what one read(2) brought.
func (t *gnetTransport) OnTraffic(gc gnet.Conn) gnet.Action {
	p, _ := gc.Next(-1) // never an error, and never a copy: nothing is left in gnet's own buffer
	c, ok := gc.Context().(*gnetConn)
	if !ok {
		gc.Context().(*sentinel).gl.turn() // knock
		return gnet.None
	}
	if c.mode == readDraining {
		// It was not read from, so what gnet held has just left. No need to wait for the clock.
		c.loop.gauge(&c.Conn)
		c.queue()
	}
	c.loop.received(&c.Conn, p)
	if c.mode != readOn {
		c.mask() // gnet has re-armed reading
	}
	c.gl.endTurn()
	return gnet.None
}

// OnClose hears of every end: the peer's, an error's, ours, the engine's.
func (t *gnetTransport) OnClose(gc gnet.Conn, err error) gnet.Action {
	switch c := gc.Context().(type) {
	case *sentinel:
		if !t.r.isStopping() {
			t.r.stop(errEngineEnded)
		}
	case *gnetConn:
		if c.gone {
			break
		}
		if err == nil && c.closing == stayOpen {
			err = errStopped
		}
		if errors.Is(err, io.EOF) {
			c.loop.gauge(&c.Conn) // what left since the last look may have ended a pause
			c.loop.lastInput(&c.Conn)
			if c.Pending() > 0 {
				socket.LiftUnsent(gc.Fd())
			}
		}
		// Input that the FIN followed at once may have been answered in this very turn. gnet has
		// not closed the descriptor yet, and a write cannot end a connection twice.
		if buf := c.out.take(); buf != nil {
			c.loop.tally.writes++
			c.loop.tally.bytesOut += int64(len(buf.B))
			_, _ = gc.Write(buf.B)
			c.out.giveBack(buf)
		}
		c.loop.ended(&c.Conn, err)
		c.gl.signal(sigTurn)
	}
	return gnet.None
}

// gnetConn is a connection on gnet, both halves.
type gnetConn struct {
	Conn
	gl *gnetLoop
	gc gnet.Conn
}

// gnetWriteBytes is the most that gnet is given at once. What the kernel does not take of a write
// goes into one ring of gnet's, which grows to the next power of two and is slow to leave memory;
// what comes behind it goes into a list that is freed as it is sent.
const gnetWriteBytes = 256 << 10

func (c *gnetConn) write(p []byte) {
	for len(p) > 0 {
		n := min(len(p), gnetWriteBytes)
		if _, err := c.gc.Write(p[:n]); err != nil {
			return // OnClose has run inside Write
		}
		p = p[n:]
	}
	if c.mode != readOn && c.gc.OutboundBuffered() > 0 {
		c.mask() // gnet has asked for readability together with writability
	}
}

func (c *gnetConn) push() {
	if c.mode != readHeld || c.gc.OutboundBuffered() == 0 {
		return
	}
	if err := c.gc.Flush(); err == nil && !c.gone {
		c.mask()
	}
}

func (c *gnetConn) buffered() int { return c.gc.OutboundBuffered() }

func (c *gnetConn) unacked() int { return socket.Unacked(c.gc.Fd()) }

func (c *gnetConn) ended() error { return socket.End(c.gc.Fd()) }

func (c *gnetConn) unread() bool { return socket.Unread(c.gc.Fd()) != 0 }

func (c *gnetConn) silent() (time.Duration, bool) { return socket.LastByte(c.gc.Fd()) }

func (c *gnetConn) setReading(reading) { c.mask() }

// mask makes epoll's interest what the connection's mode says.
func (c *gnetConn) mask() {
	if !c.gl.canPause {
		return
	}
	c.gl.epoll.Mask(c.gc.Fd(), c.mode == readOn,
		c.mode != readHeld && c.gc.OutboundBuffered() > 0)
}

func (c *gnetConn) close() {
	if c.deaf() {
		_ = c.gc.SetLinger(0) // fails for a closed socket alone
	}
	if err := c.gl.el.Close(c.gc); err != nil {
		c.loop.r.log.Debug("close", zap.Uint64("conn", c.id), zap.Error(err))
	}
	c.loop.ended(&c.Conn, nil) // a no-op: OnClose has run
}
