package measure

import (
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"
)

func TestQuantilesAgainstSorting(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		var h Histogram
		var all []time.Duration
		for range 1 + random.IntN(2000) {
			d := time.Duration(random.Int64N(1 << (1 + random.IntN(40))))
			h.Add(d)
			all = append(all, d)
		}
		slices.Sort(all)
		for _, q := range []float64{0, 0.5, 0.99, 0.999, 1} {
			rank := min(max(int(q*float64(len(all))+0.5), 1), len(all))
			want, got := all[rank-1], h.Quantile(q)
			if got < want || got > want+want/subBuckets {
				t.Fatalf("quantile %v of %d: %v, want %v", q, len(all), got, want)
			}
		}
		if h.Max() != all[len(all)-1] || h.Count() != uint64(len(all)) {
			t.Fatalf("max %v, count %d", h.Max(), h.Count())
		}
	}
}

func TestProcessOfOurOwn(t *testing.T) {
	self := Process(os.Getpid())
	if rss, err := self.RSS(); err != nil || rss <= 0 {
		t.Skipf("no /proc: %v", err)
	}
	if n, err := self.Threads(); err != nil || n < 1 {
		t.Errorf("threads: %d, %v", n, err)
	}
	if n, err := self.Descriptors(); err != nil || n < 3 {
		t.Errorf("descriptors: %d, %v", n, err)
	}
	if cpu, err := self.CPU(); err != nil || cpu <= 0 {
		t.Errorf("CPU: %v, %v", cpu, err)
	}
}
