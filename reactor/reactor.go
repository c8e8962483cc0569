package reactor

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/bytebufferpool"
	"go.uber.org/zap"

	"quoll/reactor/door"
	"quoll/reactor/socket"
)

// Stream is one connection's protocol. The loop of its connection calls it, nobody else, and
// never one method inside the other.
type Stream interface {
	// Input is given everything that arrived and is not consumed, and returns how many bytes it
	// consumed. It is called again with the rest, and more behind it, when more arrives; after
	// Conn.Again or Conn.Unpark also without more. It may call every method of its Conn.
	//
	// Caveats: in is on loan: it lies in the loop's read buffer, and is overwritten after Input has
	// returned. What is to be kept must be copied.
	Input(in []byte) (used int)
	// OutputFull tells that Input is not called because the client does not take its output
	// (Config.OutputHighWater, OutputBudget), and later that it is called again.
	OutputFull(full bool)
	// Closed is the last call. err is nil when we closed the connection (Close, CloseAfterFlush,
	// the reactor's stop), io.EOF when the client did, one of the Err values of this package when
	// a limit did, else the socket's error.
	Closed(err error)
}

// Lane is the protocol side's half of a loop, one a loop. Its functions run on the loop alone.
type Lane struct {
	// Open makes the stream of a new connection; nil refuses it.
	Open func(*Conn) Stream
	// Drain empties the lane's mailbox. It runs after each wake, and at the end of each turn in
	// which a stream was called, after Turn.
	Drain func()
	// Turn, which may be nil, runs once a turn in which a stream was called or the lane was woken,
	// after that and before any output leaves: here the lane hands its batch of requests on.
	Turn func()
	// Busy, which may be nil, is how many requests were taken in and not answered. Handle.Drain
	// waits for them.
	Busy func() int
}

// ErrStopping is door.ErrStopping: what was asked for needs a running reactor.
//
// read-only: a sentinel.
var ErrStopping = door.ErrStopping

// Descriptors is the limit of open files; 0: no such limit is known.
func Descriptors() int { return socket.Descriptors() }

// ConnectionLimit is how many connections the limit of open files leaves room for (door.Room).
func ConnectionLimit(beside int) int { return door.Room(socket.Descriptors(), beside) }

// transport is what differs between gnet and Go's net.
type transport interface {
	door.Loops
	// start makes a goroutine for each loop.
	start() error
	// stop closes every connection on its loop and returns when the loops have ended. No Adopt is
	// under way and none follows.
	stop()
}

// reactor is one Run.
type reactor struct {
	cfg     Config
	log     *zap.Logger
	stats   *Stats
	start   time.Time
	loops   []*loop
	door    *door.Door
	outputs bytebufferpool.Pool
	lastID  atomic.Uint64
	// transport runs the loops.
	transport transport
	// hardInputBytes closes a connection that is held and yet sends, where the transport cannot
	// stop reading.
	hardInputBytes int

	clockKick chan struct{}
	clockStop chan struct{}
	probes    chan int

	stopOnce sync.Once
	draining atomic.Bool   // by Handle.Drain: no input is taken any more
	stopping chan struct{} // closed by stop
	stopErr  error         // why, nil when it was asked for; written before stopping closes
	done     chan struct{} // closed when Run is about to return
}

// Run serves until it is stopped through the handle that Config.Started gets, and then returns
// nil. Any other return is an error: the listeners could not be bound, or the engine ended
// without being asked. newLane is called once a loop, before any connection; the wake that it is
// given may be called from any goroutine, at any time, also after the end, and costs next to
// nothing while an earlier one has not been served.
func Run(cfg Config, newLane func(wake func()) Lane) error {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return err
	}
	r := newReactor(cfg)
	defer close(r.done)
	for range cfg.Loops {
		r.loops = append(r.loops, newLoop(r))
	}
	r.transport = r.newTransport()
	r.door = r.newDoor()
	listeners, at, err := r.door.BindAll(cfg.Listeners)
	if err != nil {
		return err
	}
	for _, l := range r.loops {
		l.lane = newLane(l.wake)
	}
	if err := r.transport.start(); err != nil {
		for _, ln := range listeners {
			_ = ln.Close()
		}
		return fmt.Errorf("reactor: start %s: %w", cfg.Transport, err)
	}
	r.serve(listeners, at)
	r.door.Close()
	r.transport.stop()
	return r.stopErr
}

func newReactor(cfg Config) *reactor {
	return &reactor{
		cfg:       cfg,
		log:       cfg.Logger,
		stats:     cfg.Stats,
		start:     time.Now(),
		clockKick: make(chan struct{}, 1),
		clockStop: make(chan struct{}),
		probes:    make(chan int, cfg.Loops),
		stopping:  make(chan struct{}),
		done:      make(chan struct{}),

		hardInputBytes: max(16<<20, 4*cfg.MaxFrame),
	}
}

func (r *reactor) newTransport() transport {
	if r.cfg.Transport == Std {
		return newStdTransport(r)
	}
	return newGnetTransport(r)
}

// newDoor makes the door to the loops.
func (r *reactor) newDoor() *door.Door {
	return door.New(door.Config{
		Socket:   r.cfg.Socket,
		Limits:   r.cfg.Limits,
		Refused:  r.turnedAway,
		Failed:   r.stop,
		Stopping: r.stopping,
		Logger:   r.log,
	}, r.transport)
}

// serve opens the door and waits for the end.
func (r *reactor) serve(listeners []net.Listener, at []netip.AddrPort) {
	var clock sync.WaitGroup
	clock.Go(r.runClock)
	if r.cfg.Listening != nil {
		r.cfg.Listening(at)
	}
	if r.cfg.Started != nil {
		r.cfg.Started(&Handle{r: r})
	}
	for _, ln := range listeners {
		_ = r.door.Open(ln) // the only error is that a stop was asked for already
	}
	<-r.stopping
	close(r.clockStop)
	clock.Wait()
}

// stop ends Run; the first reason counts.
func (r *reactor) stop(why error) {
	r.stopOnce.Do(func() {
		r.stopErr = why
		close(r.stopping)
	})
}

func (r *reactor) isStopping() bool {
	select {
	case <-r.stopping:
		return true
	default:
		return false
	}
}

// turnedAway counts and tells of a connection that gets no stream.
func (r *reactor) turnedAway(why door.Refusal, remote netip.AddrPort, err error) {
	r.stats.Refused[why].Add(1)
	if r.cfg.Refused != nil {
		r.cfg.Refused(why, remote, err)
	}
}

// initConn fills in a connection that a transport has just taken.
func (r *reactor) initConn(c *Conn, k link, remote netip.AddrPort) {
	c.link = k
	c.id = r.lastID.Add(1)
	c.remote = remote
	c.out.pool = &r.outputs
	c.out.stallAfter = r.cfg.StallTimeout
}

// Handle steers a running reactor. Any goroutine may use it, but none of the loops.
type Handle struct {
	r     *reactor
	drain sync.Mutex
}

// Drain stops accepting, waits until the output of every connection has left or ctx ends, then
// closes the connections and has Run return nil. It returns when the loops have ended: ctx's
// error if output was dropped, else nil. What a lane has in its mailbox counts as output.
func (h *Handle) Drain(ctx context.Context) error {
	h.drain.Lock()
	defer h.drain.Unlock()
	h.r.door.Close()
	h.r.draining.Store(true)
	err := h.waitFlushed(ctx)
	h.r.stop(nil)
	<-h.r.done
	return err
}

func (h *Handle) waitFlushed(ctx context.Context) error {
	for {
		for _, l := range h.r.loops {
			l.signal(sigWake | sigProbe)
		}
		pending := 0
		for range h.r.loops {
			select {
			case n := <-h.r.probes:
				pending += n
			case <-ctx.Done():
				return ctx.Err()
			case <-h.r.stopping:
				return nil
			}
		}
		if pending == 0 {
			return nil
		}
		timer := time.NewTimer(scanEvery)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
	}
}

// Listen adds a listener and returns the address that it is bound to.
func (h *Handle) Listen(address string) (netip.AddrPort, error) {
	ln, at, err := h.r.door.Bind(address)
	if err != nil {
		return netip.AddrPort{}, err
	}
	return at, h.r.door.Open(ln)
}

// Unlisten closes the listener at the address that Listen or Config.Listening told. Connections
// that came through it stay.
func (h *Handle) Unlisten(at netip.AddrPort) error { return h.r.door.Drop(at) }
