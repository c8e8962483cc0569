// Package plan says what a leader sends first to a learner that has just connected, so that the
// learner has the leader's history in the end.
//
//	the leader's log       1:1  1:2 | 1:3  2:1  2:2 | 2:3  2:4
//	                       log only | committed     | outstanding
//	                                | ---------- in memory -------
//
//	the learner's last one  what is sent first
//	0                       SNAP: it has nothing
//	2:1                     DIFF, then everything above 2:1
//	2:2                     DIFF, then what is outstanding
//	(2, 0)                  DIFF, then 2:1 and everything above: the end of a history without 2:1
//	(3, 0)                  SNAP: nobody knows whether that reign ever stood
//	1:2                     DIFF, then everything above: the memory begins right behind it
//	1:1                     the log is asked; DIFF if it goes back to 1:1, else SNAP
//	2:4, 2:9                TRUNC to 2:2, then what is outstanding, all of it
//	1:7                     TRUNC to 1:3, then everything above
//	3:1                     SNAP: nobody knows where its history left the leader's
//
// # Invariants
//
//   - A zxid names one transaction, and what stands in front of it is the same in every log that
//     has it. So a learner with a transaction of an epoch has all transactions of this epoch in
//     front of it, and a TRUNC names one of them or one that is committed in front of those.
//   - TRUNC names a transaction that the learner's log has. Apache's learners cut behind the
//     first record at or above the zxid, which is one too many otherwise.
//   - Everything that is outstanding is sent again, although the learner may have it: what it
//     acknowledged over another connection does not count any more.
//
// Nothing here has goroutines. Read plan.go, then records.go: what a leader remembers of those who
// have come.
package plan
