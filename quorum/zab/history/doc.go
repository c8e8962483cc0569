// Package history keeps the end of a server's own log in memory. A leader sends from it to its
// learners. A learner compares with it what its leader sends again.
//
//	      in the log only        committedLog           logged, not committed
//	... ------------------- | ------------------- | ------------------------- |
//	                  Before^                     ^Committed                  ^Last
//
// Invariants: entries stand in the order of their zxids, without a hole inside an epoch. What is
// dropped to keep the limits is committed, and the oldest. The tail that is not committed is kept
// whole.
//
// The owner of the role owns it; nothing here has goroutines. Read history.go.
package history
