package replica_test

import (
	"fmt"
	"testing"

	"quoll/jute"
)

func benchWorld(b *testing.B) (*world, *wire) {
	w := newWorld(&testing.T{})
	c := w.connect()
	c.feed(c.ask(jute.OpCreate, create("/bench", string(make([]byte, 100)), 0)))
	w.all()
	b.ReportAllocs()
	return w, c
}

func BenchmarkGet(b *testing.B) {
	_, c := benchWorld(b)
	f := c.ask(jute.OpGetData, get("/bench"))
	for b.Loop() {
		c.out = c.out[:0]
		c.stream.Input(f)
		c.w.lane.Turn()
	}
}

// One batch of 16 pipelined sets, logged and applied at once.
func BenchmarkSet16(b *testing.B) {
	w, c := benchWorld(b)
	var f []byte
	for range 16 {
		f = append(f, c.ask(jute.OpSetData, set("/bench", string(make([]byte, 100))))...)
	}
	for b.Loop() {
		c.out = c.out[:0]
		w.logged = w.logged[:0]
		c.stream.Input(f)
		c.w.lane.Turn()
		w.all()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/16, "ns/set")
}

// The end of a session with 200,000 ephemerals, prepared and applied. All other requests wait for
// it.
func BenchmarkCloseSession(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		w, c := benchWorld(b)
		for i := range 200_000 {
			c.feed(c.ask(jute.OpCreate, create(fmt.Sprintf("/ephemeral-of-many-%07d", i), "", 1)))
			if i%50 == 0 {
				w.all()
				c.out, w.logged = nil, nil
			}
		}
		w.all()
		b.StartTimer()
		c.feed(c.ask(jute.OpCloseSession, nil))
		w.all()
	}
	b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N), "ms/close")
}
