package reactor

import (
	"bytes"
	"errors"
	"io"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"quoll/reactor/socket"
)

// TestParkedSenderIsStoppedByTCP: nothing of what a parked connection sends is read, TCP stops the
// sender, and after Unpark all of it arrives.
func TestParkedSenderIsStoppedByTCP(t *testing.T) {
	onBoth(t, func(t *testing.T, tr Transport) {
		const total = 64 << 20
		var got atomic.Int64
		var conn *Conn
		s := start(t, &server{cfg: Config{Transport: tr}, open: func(c *Conn) Stream {
			conn = c
			c.Established()
			return &stream{input: func(in []byte) int {
				if got.Add(int64(len(in))) == int64(len(in)) {
					c.Park()
				}
				return len(in)
			}}
		}})
		nc := s.dial()
		_, err := nc.Write(make([]byte, 1))
		noError(t, err)
		eventually(t, "Park", func() bool { return s.stats.Paused.Load() == 1 })
		noError(t, nc.SetWriteDeadline(time.Now().Add(200*time.Millisecond)))
		sent, err := nc.Write(make([]byte, total-1))
		holds(t, errors.Is(err, os.ErrDeadlineExceeded), "the sender is blocked: %v", err)
		holds(t, s.stats.BytesIn.Load() <= 2*socket.ChunkBytes, "read %d", s.stats.BytesIn.Load())
		s.do(0, func() { conn.Unpark() })
		noError(t, nc.SetWriteDeadline(time.Now().Add(patience)))
		_, err = nc.Write(make([]byte, total-1-sent))
		noError(t, err)
		eventually(t, "all of it", func() bool { return got.Load() == total })
		equal(t, 1, s.stats.Paused.Load(), "pauses")
		equal(t, 1, s.stats.Resumed.Load(), "resumptions")
	})
}

// bulk answers each frame with 1 MiB, and handles no more while anything is pending.
func bulk(reply []byte, highest *atomic.Int64) func(*Conn) Stream {
	return func(c *Conn) Stream {
		c.Established()
		return &stream{input: func(in []byte) int {
			highest.Store(max(highest.Load(), int64(c.Pending())))
			return framed(c, 1, func([]byte) { c.Write(reply) })(in)
		}}
	}
}

func slowServer(t *testing.T, tr Transport, stall time.Duration) (*server, chan error) {
	closed := make(chan error, 1)
	var highest atomic.Int64
	open := bulk(make([]byte, 1<<20), &highest)
	s := start(t, &server{cfg: Config{Transport: tr, StallTimeout: stall},
		open: func(c *Conn) Stream {
			st := open(c).(*stream)
			st.closed = func(err error) { closed <- err }
			return st
		}})
	return s, closed
}

// TestSlowReaderIsKept: a client that pipelines 200 requests of 1 MB and reads slowly gets all of
// it, and costs little memory meanwhile.
func TestSlowReaderIsKept(t *testing.T) {
	onBothAtOnce(t, func(t *testing.T, tr Transport) {
		s, closed := slowServer(t, tr, 5*time.Second)
		nc := s.dial()
		requests := bytes.Repeat(frameOf([]byte("get")), 200)
		_, err := nc.Write(requests)
		noError(t, err)
		pace := time.NewTicker(time.Millisecond)
		defer pace.Stop()
		for left := 200 << 20; left > 0; {
			<-pace.C
			n, err := io.ReadFull(nc, make([]byte, min(left, 256<<10)))
			noError(t, err)
			left -= n
			holds(t, s.stats.PendingBytes.Load() <= 2<<20+socket.ChunkBytes, "bounded output")
		}
		equal(t, 0, len(closed), "closes")
	})
}

// TestReaderThatStopsIsClosed at the stall timeout of its own, not at the reactor's.
func TestReaderThatStopsIsClosed(t *testing.T) {
	onBoth(t, func(t *testing.T, tr Transport) {
		closed := make(chan error, 1)
		s := start(t, &server{cfg: Config{Transport: tr}, open: func(c *Conn) Stream {
			c.Established()
			c.SetStallTimeout(50 * time.Millisecond)
			return &stream{
				input:  framed(c, 1, func([]byte) { c.Write(make([]byte, 1<<20)) }),
				closed: func(err error) { closed <- err }}
		}})
		nc := s.dial()
		_, err := nc.Write(bytes.Repeat(frameOf([]byte("get")), 200))
		noError(t, err)
		err = receive(t, closed, "Closed")
		holds(t, errors.Is(err, ErrStalled), "stalled: %v", err)
		equal(t, 1, s.stats.Closed[ClosedStalled].Load(), "closed as stalled")
		holds(t, s.stats.Inputs.Load() < 50, "no more input than output")
	})
}

// TestHighWaterComesAndGoes: output above the mark stops Input, and is no end of anything.
func TestHighWaterComesAndGoes(t *testing.T) {
	onBoth(t, func(t *testing.T, tr Transport) {
		var highest atomic.Int64
		s := start(t, &server{cfg: Config{Transport: tr, OutputHighWater: 256 << 10},
			open: bulk(make([]byte, 1<<20), &highest)})
		nc := s.dial()
		done := sendAll(nc, bytes.Repeat(frameOf(make([]byte, 1000)), 100))
		eventually(t, "a pause", func() bool { return s.stats.Paused.Load() > 0 })
		_, err := io.CopyN(io.Discard, nc, 100<<20)
		noError(t, err)
		noError(t, receive(t, done, "the sender"))
		holds(t, highest.Load() < 256<<10, "Input above the mark: %d", highest.Load())
		eventually(t, "all resumed", func() bool {
			return s.stats.Paused.Load() == s.stats.Resumed.Load()
		})
	})
}

// TestFloodAboveTheCapCloses: events that a client does not read are dropped with the client.
func TestFloodAboveTheCapCloses(t *testing.T) {
	onBoth(t, func(t *testing.T, tr Transport) {
		conns := make(chan *Conn, 1)
		var conn *Conn
		closed := make(chan error, 1)
		s := &server{cfg: Config{Transport: tr, OutputHighWater: 1 << 20, OutputCap: 8 << 20}}
		s.open = func(c *Conn) Stream {
			c.Established()
			conns <- c
			return &stream{closed: func(err error) { closed <- err; conn = nil }}
		}
		event := make([]byte, 1<<20)
		s.drain = func(int) {
			select {
			case conn = <-conns:
			default:
			}
			if conn != nil {
				conn.Write(event)
			}
		}
		start(t, s)
		s.dial()
		for {
			s.wakes[0]()
			select {
			case err := <-closed:
				holds(t, errors.Is(err, ErrOutputCap), "output cap: %v", err)
				equal(t, 1, s.stats.Closed[ClosedForOutput].Load(), "closed for output")
				equal(t, 0, s.stats.PendingBytes.Load(), "pending")
				return
			default:
				holds(t, s.stats.PendingBytes.Load() < 12<<20, "bounded output")
			}
		}
	})
}

// TestOneLargeReplyClosesNobody although it is larger than the cap.
func TestOneLargeReplyClosesNobody(t *testing.T) {
	onBoth(t, func(t *testing.T, tr Transport) {
		reply := make([]byte, 24<<20)
		s := start(t, &server{cfg: Config{Transport: tr, OutputCap: 8 << 20},
			open: func(c *Conn) Stream {
				c.Established()
				return &stream{input: framed(c, 1, func([]byte) { c.Write(reply) })}
			}})
		nc := s.dial()
		_, err := nc.Write(bytes.Repeat(frameOf(nil), 2))
		noError(t, err)
		_, err = io.CopyN(io.Discard, nc, 2*int64(len(reply)))
		noError(t, err)
	})
}

// TestCapIsNotATotal: a client that reads may be given any amount.
func TestCapIsNotATotal(t *testing.T) {
	onBoth(t, func(t *testing.T, tr Transport) {
		s := start(t, &server{open: echo, cfg: Config{Transport: tr,
			OutputHighWater: 512 << 10, OutputCap: 1 << 20}})
		nc := s.dial()
		for range 100 {
			_, err := nc.Write(frameOf(make([]byte, 60<<10)))
			noError(t, err)
			readFrame(t, nc)
		}
	})
}

// TestBudgetOfAll: when all that do not read hold the budget, none of them is read from, and one
// that reads is served as before.
func TestBudgetOfAll(t *testing.T) {
	onBoth(t, func(t *testing.T, tr Transport) {
		const each, budget = 4 << 20, 16 << 20
		s := start(t, &server{
			cfg: Config{Transport: tr, OutputHighWater: 64 << 20, OutputBudget: budget},
			open: func(c *Conn) Stream {
				c.Established()
				return &stream{input: framed(c, 1, func(p []byte) { c.Write(make([]byte, each)) })}
			}})
		for range 12 {
			_, err := s.dial().Write(bytes.Repeat(frameOf(nil), 100))
			noError(t, err)
		}
		// Eleven at the least must stop at once; each may overshoot by its one reply.
		eventually(t, "paused", func() bool { return s.stats.Paused.Load() >= 10 })
		reader := s.dial()
		for range 20 {
			_, err := reader.Write(frameOf(nil))
			noError(t, err)
			_, err = io.CopyN(io.Discard, reader, each)
			noError(t, err)
		}
		holds(t, s.stats.PendingBytes.Load() <= budget+13*each, "bounded: %d",
			s.stats.PendingBytes.Load())
	})
}
