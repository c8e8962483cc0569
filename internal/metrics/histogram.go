package metrics

import "math/bits"

// The shape of the histogram: 2^subBits steps an octave. Values above maxValue
// count as maxValue.
const (
	subBits  = 5
	exact    = 2 << subBits // values below this have a bucket each
	maxValue = 1<<40 - 1    // twelve days in microseconds
	buckets  = exact + (40-subBits-1)<<subBits
)

// bucketOf returns the bucket that a value falls into.
func bucketOf(v int64) int {
	switch {
	case v < 0:
		return 0
	case v < exact:
		return int(v)
	case v > maxValue:
		return buckets - 1
	}
	octave := bits.Len64(uint64(v)) - subBits - 1 // how far v is shifted to 32..63
	return octave<<subBits + int(v>>octave)
}

// valueOf returns the smallest value of a bucket.
func valueOf(bucket int) int64 {
	if bucket < exact {
		return int64(bucket)
	}
	octave := bucket>>subBits - 1
	return int64(bucket-octave<<subBits) << octave
}
