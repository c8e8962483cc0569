package reactor

import (
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"quoll/reactor/door"
)

// descriptors is how many the process has open.
func descriptors(t *testing.T) int {
	t.Helper()
	dir, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("no /proc here")
	}
	return len(dir)
}

// TestTenThousandConnects, a hundred at a time, which end in every way there is: not one goroutine
// or descriptor more than before.
func TestTenThousandConnects(t *testing.T) {
	onBoth(t, func(t *testing.T, tr Transport) {
		const loops = 2
		var parked [loops][]*Conn
		s := &server{cfg: Config{Transport: tr, Loops: loops}}
		s.open = func(c *Conn) Stream {
			if c.ID()%7 == 0 {
				return nil
			}
			c.Established()
			return &stream{input: framed(c, 3, func(p []byte) {
				writeFrame(c, p)
				switch string(p) {
				case "close":
					c.Close()
				case "flush":
					c.CloseAfterFlush()
				case "park":
					c.Park()
					lane := slices.Index(c.loop.r.loops, c.loop)
					parked[lane] = append(parked[lane], c)
				}
			})}
		}
		start(t, s)
		const clients, each = 50, 200
		// The reactor has all of its goroutines when it has served each loop.
		for range 4 * loops {
			noError(t, visit(s.addr, rand.New(rand.NewPCG(1, 1))))
		}
		eventually(t, "none open", func() bool { return s.stats.Open.Load() == 0 })
		seenBefore := s.stats.Accepted.Load() + s.stats.Refused[door.ByLane].Load()
		goroutines, files := runtime.NumGoroutine(), descriptors(t)
		var wg sync.WaitGroup
		for client := range clients {
			wg.Go(func() {
				rng := rand.New(rand.NewPCG(uint64(tr), uint64(client)))
				for range each {
					if err := visit(s.addr, rng); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		wg.Wait()
		seen := func() int64 {
			return s.stats.Accepted.Load() + s.stats.Refused[door.ByLane].Load()
		}
		eventually(t, "all seen", func() bool { return seen() == seenBefore+clients*each })
		for lane := range parked {
			s.do(lane, func() {
				for _, c := range parked[lane] {
					c.Unpark()
				}
			})
		}
		eventually(t, "all closed", func() bool { return s.stats.Open.Load() == 0 })
		eventually(t, "as few goroutines", func() bool { return runtime.NumGoroutine() <= goroutines })
		eventually(t, "as few descriptors", func() bool { return descriptors(t) <= files })
		equal(t, 0, s.handle.r.door.Admitted(), "admitted")
		equal(t, 0, s.stats.PendingBytes.Load(), "pending")
	})
}

// visit is one connection: it says something, reads some or all of the answer, and ends somehow.
func visit(addr string, rng *rand.Rand) error {
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	defer nc.Close()
	if err := nc.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	words := []string{"hello", "close", "flush", "park", "large"}
	word := words[rng.IntN(len(words))]
	payload := []byte(word)
	if word == "large" {
		payload = make([]byte, 100<<10)
	}
	message := frameOf(payload)
	_, err = nc.Write(message[:len(message)-rng.IntN(2)])
	if rng.IntN(2) == 0 {
		_ = nc.(*net.TCPConn).SetLinger(0)
	}
	if err == nil && rng.IntN(2) == 0 {
		_ = nc.(*net.TCPConn).CloseWrite()
		if word != "park" {
			_, err = io.Copy(io.Discard, nc)
		}
	}
	if errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) {
		return nil // the server was quicker to end it
	}
	return err
}

// TestIdleConnectionsAreSmall: what a connection keeps while it has nothing to say, and what one
// keeps that has sent the length of a frame and fell silent. Both ends are in this process.
func TestIdleConnectionsAreSmall(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector keeps books")
	}
	most := map[Transport]uint64{GNet: 4 << 10, Std: 10 << 10}
	onBoth(t, func(t *testing.T, tr Transport) {
		const conns = 1000
		s := start(t, &server{cfg: Config{Transport: tr}, open: echo})
		before := memoryInUse()
		clients := make([]*net.TCPConn, conns)
		for i := range clients {
			clients[i] = s.dial()
			_, err := clients[i].Write(frameOf(make([]byte, 10<<10)))
			noError(t, err)
			_, err = io.CopyN(io.Discard, clients[i], 4+10<<10)
			noError(t, err)
		}
		idle := (memoryInUse() - before) / conns
		in := s.stats.BytesIn.Load()
		for _, nc := range clients {
			_, err := nc.Write([]byte{0, 15, 255, 255, 1, 2, 3})
			noError(t, err)
		}
		eventually(t, "the lengths", func() bool { return s.stats.BytesIn.Load() == in+7*conns })
		loris := (memoryInUse() - before) / conns
		t.Logf("%s: %d bytes idle, %d with the start of a frame", tr, idle, loris)
		holds(t, idle < most[tr], "idle: %d bytes a connection", idle)
		holds(t, loris < most[tr]+1<<10, "silent: %d bytes a connection", loris)
		runtime.KeepAlive(clients)
	})
}

func memoryInUse() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc + m.StackInuse
}

// TestRequestsDoNotAllocate: nothing is allocated for a request, a reply, a batch of them.
func TestRequestsDoNotAllocate(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	onBoth(t, func(t *testing.T, tr Transport) {
		reply := frameOf(make([]byte, 188))
		s := start(t, &server{cfg: Config{Transport: tr}, open: func(c *Conn) Stream {
			c.Established()
			return &stream{input: framed(c, 1<<30, func([]byte) { c.Write(reply) })}
		}})
		nc := s.dial()
		for _, depth := range []int{1, 16} {
			noError(t, roundTrips(nc, 1000, depth, len(reply))) // the pools fill
			const rounds = 2000
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			noError(t, roundTrips(nc, rounds, depth, len(reply)))
			runtime.ReadMemStats(&after)
			per := float64(after.Mallocs-before.Mallocs) / rounds
			holds(t, per < 0.1, "%.2f allocations a turn at depth %d", per, depth)
		}
	})
}
