package reactor

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// trace is what a loop did, in order.
type trace struct {
	mu     sync.Mutex
	events []string
}

func (tr *trace) add(format string, args ...any) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.events = append(tr.events, fmt.Sprintf(format, args...))
}

func (tr *trace) String() string {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return strings.Join(tr.events, " ")
}

// TestOrderOfATurn: Input, Turn, Drain, and what they write leaves in one write, after all three.
func TestOrderOfATurn(t *testing.T) {
	onBoth(t, func(t *testing.T, tr Transport) {
		var tc trace
		var conn *Conn
		s := &server{cfg: Config{Transport: tr}}
		s.open = func(c *Conn) Stream {
			conn = c
			return &stream{input: func(in []byte) int {
				tc.add("input")
				c.Write([]byte("a"))
				return len(in)
			}}
		}
		said := false
		s.turn = func(int) {
			if conn != nil && tc.String() == "input" {
				tc.add("turn")
				conn.Write([]byte("b"))
			}
		}
		s.drain = func(int) {
			if tc.String() == "input turn" && !said {
				said = true
				tc.add("drain")
				conn.Write([]byte("c"))
			}
		}
		start(t, s)
		nc := s.dial()
		_, err := nc.Write([]byte("x"))
		noError(t, err)
		answer := make([]byte, 3)
		_, err = io.ReadFull(nc, answer)
		noError(t, err)
		equal(t, "abc", string(answer), "output in order")
		s.stop()
		equal(t, "input turn drain", tc.String(), "a turn")
		equal(t, 1, s.stats.Writes.Load(), "writes")
	})
}

// TestWakesCoalesce: while a loop has not served a wake, ten thousand more are one.
func TestWakesCoalesce(t *testing.T) {
	onBoth(t, func(t *testing.T, tr Transport) {
		var drains atomic.Int64
		s := &server{cfg: Config{Transport: tr}, open: echo}
		s.drain = func(int) { drains.Add(1) }
		start(t, s)
		thaw := s.freeze()
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range 10_000 / 8 {
					s.wakes[0]()
				}
			})
		}
		wg.Wait()
		thaw()
		eventually(t, "the second Drain", func() bool { return drains.Load() >= 2 })
		s.stop()
		// The first, the ten thousand, and the stop's own.
		equal(t, 3, s.stats.Wakes.Load(), "wakes served")
	})
}

// TestNoWakeIsLost: what is put into a mailbox before a wake is drained after it.
func TestNoWakeIsLost(t *testing.T) {
	onBoth(t, func(t *testing.T, tr Transport) {
		var put, drained atomic.Int64
		s := &server{cfg: Config{Transport: tr, Loops: 2}, open: echo}
		s.drain = func(int) { drained.Store(put.Load()) }
		start(t, s)
		for i := range int64(20_000) {
			put.Store(i)
			s.wakes[i%2]()
			if i%100 == 0 {
				eventually(t, "the drain", func() bool { return drained.Load() == i })
			}
		}
	})
}

// TestWakeDuringDrainIsServed: mail that comes while the mailbox is being emptied is not left there.
func TestWakeDuringDrainIsServed(t *testing.T) {
	onBoth(t, func(t *testing.T, tr Transport) {
		s := start(t, &server{cfg: Config{Transport: tr}, open: echo})
		served := make(chan bool)
		s.do(0, func() {
			s.tasks[0] <- func() { close(served) }
			s.wakes[0]()
		})
		receive(t, served, "the second task")
	})
}

// TestWakeBeforeAndAfterTheRun is allowed, and of no effect after.
func TestWakeBeforeAndAfterTheRun(t *testing.T) {
	onBoth(t, func(t *testing.T, tr Transport) {
		drained := make(chan bool, 100)
		s := &server{cfg: Config{Transport: tr}, open: echo}
		s.drain = func(int) {
			select {
			case drained <- true:
			default:
			}
		}
		var wake func()
		inner := s.lane
		lane := func(w func()) Lane {
			wake = w
			w()
			return inner(w)
		}
		ready := make(chan *Handle, 1)
		cfg := Config{Transport: tr, Loops: 1, Started: func(h *Handle) { ready <- h }}
		ended := make(chan error, 1)
		go func() { ended <- Run(cfg, lane) }()
		h := receive(t, ready, "the start")
		receive(t, drained, "the Drain of the early wake")
		noError(t, h.Drain(t.Context()))
		noError(t, receive(t, ended, "the end"))
		for range 100 {
			wake()
		}
	})
}

// TestAgainServesOneBatchATurn: a stream that stops at its own limit is called in the next turn,
// not in this one, so others come in between.
func TestAgainServesOneBatchATurn(t *testing.T) {
	onBoth(t, func(t *testing.T, tr Transport) {
		const frames = 50
		turn, worst := int64(0), 0
		s := &server{cfg: Config{Transport: tr}}
		s.turn = func(int) { turn++ }
		s.open = func(c *Conn) Stream {
			c.Established()
			last, inTurn := int64(-1), 0
			return &stream{input: func(in []byte) int {
				if turn != last {
					last, inTurn = turn, 0
				}
				inTurn++
				worst = max(worst, inTurn)
				return framed(c, 1, func(p []byte) { writeFrame(c, p) })(in)
			}}
		}
		start(t, s)
		nc := s.dial()
		_, err := nc.Write(bytes.Repeat(frameOf([]byte("x")), frames))
		noError(t, err)
		for range frames {
			readFrame(t, nc)
		}
		s.stop()
		// One for new bytes and one for Again may share a turn.
		holds(t, worst <= 2, "Inputs in one turn: %d", worst)
		holds(t, turn >= frames/2, "turns: %d", turn)
	})
}

// TestOneWriteATurnForManyConnections: a Drain that writes to many connections many times makes one
// write each.
func TestOneWriteATurnForManyConnections(t *testing.T) {
	onBoth(t, func(t *testing.T, tr Transport) {
		const conns, events = 50, 20
		var all []*Conn
		opened := make(chan bool, conns)
		s := start(t, &server{cfg: Config{Transport: tr}, open: func(c *Conn) Stream {
			all = append(all, c)
			opened <- true
			return &stream{}
		}})
		var clients []io.Reader
		for range conns {
			clients = append(clients, s.dial())
			receive(t, opened, "open")
		}
		s.do(0, func() {
			for range events {
				for _, c := range all {
					writeFrame(c, []byte("event"))
				}
			}
		})
		for _, nc := range clients {
			for range events {
				equal(t, "event", string(readFrame(t, nc)), "event")
			}
		}
		s.stop()
		equal(t, conns, s.stats.Writes.Load(), "writes")
	})
}
