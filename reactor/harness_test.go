package reactor

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds every wait in the tests; nothing is timed by it.
const patience = 60 * time.Second

// onBoth runs a test on both transports.
func onBoth(t *testing.T, test func(*testing.T, Transport)) {
	for _, transport := range []Transport{GNet, Std} {
		t.Run(transport.String(), func(t *testing.T) { test(t, transport) })
	}
}

// onBothAtOnce is for tests that spend their time waiting.
func onBothAtOnce(t *testing.T, test func(*testing.T, Transport)) {
	onBoth(t, func(t *testing.T, transport Transport) {
		t.Parallel()
		test(t, transport)
	})
}

// server is a reactor under test, with lanes whose functions are the test's.
type server struct {
	t      testing.TB
	cfg    Config
	addr   string
	stats  *Stats
	handle *Handle
	ended  chan error
	wakes  []func()
	tasks  []chan func() // run by the lane's Drain

	open  func(*Conn) Stream
	drain func(lane int)
	turn  func(lane int)

	stopOnce sync.Once
}

// start runs the server until the end of the test.
func start(t testing.TB, s *server) *server {
	t.Helper()
	s.t = t
	s.stats = new(Stats)
	s.cfg.Stats = s.stats
	if s.cfg.Loops == 0 {
		s.cfg.Loops = 1
	}
	if s.cfg.Listeners == nil {
		s.cfg.Listeners = []string{"127.0.0.1:0"}
	}
	s.ended = make(chan error, 1)
	s.wakes, s.tasks = nil, nil
	started := make(chan *Handle, 1)
	s.cfg.Listening = func(at []netip.AddrPort) {
		if len(at) > 0 {
			s.addr = at[0].String()
		}
	}
	s.cfg.Started = func(h *Handle) { started <- h }
	go func() { s.ended <- Run(s.cfg, s.lane) }()
	select {
	case s.handle = <-started:
	case err := <-s.ended:
		t.Fatalf("Run returned %v before it started", err)
	case <-time.After(patience):
		t.Fatal("Run did not start")
	}
	t.Cleanup(s.stop)
	return s
}

func (s *server) lane(wake func()) Lane {
	n := len(s.wakes)
	s.wakes = append(s.wakes, wake)
	tasks := make(chan func(), 1)
	s.tasks = append(s.tasks, tasks)
	return Lane{
		Open: s.open,
		Drain: func() {
			select {
			case task := <-tasks:
				task()
			default:
			}
			if s.drain != nil {
				s.drain(n)
			}
		},
		Turn: func() {
			if s.turn != nil {
				s.turn(n)
			}
		},
	}
}

// do runs a task on a loop, as a message from the core would, and waits for it.
func (s *server) do(lane int, task func()) {
	s.t.Helper()
	done := make(chan bool)
	s.tasks[lane] <- func() { task(); close(done) }
	s.wakes[lane]()
	receive(s.t, done, "the task")
}

// freeze stops loop 0 until the returned function is called: what happens meanwhile on the wire
// happens, for the loop, all at once.
func (s *server) freeze() (thaw func()) {
	s.t.Helper()
	frozen, goOn := make(chan bool), make(chan bool)
	s.tasks[0] <- func() { close(frozen); <-goOn }
	s.wakes[0]()
	receive(s.t, frozen, "the loop")
	return func() { close(goOn) }
}

// stop ends the server at once, dropping output.
func (s *server) stop() {
	s.stopOnce.Do(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_ = s.handle.Drain(ctx)
		select {
		case err := <-s.ended:
			noError(s.t, err)
		case <-time.After(patience):
			s.t.Fatal("Run did not return")
		}
	})
}

// dial connects a client that is closed at the end of the test.
func (s *server) dial() *net.TCPConn {
	s.t.Helper()
	nc, err := net.Dial("tcp", s.addr)
	noError(s.t, err)
	noError(s.t, nc.SetDeadline(time.Now().Add(patience)))
	s.t.Cleanup(func() { _ = nc.Close() })
	return nc.(*net.TCPConn)
}

func noError(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func equal[T comparable](t testing.TB, want, got T, what string) {
	t.Helper()
	if want != got {
		t.Fatalf("%s: want %v, got %v", what, want, got)
	}
}

func holds(t testing.TB, ok bool, what string, args ...any) {
	t.Helper()
	if !ok {
		t.Fatalf("does not hold: "+what, args...)
	}
}

// eventually waits for a counter or the like that no channel announces.
func eventually(t testing.TB, what string, cond func() bool) {
	t.Helper()
	look := time.NewTicker(200 * time.Microsecond)
	defer look.Stop()
	for deadline := time.Now().Add(patience); !cond(); <-look.C {
		if time.Now().After(deadline) {
			t.Fatal("timed out waiting for " + what)
		}
	}
}

// receive takes from a channel or fails.
func receive[T any](t testing.TB, from <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(patience):
		t.Fatal("timed out waiting for " + what)
		panic("unreachable")
	}
}

// stream is a Stream made of functions.
type stream struct {
	input  func(in []byte) int
	full   func(bool)
	closed func(error)
}

func (s *stream) Input(in []byte) int {
	if s.input == nil {
		return len(in)
	}
	return s.input(in)
}

func (s *stream) OutputFull(full bool) {
	if s.full != nil {
		s.full(full)
	}
}

func (s *stream) Closed(err error) {
	if s.closed != nil {
		s.closed(err)
	}
}

// framed is a Stream of 4-byte lengths and payloads, at most limit frames an Input.
func framed(c *Conn, limit int, frame func(payload []byte)) func([]byte) int {
	return func(in []byte) (used int) {
		for n := 0; len(in)-used >= 4; n++ {
			size := int(binary.BigEndian.Uint32(in[used:]))
			if len(in)-used-4 < size {
				break
			}
			if n == limit {
				c.Again()
				break
			}
			frame(in[used+4 : used+4+size])
			used += 4 + size
		}
		return used
	}
}

// echo answers every frame with itself, and takes part from the start.
func echo(c *Conn) Stream {
	c.Established()
	return &stream{input: framed(c, 1<<30, func(p []byte) { writeFrame(c, p) })}
}

func writeFrame(c *Conn, payload []byte) {
	var size [4]byte
	binary.BigEndian.PutUint32(size[:], uint32(len(payload)))
	c.Write(size[:])
	c.Write(payload)
}

func frameOf(payload []byte) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(payload))), payload...)
}

func readFrame(t testing.TB, from io.Reader) []byte {
	t.Helper()
	var size [4]byte
	_, err := io.ReadFull(from, size[:])
	noError(t, err)
	payload := make([]byte, binary.BigEndian.Uint32(size[:]))
	_, err = io.ReadFull(from, payload)
	noError(t, err)
	return payload
}

// sendAll writes from a goroutine of its own, which may block for as long as it likes, and tells
// how it ended.
func sendAll(nc net.Conn, p []byte) <-chan error {
	done := make(chan error, 1)
	go func() {
		_, err := nc.Write(p)
		done <- err
	}()
	return done
}
