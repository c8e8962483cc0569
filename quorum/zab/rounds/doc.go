// Package rounds is how a leader learns that it still leads: it asks all its learners by a PING,
// and counts whose answers come back. When a quorum has answered, no other leader had begun to
// reign at the moment when the PINGs left: a server that follows another one has left this one
// before. With sync.quorum=on a sync is answered only behind that.
//
//	a sync comes ------+   Ask: it waits for round 8, the first one that begins behind it
//	                   |
//	PINGs of round  7  |  8            9
//	link 10         v  |  v            v   answers are counted: a PING has no number
//	link 11         -  |  -  UPTODATE  v   none before UPTODATE: the first answer is to round 9
//
// Read rounds.go.
package rounds
