package replica

// rolling decides when the log rolls and a snapshot is due. It counts the transactions and bytes
// that were handed to the log (SyncRequestProcessor).
//
// Each server waits for a random number of transactions and bytes between half the configured
// limits and the whole, so that the members of an ensemble do not all snapshot at once.
type rolling struct {
	rules     RollRules
	random    func(n int64) int64 // in [0, n)
	txns      int64               // since the last roll
	bytes     int64               // since the last roll
	txnLimit  int64
	byteLimit int64
}

// RollRules is what the configuration says about rolls and snapshots.
type RollRules struct {
	SnapCount     int64 // snapCount
	SnapSizeBytes int64 // snapSizeLimitInKb; <= 0: no limit
}

// newRolling starts counting. random returns a number in [0, n).
func newRolling(rules RollRules, random func(n int64) int64) *rolling {
	r := &rolling{rules: rules, random: random}
	r.draw()
	return r
}

// logged counts a transaction of so many bytes, and says whether the log rolls behind it.
func (r *rolling) logged(bytes int) bool {
	r.txns++
	r.bytes += int64(bytes)
	if r.txns <= r.txnLimit && (r.byteLimit <= 0 || r.bytes <= r.byteLimit) {
		return false
	}
	r.txns, r.bytes = 0, 0
	r.draw()
	return true
}

func (r *rolling) draw() {
	half := max(r.rules.SnapCount/2, 1)
	r.txnLimit = half + r.random(half)
	r.byteLimit = 0
	if r.rules.SnapSizeBytes > 0 {
		half = max(r.rules.SnapSizeBytes/2, 1)
		r.byteLimit = half + r.random(half)
	}
}
