package metrics

import (
	"math"
	"sync"
	"sync/atomic"
)

// A Summary describes many values: how many there were, their sum, the least and
// the greatest, and with Registry.Advanced their percentiles.
type Summary struct {
	name       string
	advanced   bool
	generation *atomic.Uint64 // the registry's

	mu        sync.Mutex // guards recorders, not what they hold
	recorders []*Recorder
}

// Recorder returns a new writer. Only the calling goroutine may use it.
func (s *Summary) Recorder() *Recorder {
	r := &Recorder{summary: s}
	if s.advanced {
		r.buckets = make([]atomic.Int64, buckets)
	}
	r.clear(s.generation.Load())
	s.mu.Lock()
	s.recorders = append(s.recorders, r)
	s.mu.Unlock()
	return r
}

// A Recorder takes the values of one goroutine. A nil Recorder ignores them.
type Recorder struct {
	summary *Summary
	// One goroutine writes the fields below, and any goroutine reads them. So loads
	// and stores are enough. clear stores generation last.
	generation           atomic.Uint64
	count, sum, min, max atomic.Int64
	buckets              []atomic.Int64 // nil without percentiles; with them count stays 0
}

// Add takes one value.
func (r *Recorder) Add(v int64) { r.AddMany(v, 1) }

// AddMany takes a value that occurred n times.
func (r *Recorder) AddMany(v, n int64) {
	if r == nil || n <= 0 {
		return
	}
	if g := r.summary.generation.Load(); g != r.generation.Load() {
		r.clear(g)
	}
	if v < r.min.Load() {
		r.min.Store(v)
	}
	if v > r.max.Load() {
		r.max.Store(v)
	}
	r.sum.Store(r.sum.Load() + v*n)
	count := &r.count
	if r.buckets != nil {
		count = &r.buckets[bucketOf(v)]
	}
	count.Store(count.Load() + n)
}

func (r *Recorder) clear(generation uint64) {
	r.count.Store(0)
	r.sum.Store(0)
	r.min.Store(math.MaxInt64)
	r.max.Store(math.MinInt64)
	for i := range r.buckets {
		r.buckets[i].Store(0)
	}
	r.generation.Store(generation)
}

// A Snapshot is the content of a Summary at one moment.
type Snapshot struct {
	Count, Sum, Min, Max int64
	buckets              []int64 // nil without percentiles; they add up to Count
}

// Snapshot merges the values that all recorders have taken since the last reset.
func (s *Summary) Snapshot() Snapshot {
	s.mu.Lock()
	recorders := s.recorders
	s.mu.Unlock()
	snap := Snapshot{Min: math.MaxInt64, Max: math.MinInt64}
	if s.advanced {
		snap.buckets = make([]int64, buckets)
	}
	for _, r := range recorders {
		if r.generation.Load() != s.generation.Load() {
			continue
		}
		snap.Count += r.count.Load()
		snap.Sum += r.sum.Load()
		snap.Min = min(snap.Min, r.min.Load())
		snap.Max = max(snap.Max, r.max.Load())
		for i := range r.buckets {
			n := r.buckets[i].Load()
			snap.buckets[i] += n
			snap.Count += n
		}
	}
	if snap.Min > snap.Max {
		snap.Min, snap.Max = 0, 0
	}
	return snap
}

// Average is the mean, rounded as in Apache.
func (s Snapshot) Average() float64 { return Average(s.Sum, s.Count) }

// Average is sum/count, rounded to four decimals, with halves away from zero. It is
// 0 if count is 0.
func Average(sum, count int64) float64 {
	if count <= 0 {
		return 0
	}
	return math.Round(float64(sum)/float64(count)*1e4) / 1e4
}

// Quantile estimates the value below which a share q of all values lies. Like
// Apache it interpolates between neighbours. It is 0 for a Summary without
// percentiles.
func (s Snapshot) Quantile(q float64) float64 {
	n := s.Count
	if n == 0 || s.buckets == nil {
		return 0
	}
	position := q * float64(n+1)
	rank := int64(position)
	switch {
	case rank < 1:
		return float64(s.at(1))
	case rank >= n:
		return float64(s.at(n))
	}
	lower, upper := s.at(rank), s.at(rank+1)
	return float64(lower) + (position-math.Floor(position))*float64(upper-lower)
}

// at returns the value of a rank. The least value has rank 1.
func (s Snapshot) at(rank int64) int64 {
	for i, n := range s.buckets {
		if rank -= n; rank <= 0 {
			return max(s.Min, min(s.Max, valueOf(i)))
		}
	}
	return s.Max
}
