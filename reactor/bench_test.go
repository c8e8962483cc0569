package reactor

import (
	"fmt"
	"io"
	"net"
	"testing"
)

// BenchmarkEcho is the shape of a getData: 37 bytes in, 192 out, so many outstanding on each of
// so many connections. The client is this process's, so allocs/op counts both sides.
func BenchmarkEcho(b *testing.B) {
	for _, tr := range []Transport{GNet, Std} {
		for _, shape := range [][2]int{{1, 1}, {1, 16}, {10, 1}, {10, 16}, {100, 1}} {
			name := fmt.Sprintf("%s/%dx%d", tr, shape[0], shape[1])
			b.Run(name, func(b *testing.B) { benchmarkEcho(b, tr, shape[0], shape[1]) })
		}
	}
}

func benchmarkEcho(b *testing.B, tr Transport, conns, depth int) {
	reply := frameOf(make([]byte, 188))
	s := start(b, &server{cfg: Config{Transport: tr}, open: func(c *Conn) Stream {
		c.Established()
		return &stream{input: framed(c, 1<<30, func([]byte) { c.Write(reply) })}
	}})
	clients := make([]*net.TCPConn, conns)
	for i := range clients {
		clients[i] = s.dial()
	}
	rounds := b.N/(conns*depth) + 1
	b.ReportAllocs()
	b.ResetTimer()
	done := make(chan error, conns)
	for _, nc := range clients {
		go func() { done <- roundTrips(nc, rounds, depth, len(reply)) }()
	}
	for range clients {
		noError(b, <-done)
	}
	b.StopTimer()
	ops := float64(rounds * conns * depth)
	b.ReportMetric(float64(s.stats.Writes.Load())/ops, "writes/op")
	b.ReportMetric(float64(s.stats.Turns.Load())/ops, "turns/op")
}

func roundTrips(nc *net.TCPConn, rounds, depth, replyBytes int) error {
	var request []byte
	for range depth {
		request = append(request, frameOf(make([]byte, 33))...)
	}
	replies := make([]byte, depth*replyBytes)
	for range rounds {
		if _, err := nc.Write(request); err != nil {
			return err
		}
		if _, err := io.ReadFull(nc, replies); err != nil {
			return err
		}
	}
	return nil
}
