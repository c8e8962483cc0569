package reactor

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"quoll/reactor/door"
)

// TestDrainLetsOutputLeave: what was answered before the drain reaches a slow reader; new clients
// are not accepted; Run returns nil.
func TestDrainLetsOutputLeave(t *testing.T) {
	onBoth(t, func(t *testing.T, tr Transport) {
		const size = 16 << 20
		closed := make(chan error, 1)
		s := start(t, &server{cfg: Config{Transport: tr}, open: func(c *Conn) Stream {
			if c.ID() > 1 {
				return nil // the dials below that came before the doors were closed
			}
			return &stream{closed: func(err error) { closed <- err },
				input: func(in []byte) int {
					c.Write(make([]byte, size))
					return len(in)
				}}
		}})
		nc := s.dial()
		_, err := nc.Write([]byte("x"))
		noError(t, err)
		_, err = io.ReadFull(nc, make([]byte, 1))
		noError(t, err)
		drained := make(chan error, 1)
		go func() { drained <- s.handle.Drain(t.Context()) }()
		eventually(t, "closed doors", func() bool {
			late, err := net.Dial("tcp", s.addr)
			if err == nil {
				_ = late.Close()
			}
			return err != nil
		})
		equal(t, 0, len(closed), "closed before the output has left")
		got, err := io.Copy(io.Discard, nc)
		noError(t, err)
		equal(t, int64(size-1), got, "bytes")
		noError(t, receive(t, drained, "Drain"))
		noError(t, receive(t, s.ended, "Run"))
		s.ended <- nil
		noError(t, receive(t, closed, "Closed"))
		equal(t, 1, s.stats.Closed[ClosedAtStop].Load(), "closed at stop")
	})
}

// TestDrainEmptiesMailboxes: what the core has answered counts as output.
func TestDrainEmptiesMailboxes(t *testing.T) {
	onBoth(t, func(t *testing.T, tr Transport) {
		var conn *Conn
		var mail atomic.Bool
		opened := make(chan bool, 1)
		s := &server{cfg: Config{Transport: tr}}
		s.open = func(c *Conn) Stream { conn = c; opened <- true; return &stream{} }
		s.drain = func(int) {
			if mail.CompareAndSwap(true, false) {
				writeFrame(conn, []byte("last words"))
			}
		}
		start(t, s)
		nc := s.dial()
		receive(t, opened, "open")
		mail.Store(true)
		noError(t, s.handle.Drain(t.Context()))
		equal(t, "last words", string(readFrame(t, nc)), "output")
		_, err := nc.Read(make([]byte, 1))
		holds(t, errors.Is(err, io.EOF), "closed: %v", err)
	})
}

// TestStopEndsWithATurn: what a lane has to say about the last connections is not left unsaid.
func TestStopEndsWithATurn(t *testing.T) {
	onBoth(t, func(t *testing.T, tr Transport) {
		unsaid := 0
		s := &server{cfg: Config{Transport: tr}}
		s.open = func(c *Conn) Stream { return &stream{closed: func(error) { unsaid++ }} }
		said := 0
		s.turn = func(int) { said, unsaid = said+unsaid, 0 }
		start(t, s)
		for range 5 {
			s.dial()
		}
		eventually(t, "open", func() bool { return s.stats.Open.Load() == 5 })
		s.stop()
		equal(t, 5, said, "closes that a Turn came after")
	})
}

// TestDrainGivesUp when its context ends.
func TestDrainGivesUp(t *testing.T) {
	onBoth(t, func(t *testing.T, tr Transport) {
		s := start(t, &server{cfg: Config{Transport: tr}, open: func(c *Conn) Stream {
			return &stream{input: func(in []byte) int {
				c.Write(make([]byte, 32<<20))
				return len(in)
			}}
		}})
		nc := s.dial()
		_, err := nc.Write([]byte("x"))
		noError(t, err)
		_, err = io.ReadFull(nc, make([]byte, 1))
		noError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
		defer cancel()
		err = s.handle.Drain(ctx)
		holds(t, errors.Is(err, context.DeadlineExceeded), "gave up: %v", err)
		equal(t, 0, s.stats.Open.Load(), "open")
		noError(t, s.handle.Drain(t.Context())) // and a second one has nothing to do
	})
}

func TestListeners(t *testing.T) {
	onBoth(t, func(t *testing.T, tr Transport) {
		s := &server{cfg: Config{Transport: tr}, open: echo}
		s.cfg.Listeners = []string{"127.0.0.1:0", "127.0.0.1:0"}
		start(t, s)
		talks := func(addr string) {
			nc, err := net.Dial("tcp", addr)
			noError(t, err)
			defer nc.Close()
			noError(t, nc.SetDeadline(time.Now().Add(patience)))
			_, err = nc.Write(frameOf([]byte("hello")))
			noError(t, err)
			equal(t, "hello", string(readFrame(t, nc)), "echo")
		}
		talks(s.addr)
		third, err := s.handle.Listen("127.0.0.1:0")
		noError(t, err)
		talks(third.String())
		stays := s.dial()
		noError(t, s.handle.Unlisten(netip.MustParseAddrPort(s.addr)))
		_, err = net.Dial("tcp", s.addr)
		holds(t, errors.Is(err, syscall.ECONNREFUSED), "refused: %v", err)
		holds(t, s.handle.Unlisten(netip.MustParseAddrPort(s.addr)) != nil, "twice")
		_, err = stays.Write(frameOf([]byte("still here")))
		noError(t, err)
		equal(t, "still here", string(readFrame(t, stays)), "a connection of the closed listener")
		talks(third.String())
		_, err = s.handle.Listen(third.String())
		holds(t, errors.Is(err, syscall.EADDRINUSE), "in use: %v", err)
		s.stop()
		_, err = s.handle.Listen("127.0.0.1:0")
		holds(t, errors.Is(err, ErrStopping), "stopping: %v", err)
	})
}

// TestBindIsAllOrNothing: the k-th listener fails, the others are closed again.
func TestBindIsAllOrNothing(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	noError(t, err)
	defer taken.Close()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	noError(t, err)
	noError(t, free.Close())
	onBoth(t, func(t *testing.T, tr Transport) {
		cfg := Config{Transport: tr, Listeners: []string{free.Addr().String(),
			taken.Addr().String()}}
		err := Run(cfg, func(func()) Lane { panic("no lane is made") })
		holds(t, errors.Is(err, syscall.EADDRINUSE), "in use: %v", err)
		again, err := net.Listen("tcp", free.Addr().String())
		noError(t, err)
		noError(t, again.Close())
	})
}

// TestRestartOnTheSamePort right after connections that the server closed first.
func TestRestartOnTheSamePort(t *testing.T) {
	onBoth(t, func(t *testing.T, tr Transport) {
		closer := func(c *Conn) Stream {
			return &stream{input: func(in []byte) int { c.Close(); return len(in) }}
		}
		cfg := Config{Transport: tr}
		for range 3 {
			s := start(t, &server{cfg: cfg, open: closer})
			cfg.Listeners = []string{s.addr}
			nc := s.dial()
			_, err := nc.Write([]byte("x"))
			noError(t, err)
			_, err = io.ReadAll(nc)
			noError(t, err)
			s.stop()
		}
	})
}

// TestAcceptSurvivesWantOfDescriptors: an accept that fails is tried again, and the server lives.
func TestAcceptSurvivesWantOfDescriptors(t *testing.T) {
	onBoth(t, func(t *testing.T, tr Transport) {
		told := make(chan error, 3)
		s := start(t, &server{open: echo, cfg: Config{
			Transport: tr,
			Refused: func(_ door.Refusal, remote netip.AddrPort, err error) {
				holds(t, !remote.IsValid(), "an address of nobody's")
				told <- err
			},
		}})
		real, err := net.Listen("tcp", "127.0.0.1:0")
		noError(t, err)
		noError(t, s.handle.r.door.Open(&poorListener{Listener: real, fails: 3}))
		s.addr = real.Addr().String()
		nc := s.dial()
		_, err = nc.Write(frameOf([]byte("hello")))
		noError(t, err)
		equal(t, "hello", string(readFrame(t, nc)), "echo")
		equal(t, 3, s.stats.Refused[door.ByDescriptors].Load(), "failed accepts")
		for range 3 {
			holds(t, errors.Is(<-told, syscall.EMFILE), "told why")
		}
	})
}

// poorListener fails as accept does when the process has no descriptor left.
type poorListener struct {
	net.Listener
	fails int
}

func (p *poorListener) Accept() (net.Conn, error) {
	if p.fails > 0 {
		p.fails--
		return nil, &net.OpError{Op: "accept", Err: syscall.EMFILE}
	}
	return p.Listener.Accept()
}

func TestBadConfigurations(t *testing.T) {
	for _, cfg := range []Config{
		{Transport: 7},
		{Loops: -1},
		{OutputHighWater: 10, OutputLowWater: 10},
		{OutputHighWater: 10, OutputCap: 9},
	} {
		err := Run(cfg, nil)
		holds(t, errors.Is(err, ErrConfig), "refused: %v", err)
	}
}

// TestManyLoopsShareConnections, and each connection keeps to its loop.
func TestManyLoopsShareConnections(t *testing.T) {
	onBoth(t, func(t *testing.T, tr Transport) {
		const loops, conns = 3, 30
		lanes := make(chan *loop, conns)
		s := start(t, &server{cfg: Config{Transport: tr, Loops: loops},
			open: func(c *Conn) Stream { lanes <- c.loop; return echo(c) }})
		used := map[*loop]int{}
		for range conns {
			nc := s.dial()
			used[receive(t, lanes, "open")]++
			_, err := nc.Write(frameOf([]byte("x")))
			noError(t, err)
			readFrame(t, nc)
		}
		equal(t, loops, len(used), "loops in use")
		for _, n := range used {
			equal(t, conns/loops, n, "connections a loop")
		}
	})
}
