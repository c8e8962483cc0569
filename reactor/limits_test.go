package reactor

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"testing"
	"time"

	"quoll/reactor/door"
	"quoll/reactor/socket"
)

// closesWith runs a client against a stream that consumes as told, and returns what Closed got.
func closesWith(t *testing.T, cfg Config, established bool, input func([]byte) int,
	client func(*net.TCPConn)) (*server, error) {
	t.Helper()
	closed := make(chan error, 1)
	s := start(t, &server{cfg: cfg, open: func(c *Conn) Stream {
		if established {
			c.Established()
		}
		return &stream{input: input, closed: func(err error) { closed <- err }}
	}})
	client(s.dial())
	return s, receive(t, closed, "Closed")
}

func consumesNothing([]byte) int { return 0 }

// TestSlowLoris: a client that sends its ConnectRequest a byte at a time is closed at the connect
// deadline, however regular its bytes are.
func TestSlowLoris(t *testing.T) {
	onBoth(t, func(t *testing.T, tr Transport) {
		cfg := Config{Transport: tr, ConnectDeadline: 60 * time.Millisecond}
		began := time.Now()
		s, err := closesWith(t, cfg, false, consumesNothing, func(nc *net.TCPConn) {
			go func() {
				pace := time.NewTicker(5 * time.Millisecond)
				defer pace.Stop()
				for range pace.C {
					if _, err := nc.Write([]byte{1}); err != nil {
						return
					}
				}
			}()
		})
		holds(t, errors.Is(err, ErrConnectDeadline), "deadline: %v", err)
		holds(t, time.Since(began) >= cfg.ConnectDeadline, "not earlier")
		equal(t, 1, s.stats.Closed[ClosedAtConnectDeadline].Load(), "counted")
	})
}

// TestEstablishedLiftsTheDeadline, and an idle server's clock stands still then.
func TestEstablishedLiftsTheDeadline(t *testing.T) {
	onBothAtOnce(t, func(t *testing.T, tr Transport) {
		s := start(t, &server{cfg: Config{Transport: tr, ConnectDeadline: time.Second},
			open: func(c *Conn) Stream {
				return &stream{input: framed(c, 9, func(p []byte) {
					c.Established()
					writeFrame(c, p)
				})}
			}})
		good, silent := s.dial(), s.dial()
		_, err := good.Write(frameOf([]byte("connect")))
		noError(t, err)
		readFrame(t, good)
		_, err = io.ReadAll(silent)
		noError(t, err) // the silent one is closed, so the deadline of the other is past too
		_, err = good.Write(frameOf([]byte("ping")))
		noError(t, err)
		equal(t, "ping", string(readFrame(t, good)), "answer")
		r := s.handle.r
		eventually(t, "an idle clock", func() bool { return r.mostNeeded() == needNothing })
	})
}

// TestEarlyInputCap: 64 KiB without a session is nobody's ConnectRequest.
func TestEarlyInputCap(t *testing.T) {
	onBoth(t, func(t *testing.T, tr Transport) {
		s, err := closesWith(t, Config{Transport: tr}, false, consumesNothing,
			func(nc *net.TCPConn) { sendAll(nc, make([]byte, 200<<10)) })
		holds(t, errors.Is(err, ErrEarlyInput), "early input: %v", err)
		holds(t, s.stats.BytesIn.Load() <= earlyInputBytes+2*socket.ChunkBytes, "read little")
	})
}

// TestInputCap: more than a frame that the stream does not take.
func TestInputCap(t *testing.T) {
	onBoth(t, func(t *testing.T, tr Transport) {
		cfg := Config{Transport: tr, MaxFrame: 300 << 10}
		s, err := closesWith(t, cfg, true, consumesNothing,
			func(nc *net.TCPConn) { sendAll(nc, make([]byte, 2<<20)) })
		holds(t, errors.Is(err, ErrInputCap), "input cap: %v", err)
		holds(t, s.stats.BytesIn.Load() <= 300<<10+3*socket.ChunkBytes, "read little")
		equal(t, 1, s.stats.Closed[ClosedForInput].Load(), "counted")
	})
}

// TestLimitsOfConnections: by address and in all, and that a closed connection makes room.
func TestLimitsOfConnections(t *testing.T) {
	cases := map[string]struct {
		cfg Config
		why door.Refusal
	}{
		"by address": {Config{Limits: door.Limits{ByAddress: 3}}, door.ByAddress},
		"in all":     {Config{Limits: door.Limits{Total: 3}}, door.ByTotal},
	}
	onBoth(t, func(t *testing.T, tr Transport) {
		for name, tc := range cases {
			t.Run(name, func(t *testing.T) {
				tc.cfg.Transport = tr
				told := make(chan netip.AddrPort, 5)
				tc.cfg.Refused = func(why door.Refusal, remote netip.AddrPort, err error) {
					holds(t, why == tc.why && err == nil, "told why: %v %v", why, err)
					told <- remote
				}
				s := start(t, &server{cfg: tc.cfg, open: echo})
				var admitted []*net.TCPConn
				for range 3 {
					nc := s.dial()
					_, err := nc.Write(frameOf([]byte("in")))
					noError(t, err)
					readFrame(t, nc)
					admitted = append(admitted, nc)
				}
				for range 5 {
					nc := s.dial()
					got, _ := io.ReadAll(nc)
					equal(t, 0, len(got), "bytes for a refused client")
					equal(t, nc.LocalAddr().String(), (<-told).String(), "told whom")
				}
				equal(t, 5, s.stats.Refused[tc.why].Load(), "refusals")
				equal(t, 3, s.stats.Open.Load(), "open")
				noError(t, admitted[0].Close())
				eventually(t, "room", func() bool { return s.stats.Open.Load() == 2 })
				nc := s.dial()
				_, err := nc.Write(frameOf([]byte("in")))
				noError(t, err)
				readFrame(t, nc)
			})
		}
	})
}

// TestLaneRefuses: no stream, no connection, and no trace of one.
func TestLaneRefuses(t *testing.T) {
	onBoth(t, func(t *testing.T, tr Transport) {
		s := start(t, &server{cfg: Config{Transport: tr, Limits: door.Limits{Total: 1}}, open: func(c *Conn) Stream {
			c.Write([]byte("no"))
			return nil
		}})
		for range 20 {
			got, _ := io.ReadAll(s.dial())
			equal(t, 0, len(got), "bytes for a refused client")
			eventually(t, "room", func() bool { return s.handle.r.door.Admitted() == 0 })
		}
		equal(t, 20, s.stats.Refused[door.ByLane].Load(), "refusals")
		equal(t, 0, s.stats.Accepted.Load(), "accepted")
	})
}
