package persistence_test

import (
	"testing"

	"quoll/jute"
	"quoll/persistence"
)

// TestOnTheRealDisk goes through a life on the real file system, with read-ahead and both
// watermarks.
func TestOnTheRealDisk(t *testing.T) {
	bothWatermarks(t, func(t *testing.T, opt persistence.Options) {
		opt.DataDir, opt.Snap.ReadAhead = t.TempDir(), 2
		want := jute.Zxid(0)
		for round := range 4 {
			s := mustStart(t, persistence.OS{}, opt)
			if s.mem.last() != want || s.rec.Own != (round > 0) {
				t.Fatalf("round %d: %v of %v, own=%v", round, s.mem.last(), want, s.rec.Own)
			}
			for range 20 {
				must(t, s.add(10))
			}
			must(t, s.snapshot(s.log.LastZxid()))
			must(t, s.add(1))
			want = s.log.LastZxid()
			if _, err := s.dir.Purge(3); err != nil {
				t.Fatal(err)
			}
			if round%2 == 0 {
				must(t, s.dir.Close())
			}
		}
	})
}
