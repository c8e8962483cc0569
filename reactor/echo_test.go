package reactor

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
)

func TestEcho(t *testing.T) {
	onBoth(t, func(t *testing.T, tr Transport) {
		s := start(t, &server{cfg: Config{Transport: tr}, open: echo})
		nc := s.dial()
		for _, text := range []string{"hello", "", "again"} {
			_, err := nc.Write(frameOf([]byte(text)))
			noError(t, err)
			equal(t, text, string(readFrame(t, nc)), "echo")
		}
	})
}

func TestDribble(t *testing.T) {
	onBoth(t, func(t *testing.T, tr Transport) {
		s := start(t, &server{cfg: Config{Transport: tr}, open: echo})
		nc := s.dial()
		for i := range 3 {
			text := fmt.Sprintf("frame %d", i)
			for _, b := range frameOf([]byte(text)) {
				_, err := nc.Write([]byte{b})
				noError(t, err)
			}
			equal(t, text, string(readFrame(t, nc)), "echo")
		}
	})
}

func TestHugeFrames(t *testing.T) {
	onBoth(t, func(t *testing.T, tr Transport) {
		s := start(t, &server{cfg: Config{Transport: tr, MaxFrame: 4 << 20}, open: echo})
		nc := s.dial()
		for _, size := range []int{64<<10 - 4, 64 << 10, 1 << 20, 4<<20 - 4} {
			sent := make([]byte, size)
			for i := range sent {
				sent[i] = byte(rand.Uint32())
			}
			done := sendAll(nc, frameOf(sent))
			holds(t, bytes.Equal(sent, readFrame(t, nc)), "echo of %d bytes", size)
			noError(t, receive(t, done, "the sender"))
		}
	})
}

// TestPipelineOrder cuts a long pipeline at random places, over several loops and connections.
func TestPipelineOrder(t *testing.T) {
	onBoth(t, func(t *testing.T, tr Transport) {
		s := start(t, &server{cfg: Config{Transport: tr, Loops: 2}, open: func(c *Conn) Stream {
			c.Established()
			return &stream{input: framed(c, 7, func(p []byte) { writeFrame(c, p) })}
		}})
		const frames = 3000
		for conn := range 4 {
			nc := s.dial()
			rng := rand.New(rand.NewPCG(7, uint64(conn)))
			var all []byte
			for i := range frames {
				payload := bytes.Repeat([]byte{byte(i)}, rng.IntN(200))
				all = append(all, frameOf(append([]byte(fmt.Sprint(i, " ")), payload...))...)
			}
			done := make(chan error, 1)
			go func() {
				for rest := all; len(rest) > 0; {
					n := min(len(rest), 1+rng.IntN(5000))
					if _, err := nc.Write(rest[:n]); err != nil {
						done <- err
						return
					}
					rest = rest[n:]
				}
				done <- nc.CloseWrite()
			}()
			got, err := io.ReadAll(io.LimitReader(nc, int64(len(all))))
			noError(t, err)
			holds(t, bytes.Equal(all, got), "connection %d in order", conn)
			noError(t, receive(t, done, "the sender"))
		}
	})
}

func TestEachConnectionHasItsOwnIDAndAddress(t *testing.T) {
	onBoth(t, func(t *testing.T, tr Transport) {
		conns := make(chan *Conn, 8)
		s := start(t, &server{cfg: Config{Transport: tr}, open: func(c *Conn) Stream {
			conns <- c
			return &stream{}
		}})
		seen := map[uint64]bool{0: true}
		for range 8 {
			nc := s.dial()
			c := receive(t, conns, "open")
			holds(t, !seen[c.ID()], "id %d is new", c.ID())
			seen[c.ID()] = true
			equal(t, nc.LocalAddr().String(), c.RemoteAddr().String(), "address")
		}
	})
}
