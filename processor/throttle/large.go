package throttle

import "sync/atomic"

// Large counts the bytes of large requests inside the server. Any goroutine may use it.
type Large struct {
	ThresholdBytes int64 // largeRequestThreshold: what is larger counts; <= 0 is off
	MaxBytes       int64 // largeRequestMaxBytes
	inside         atomic.Int64
}

// Admit says whether a request of n bytes may come in; every admitted one is given back with Done.
func (l *Large) Admit(n int) bool {
	if !l.counts(n) {
		return true
	}
	if l.inside.Add(int64(n)) > l.MaxBytes {
		l.inside.Add(-int64(n))
		return false
	}
	return true
}

// Done gives back the bytes of a request that Admit let in.
func (l *Large) Done(n int) {
	if l.counts(n) {
		l.inside.Add(-int64(n))
	}
}

// Inside is how many bytes of large requests are in the server.
func (l *Large) Inside() int64 { return l.inside.Load() }

func (l *Large) counts(n int) bool { return l.ThresholdBytes > 0 && int64(n) > l.ThresholdBytes }

// Share is what globalOutstandingLimit is on a voter of so many. Apache counts as if one of them,
// the leader, had no clients.
func Share(limit int64, voters int) int64 { return limit / int64(max(voters-1, 1)) }
