package measure

import (
	"math/bits"
	"time"
)

// subBuckets is into how many parts each power of two is cut.
const subBuckets = 32

// Histogram counts durations of up to an hour or so. The zero value is empty. It is not safe for
// concurrent use.
type Histogram struct {
	counts [64 * subBuckets]uint32
	n      uint64
	max    time.Duration
}

// Add counts one duration.
func (h *Histogram) Add(d time.Duration) {
	d = max(d, 0)
	h.counts[bucket(uint64(d))]++
	h.n++
	h.max = max(h.max, d)
}

// bucket is exact below subBuckets; above, the five bits after the highest one.
func bucket(v uint64) int {
	if v < subBuckets {
		return int(v)
	}
	shift := bits.Len64(v) - 6
	return (shift+1)*subBuckets + int(v>>shift) - subBuckets
}

// upper is the largest duration of a bucket.
func upper(b int) time.Duration {
	if b < subBuckets {
		return time.Duration(b)
	}
	shift := b/subBuckets - 1
	return time.Duration(uint64(b%subBuckets+subBuckets+1)<<shift - 1)
}

// Merge adds all of other's counts.
func (h *Histogram) Merge(other *Histogram) {
	for i, n := range other.counts {
		h.counts[i] += n
	}
	h.n += other.n
	h.max = max(h.max, other.max)
}

// Count is how many durations were added.
func (h *Histogram) Count() uint64 { return h.n }

// Max is the longest.
func (h *Histogram) Max() time.Duration { return h.max }

// Quantile is the duration that a share q of all does not exceed, 0 if there are none.
func (h *Histogram) Quantile(q float64) time.Duration {
	rank := uint64(q*float64(h.n) + 0.5)
	rank = min(max(rank, 1), h.n)
	var seen uint64
	for b, n := range h.counts {
		seen += uint64(n)
		if n > 0 && seen >= rank {
			return min(upper(b), h.max)
		}
	}
	return 0
}
