package admin_test

import (
	"testing"
	"time"

	"quoll/jute"
)

// BenchmarkReads measures the work of a lane for reads, counting included, without sockets: a turn
// with one read, and a turn with sixteen.
func BenchmarkReads(b *testing.B) {
	for name, n := range map[string]int{"1": 1, "16": 16} {
		b.Run(name, func(b *testing.B) {
			w := newWorld(b)
			a := w.connect("1.2.3.4:1", 10_000)
			start := time.Now()
			w.shared.Clock = func() int64 { return time.Since(start).Milliseconds() + 1 }
			var turn []byte
			for range n {
				turn = append(turn, frame(&jute.RequestHeader{Xid: 1, Type: jute.OpGetData},
					&jute.PathWatch{Path: []byte("/")})...)
			}
			b.ReportAllocs()
			for b.Loop() {
				a.out = a.out[:0]
				a.stream.Input(turn)
				w.lane.Turn()
				w.lane.Drain()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/read")
		})
	}
}
