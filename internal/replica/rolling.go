package replica

// rolling decides when the log rolls and a snapshot is due, after so many transactions and bytes
// that the log was handed (SyncRequestProcessor).
//
// Each server waits for a random number of transactions and bytes between half the configured
// limits and the whole, so that the members of an ensemble do not all snapshot at once.
type rolling struct {
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

// newSync starts counting; random gives a number in [0, n).
func newSync(rules SyncRules, random func(n int64) int64) *rolling {
	s := &rolling{rules: rules, random: random}
	s.draw()
	return s
}

// logged counts a transaction of so many bytes; it says whether the log rolls after it.
func (s *rolling) logged(bytes int) bool {
	s.txns++
	s.bytes += int64(bytes)
	if s.txns <= s.txnLimit && (s.byteLimit <= 0 || s.bytes <= s.byteLimit) {
		return false
	}
	s.txns, s.bytes = 0, 0
	s.draw()
	return true
}

func (s *rolling) draw() {
	half := max(s.rules.SnapCount/2, 1)
	s.txnLimit = half + s.random(half)
	s.byteLimit = 0
	if s.rules.SnapSizeBytes > 0 {
		half = max(s.rules.SnapSizeBytes/2, 1)
		s.byteLimit = half + s.random(half)
	}
}
