// Package cursor is where one learner stands in its leader's log. No packets are queued for a
// learner: it is fed from the log on disk, then from the history in memory, while its connection
// takes bytes. So a DIFF from disk, one from memory, what comes during a SNAP and a slow learner
// are one mechanism, and its memory is bounded.
//
//	the log     --- 1 -- 2 -- 3 -- 4 -- 5 -- 6 -- 7 -- 8 --->
//	               on disk only | in memory
//	                          ^sent     ^committed
//	to be sent  PROPOSAL and COMMIT of 4 and 5, then PROPOSAL of 6, 7 and 8
//
// # Invariants
//
//   - Each transaction behind the beginning is sent once, in order. Its COMMIT leaves behind it,
//     in order, when it is committed. Behind NEWLEADER an observer gets an INFORM instead of both.
//   - An observer is sent nothing that is not committed: Apache's observers die of it.
//   - A sync is answered behind the COMMIT of everything that was proposed when it came, and in
//     front of the COMMIT of everything else. Apache's learners have one line for syncs and
//     writes, and stand still when the order is another.
//   - A follower acknowledges, in order, each transaction whose COMMIT did not leave in front of
//     NEWLEADER.
//
// Nothing here has goroutines. The leader owns each cursor. Read cursor.go, logread.go (the part
// from disk) and acks.go.
package cursor
