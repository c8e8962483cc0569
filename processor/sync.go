package processor

// Sync is the third stage: it hands transactions to the log and decides when the log rolls and a
// snapshot is due (SyncRequestProcessor). The writing and the flush happen elsewhere; what is
// durable comes back as an event.
//
// Each server waits for a random number of transactions and bytes between half the configured
// limits and the whole, so that the members of an ensemble do not all snapshot at once.
type Sync struct {
	rules     SyncRules
	random    func(n int64) int64 // in [0, n)
	txns      int64               // since the last roll
	bytes     int64               // likewise
	txnLimit  int64
	byteLimit int64
}

// SyncRules is what the configuration says about snapshots.
type SyncRules struct {
	SnapCount     int64 // snapCount
	SnapSizeBytes int64 // snapSizeLimitInKb; <= 0: no limit
}

// NewSync starts counting; random gives a number in [0, n).
func NewSync(rules SyncRules, random func(n int64) int64) *Sync {
	s := &Sync{rules: rules, random: random}
	s.draw()
	return s
}

// Logged counts a transaction of so many bytes; it says whether the log rolls after it.
func (s *Sync) Logged(bytes int) bool {
	s.txns++
	s.bytes += int64(bytes)
	if s.txns <= s.txnLimit && (s.byteLimit <= 0 || s.bytes <= s.byteLimit) {
		return false
	}
	s.txns, s.bytes = 0, 0
	s.draw()
	return true
}

func (s *Sync) draw() {
	half := max(s.rules.SnapCount/2, 1)
	s.txnLimit = half + s.random(half)
	s.byteLimit = 0
	if s.rules.SnapSizeBytes > 0 {
		half = max(s.rules.SnapSizeBytes/2, 1)
		s.byteLimit = half + s.random(half)
	}
}
