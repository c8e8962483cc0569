//go:build unix

package reactor

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/panjf2000/gnet/v2"
	errorx "github.com/panjf2000/gnet/v2/pkg/errors"
	"github.com/panjf2000/gnet/v2/pkg/pool/goroutine"
	"golang.org/x/sys/unix"
)

// What the reactor takes for granted of gnet v2.10.0, one test each. When an upgrade changes one of
// these, the test that fails says by its name what to look for in gnet.go.

// lab is a gnet engine with handlers that a test can set.
type lab struct {
	gnet.BuiltinEventEngine
	t       testing.TB
	client  *gnet.Client
	open    func(gnet.Conn)
	traffic func(gnet.Conn) gnet.Action
	closed  func(gnet.Conn, error)
	down    func()
}

func (l *lab) OnOpen(c gnet.Conn) ([]byte, gnet.Action) {
	if l.open != nil {
		l.open(c)
	}
	return nil, gnet.None
}

func (l *lab) OnTraffic(c gnet.Conn) gnet.Action {
	if l.traffic != nil {
		return l.traffic(c)
	}
	return gnet.None
}

func (l *lab) OnClose(c gnet.Conn, err error) gnet.Action {
	if l.closed != nil {
		l.closed(c, err)
	}
	return gnet.None
}

func (l *lab) OnShutdown(gnet.Engine) {
	if l.down != nil {
		l.down()
	}
}

// startLab runs the engine, with the reactor's options, until the end of the test.
func startLab(t testing.TB, l *lab, opts ...gnet.Option) *lab {
	t.Helper()
	l.t = t
	var err error
	l.client, err = gnet.NewClient(l, append([]gnet.Option{gnet.WithNumEventLoop(1)}, opts...)...)
	noError(t, err)
	noError(t, l.client.Start())
	t.Cleanup(func() { _ = l.client.Stop() })
	return l
}

// connect returns both ends of a TCP connection, the far one on the engine.
func (l *lab) connect() (*net.TCPConn, gnet.Conn) {
	l.t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	noError(l.t, err)
	defer ln.Close()
	near, err := net.Dial("tcp", ln.Addr().String())
	noError(l.t, err)
	noError(l.t, near.SetDeadline(time.Now().Add(patience)))
	l.t.Cleanup(func() { _ = near.Close() })
	far, err := ln.Accept()
	noError(l.t, err)
	gc, err := l.client.EnrollContext(far, "context")
	noError(l.t, err)
	return near.(*net.TCPConn), gc
}

func (l *lab) say(nc net.Conn, text string) {
	l.t.Helper()
	_, err := nc.Write([]byte(text))
	noError(l.t, err)
}

// onLoop runs a task on a loop and waits for it.
func onLoop(t testing.TB, el gnet.EventLoop, task func()) {
	t.Helper()
	done := make(chan bool)
	noError(t, el.Execute(t.Context(), gnet.RunnableFunc(func(context.Context) error {
		task()
		close(done)
		return nil
	})))
	receive(t, done, "the task")
}

// endOfEngine is a task that has gnet end its engine.
type endOfEngine struct{}

func (endOfEngine) Run(context.Context) error { return errorx.ErrEngineShutdown }

func TestGnetEnrollTakesTheLoopWithFewestConnections(t *testing.T) {
	l := startLab(t, &lab{}, gnet.WithNumEventLoop(4))
	seen := map[gnet.EventLoop]int{}
	for range 8 {
		_, gc := l.connect()
		seen[gc.EventLoop()]++
	}
	equal(t, 4, len(seen), "loops")
	for _, n := range seen {
		equal(t, 2, n, "connections a loop")
	}
}

func TestGnetEnrollKeepsTheContextAndRunsOnOpenFirst(t *testing.T) {
	opened := make(chan any, 1)
	l := startLab(t, &lab{open: func(c gnet.Conn) { opened <- c.Context() }})
	l.connect()
	select {
	case ctx := <-opened:
		equal(t, any("context"), ctx, "context")
	default:
		t.Fatal("EnrollContext returned before OnOpen")
	}
}

func TestGnetZeroMeansEverything(t *testing.T) {
	got := make(chan int, 2)
	l := startLab(t, &lab{traffic: func(c gnet.Conn) gnet.Action {
		p, _ := c.Next(0)
		n, _ := c.Discard(0)
		got <- len(p)
		got <- n
		return gnet.None
	}})
	near, _ := l.connect()
	l.say(near, "hello")
	equal(t, 5, receive(t, got, "Next(0)"), "Next(0)")
	equal(t, 0, receive(t, got, "Discard(0)"), "left for Discard(0)")
}

// The slice of Next is the loop's one read buffer.
func TestGnetNextIsOverwrittenByTheNextRead(t *testing.T) {
	var kept []byte
	calls := make(chan string, 2)
	l := startLab(t, &lab{traffic: func(c gnet.Conn) gnet.Action {
		p, _ := c.Next(-1)
		if kept == nil {
			kept = p
		}
		calls <- string(kept)
		return gnet.None
	}})
	near, _ := l.connect()
	l.say(near, "first")
	equal(t, "first", receive(t, calls, "traffic"), "kept")
	l.say(near, "SECOND")
	equal(t, "SECON", receive(t, calls, "traffic"), "kept over a read")
}

// What is left in gnet's buffer brings no call: so nothing is, and Again is ours.
func TestGnetDoesNotCallAgainForBytesLeft(t *testing.T) {
	calls := make(chan int, 8)
	l := startLab(t, &lab{traffic: func(c gnet.Conn) gnet.Action {
		calls <- c.InboundBuffered()
		return gnet.None
	}})
	near, gc := l.connect()
	l.say(near, "one")
	equal(t, 3, receive(t, calls, "traffic"), "buffered")
	for range 10 {
		onLoop(t, gc.EventLoop(), func() {})
	}
	equal(t, 0, len(calls), "calls without input")
	l.say(near, "two")
	equal(t, 6, receive(t, calls, "traffic"), "buffered")
}

// Hence link.write ends with a look at gone, and ended is idempotent.
func TestGnetFailingWriteRunsOnCloseInside(t *testing.T) {
	inside := false
	events := make(chan string, 4)
	l := startLab(t, &lab{
		traffic: func(c gnet.Conn) gnet.Action {
			_, _ = c.Discard(-1)
			_ = unix.Shutdown(c.Fd(), unix.SHUT_WR)
			inside = true
			_, err := c.Write([]byte("x"))
			inside = false
			holds(t, err != nil && c.Context() == nil && c.RemoteAddr() == nil, "cleared")
			events <- "write returned"
			return gnet.None
		},
		closed: func(_ gnet.Conn, err error) {
			holds(t, inside && errors.Is(err, syscall.EPIPE), "inside Write, %v", err)
			events <- "closed"
		}})
	near, _ := l.connect()
	l.say(near, "x")
	equal(t, "closed", receive(t, events, "events"), "first")
	equal(t, "write returned", receive(t, events, "events"), "second")
}

// So the FIN's error is tested with errors.Is, and input before a FIN is never lost.
func TestGnetHandsOverInputBeforeTheFIN(t *testing.T) {
	events := make(chan string, 4)
	l := startLab(t, &lab{
		traffic: func(c gnet.Conn) gnet.Action {
			p, _ := c.Next(-1)
			events <- string(p)
			return gnet.None
		},
		closed: func(_ gnet.Conn, err error) {
			holds(t, errors.Is(err, io.EOF) && err != io.EOF, "a wrapped EOF: %v", err)
			events <- "closed"
		}})
	near, _ := l.connect()
	l.say(near, "input")
	noError(t, near.CloseWrite())
	equal(t, "input", receive(t, events, "events"), "first")
	equal(t, "closed", receive(t, events, "events"), "second")
}

// How an answer to that input leaves when the FIN is in the same batch of events.
func TestGnetWriteInsideOnCloseReachesTheClient(t *testing.T) {
	l := startLab(t, &lab{
		traffic: func(c gnet.Conn) gnet.Action { _, _ = c.Discard(-1); return gnet.None },
		closed:  func(c gnet.Conn, _ error) { _, _ = c.Write([]byte("last words")) }})
	near, _ := l.connect()
	l.say(near, "input")
	noError(t, near.CloseWrite())
	got, err := io.ReadAll(near)
	noError(t, err)
	equal(t, "last words", string(got), "output")
}

func TestGnetCloseOnTheLoopIsSynchronous(t *testing.T) {
	events := make(chan string, 4)
	l := startLab(t, &lab{closed: func(_ gnet.Conn, err error) {
		holds(t, err == nil, "we closed it: %v", err)
		events <- "closed"
	}})
	_, gc := l.connect()
	onLoop(t, gc.EventLoop(), func() {
		noError(t, gc.EventLoop().Close(gc))
		events <- "Close returned"
	})
	equal(t, "closed", receive(t, events, "events"), "first")
	equal(t, "Close returned", receive(t, events, "events"), "second")
	// A closed connection is cleared, but has a number that may be another's by now.
	holds(t, gc.Context() == nil && gc.Fd() > 0, "cleared, but for its descriptor")
}

// All output of a connection goes through one buffer of ours, and never through AsyncWrite.
func TestGnetAsyncWriteIsOvertakenByWrite(t *testing.T) {
	l := startLab(t, &lab{traffic: func(c gnet.Conn) gnet.Action {
		_, _ = c.Discard(-1)
		_ = c.AsyncWrite([]byte("A"), nil)
		_, _ = c.Write([]byte("B"))
		return gnet.None
	}})
	near, _ := l.connect()
	l.say(near, "x")
	got := make([]byte, 2)
	_, err := io.ReadFull(near, got)
	noError(t, err)
	equal(t, "BA", string(got), "order")
}

// And never through Writev.
func TestGnetWritevAbove1024SlicesClosesTheConnection(t *testing.T) {
	closed := make(chan error, 1)
	l := startLab(t, &lab{closed: func(_ gnet.Conn, err error) { closed <- err }})
	_, gc := l.connect()
	parts := make([][]byte, 1025)
	for i := range parts {
		parts[i] = []byte("x")
	}
	noError(t, gc.AsyncWritev(parts, nil))
	holds(t, errors.Is(receive(t, closed, "the close"), syscall.EINVAL), "EINVAL")
}

// The back-pressure is all ours: input piles up, every write succeeds.
func TestGnetHasNoBackPressure(t *testing.T) {
	const much = 32 << 20
	buffered := make(chan int, 1<<16)
	l := startLab(t, &lab{traffic: func(c gnet.Conn) gnet.Action {
		buffered <- c.InboundBuffered()
		return gnet.None
	}})
	near, gc := l.connect()
	sent := sendAll(near, make([]byte, much))
	for receive(t, buffered, "input") < much {
	}
	noError(t, receive(t, sent, "the sender"))
	onLoop(t, gc.EventLoop(), func() {
		for range 32 {
			_, err := gc.Write(make([]byte, 1<<20))
			noError(t, err)
		}
		holds(t, gc.OutboundBuffered() > much/2, "buffered %d", gc.OutboundBuffered())
	})
}

// Stop is called by Run, never by a lane; OnClose is the last that a connection hears.
func TestGnetStopClosesEveryConnectionBeforeItReturns(t *testing.T) {
	var events []string
	l := startLab(t, &lab{
		down:   func() { events = append(events, "shutdown") },
		closed: func(_ gnet.Conn, err error) { events = append(events, "closed") }})
	for range 3 {
		l.connect()
	}
	noError(t, l.client.Stop())
	equal(t, "shutdown closed closed closed", strings.Join(events, " "), "order")
}

// The sentinel of a loop hears of the engine's end.
func TestGnetEngineEndClosesWithoutError(t *testing.T) {
	closed := make(chan error, 1)
	l := startLab(t, &lab{closed: func(_ gnet.Conn, err error) { closed <- err }})
	_, gc := l.connect()
	noError(t, gc.EventLoop().Execute(t.Context(), endOfEngine{}))
	holds(t, receive(t, closed, "the close") == nil, "as if we had closed it")
}

// TestRunFailsWhenTheEngineEnds: a server whose loops are gone must not look alive.
func TestRunFailsWhenTheEngineEnds(t *testing.T) {
	conns := make(chan *Conn, 1)
	s := start(t, &server{open: func(c *Conn) Stream { conns <- c; return &stream{} }})
	s.dial()
	c := receive(t, conns, "open")
	noError(t, c.link.(*gnetConn).gl.el.Execute(t.Context(), endOfEngine{}))
	err := receive(t, s.ended, "Run")
	holds(t, errors.Is(err, errEngineEnded), "engine ended: %v", err)
	s.ended <- nil
}

// crash runs one of the tests below in a process of its own, which it may ruin, and returns what
// that said.
func crash(t *testing.T, name string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^"+name+"$", "-test.v")
	cmd.Env = append(os.Environ(), "REACTOR_CRASH=yes")
	out, _ := cmd.CombinedOutput()
	return string(out)
}

func crashing() bool { return os.Getenv("REACTOR_CRASH") != "" }

// A stream that panics ends the process: fail-stop is right for a server whose peers take over.
func TestGnetHasNoRecover(t *testing.T) {
	if !crashing() {
		holds(t, strings.Contains(crash(t, t.Name()), "panic: of the stream"), "the process died")
		return
	}
	l := startLab(t, &lab{traffic: func(gnet.Conn) gnet.Action { panic("of the stream") }})
	near, _ := l.connect()
	l.say(near, "x")
	_, _ = io.ReadAll(near)
}

// Why gnet's server is not used: one accept without a descriptor ends it, and Run returns nil.
func TestGnetServerEndsForWantOfADescriptor(t *testing.T) {
	if !crashing() {
		out := crash(t, t.Name())
		holds(t, strings.Contains(out, "Run returned <nil>"), "it ended without an error: %s", out)
		return
	}
	s := &bootLab{opened: make(chan bool, 1), booted: make(chan bool)}
	ended := make(chan error, 1)
	addr := "127.0.0.1:" + freePort(t)
	go func() { ended <- gnet.Run(s, "tcp://"+addr, gnet.WithReuseAddr(true)) }()
	receive(t, s.booted, "boot")
	first, err := net.Dial("tcp", addr)
	noError(t, err)
	defer first.Close()
	receive(t, s.opened, "the first connection")
	fd, err := s.engine.Dup()
	noError(t, err)
	sa, err := unix.Getsockname(fd)
	noError(t, err)
	client, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	noError(t, err)
	noError(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 3, Max: 3}))
	noError(t, unix.Connect(client, sa))
	t.Logf("Run returned %v", receive(t, ended, "the end"))
}

type bootLab struct {
	gnet.BuiltinEventEngine
	engine gnet.Engine
	booted chan bool
	opened chan bool
}

func (b *bootLab) OnOpen(gnet.Conn) ([]byte, gnet.Action) {
	b.opened <- true
	return nil, gnet.None
}

func (b *bootLab) OnBoot(e gnet.Engine) gnet.Action {
	b.engine = e
	close(b.booted)
	return gnet.None
}

func freePort(t *testing.T) string {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	noError(t, err)
	defer ln.Close()
	_, port, err := net.SplitHostPort(ln.Addr().String())
	noError(t, err)
	return port
}

// TestGnetEnrollsWithoutItsPool: what the transport asks of gnet does not need the pool that its
// import starts. A program that needs it opens it again.
func TestGnetEnrollsWithoutItsPool(t *testing.T) {
	pool := goroutine.DefaultWorkerPool
	holds(t, pool.IsClosed(), "nobody works in the pool")
	TestEcho(t)
	pool.Reboot()
	done := make(chan bool)
	noError(t, pool.Submit(func() { close(done) }))
	receive(t, done, "the pool's work")
	noError(t, pool.ReleaseTimeout(patience))
}
