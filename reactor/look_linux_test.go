package reactor

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"time"
)

// parkedServer is a server whose one connection is parked when its first input has come.
func parkedServer(t *testing.T, tr Transport) (s *server, conn **Conn, closed chan error) {
	closed = make(chan error, 1)
	conn = new(*Conn)
	s = start(t, &server{cfg: Config{Transport: tr}, open: func(c *Conn) Stream {
		*conn = c
		c.Established()
		return &stream{
			input: func(in []byte) int {
				c.Park()
				return len(in)
			},
			closed: func(err error) { closed <- err },
		}
	}})
	return s, conn, closed
}

// hangsUp asks until the connection shows a hang-up.
func (s *server) hangsUp(c *Conn) {
	eventually(s.t, "the hang-up", func() (up bool) {
		s.do(0, func() { up = c.HungUp() })
		return up
	})
}

// A client that leaves while it is parked is seen to, and its connection ends.
func TestAParkedConnectionWhoseClientLeftEnds(t *testing.T) {
	onBoth(t, func(t *testing.T, tr Transport) {
		s, conn, closed := parkedServer(t, tr)
		nc := s.dial()
		_, err := nc.Write([]byte("x"))
		noError(t, err)
		eventually(t, "the pause", func() bool { return s.stats.Paused.Load() == 1 })
		s.do(0, func() { holds(t, !(*conn).HungUp(), "the client is there") })
		noError(t, nc.CloseWrite())
		s.hangsUp(*conn)
		holds(t, errors.Is(receive(t, closed, "Closed"), io.EOF), "EOF")
		equal(t, 1, s.stats.Closed[ClosedByPeer].Load(), "closed by the client")
	})
}

// A broken connection ends whatever it had sent.
func TestAParkedConnectionThatBreaksEnds(t *testing.T) {
	onBoth(t, func(t *testing.T, tr Transport) {
		s, conn, closed := parkedServer(t, tr)
		nc := s.dial()
		_, err := nc.Write([]byte("x"))
		noError(t, err)
		eventually(t, "the pause", func() bool { return s.stats.Paused.Load() == 1 })
		_, err = nc.Write([]byte("never read"))
		noError(t, err)
		noError(t, nc.SetLinger(0))
		noError(t, nc.Close())
		eventually(t, "the end", func() bool {
			s.do(0, func() { (*conn).HungUp() })
			return len(closed) > 0
		})
		equal(t, 1, s.stats.Closed[ClosedByPeer].Load()+s.stats.Closed[ClosedByError].Load(),
			"closed by the client")
	})
}

// What a client sent before its FIN is handled although the hang-up was seen before.
func TestAHangUpEndsNothingThatIsLeft(t *testing.T) {
	for name, left := range map[string]func(f *fakeLink){
		"in the kernel":      func(f *fakeLink) { f.more = true },
		"in the inbox":       func(f *fakeLink) { f.c.in.Stash(&f.c.loop.small, []byte("x")) },
		"in the output":      func(f *fakeLink) { f.left = 1 },
		"in the turn's":      func(f *fakeLink) { f.c.Write([]byte("x")) },
		"nothing: the check": nil,
	} {
		t.Run(name, func(t *testing.T) {
			var conn *Conn
			l := fakeLoop(t, Config{}, Lane{Open: func(c *Conn) Stream {
				conn = c
				return &stream{}
			}})
			f := l.fakeConn(t)
			conn.Park()
			l.flush()
			f.room = 0
			f.end = io.EOF
			if left != nil {
				left(f)
			}
			holds(t, conn.HungUp(), "hung up")
			l.flush()
			equal(t, left == nil, f.closed, "closed")
		})
	}
}

// A connection that is read from hears of the end by itself.
func TestHungUpIsForThoseNotReadFrom(t *testing.T) {
	l := fakeLoop(t, Config{}, Lane{Open: func(*Conn) Stream { return &stream{} }})
	f := l.fakeConn(t)
	f.end = io.EOF
	holds(t, !f.c.HungUp(), "read from")
	f.c.Park()
	l.flush()
	f.c.CloseAfterFlush()
	holds(t, !f.c.HungUp(), "closing")
}

// OutputFull comes at each change, and never twice the same.
func TestTheStreamIsToldOfFullOutput(t *testing.T) {
	onBoth(t, func(t *testing.T, tr Transport) {
		told := make(chan bool, 1000)
		s := start(t, &server{cfg: Config{Transport: tr, OutputHighWater: 64 << 10},
			open: func(c *Conn) Stream {
				c.Established()
				return &stream{
					input: framed(c, 1, func([]byte) { c.Write(make([]byte, 8<<20)) }),
					full:  func(full bool) { told <- full },
				}
			}})
		nc := s.dial()
		_, err := nc.Write(bytes.Repeat(frameOf([]byte("x")), 5))
		noError(t, err)
		holds(t, receive(t, told, "full"), "full first")
		_, err = io.CopyN(io.Discard, nc, 40<<20)
		noError(t, err)
		full := true
		eventually(t, "the end of it", func() bool {
			for len(told) > 0 {
				now := <-told
				holds(t, now != full, "twice %v", now)
				full = now
			}
			return !full && s.stats.PendingBytes.Load() == 0
		})
	})
}

// Progress grows while the client reads, and stands while it does not.
func TestProgressIsWhatTheClientTakes(t *testing.T) {
	l := fakeLoop(t, Config{}, Lane{Open: func(*Conn) Stream { return &stream{} }})
	f := l.fakeConn(t)
	f.room, f.queue = 100, 0
	f.c.Write(make([]byte, 1000))
	l.flush()
	f.queue = 100
	begin := f.c.Progress()
	equal(t, begin, f.c.Progress(), "it stands")
	f.queue = 99
	acked := f.c.Progress()
	holds(t, acked > begin, "acknowledged")
	f.room = 1
	f.push()
	f.queue = 100
	taken := f.c.Progress()
	holds(t, taken > acked, "taken by the kernel")
	f.queue = -1
	holds(t, f.c.Progress() == taken, "unknown is nothing")
}

// The kernel tells when the last byte came, unless the client has no room for another.
func TestSilenceIsCountedFromTheLastByte(t *testing.T) {
	onBoth(t, func(t *testing.T, tr Transport) {
		s, conn, _ := parkedServer(t, tr)
		nc := s.dial()
		_, err := nc.Write([]byte("x"))
		noError(t, err)
		eventually(t, "the pause", func() bool { return s.stats.Paused.Load() == 1 })
		look := func() (ago time.Duration, known bool) {
			s.do(0, func() { ago, known = (*conn).Silent() })
			return ago, known
		}
		if _, known := look(); !known {
			t.Skip("this kernel does not tell")
		}
		const long = 100 * time.Millisecond
		eventually(t, "silence", func() bool {
			ago, known := look()
			return known && ago >= long
		})
		eventually(t, "a sign of life", func() bool {
			_, err := nc.Write([]byte("ping"))
			noError(t, err)
			ago, known := look()
			return known && ago < long
		})
		noError(t, nc.SetWriteDeadline(time.Now().Add(200*time.Millisecond)))
		_, err = nc.Write(make([]byte, 64<<20))
		holds(t, err != nil, "the sender is blocked")
		_, known := look()
		holds(t, !known, "it may have more to say")
	})
}
