package processor

import "quoll/jute"

// Master is what a chain asks of the server that leads. Alone, and at a leader, that is this server
// itself. The chain of a learner reaches its leader through it.
type Master interface {
	// Propose hands a transaction to the ensemble. When it is committed Committed is called. Only
	// the chain of the server that leads proposes.
	Propose(e jute.Entry)
	// Forward hands a client's request to the leader, which makes a transaction of it: that comes
	// back by Proposed. Only a learner's chain forwards. r is valid during the call; the bytes that
	// it points to never change.
	Forward(r *jute.LearnerRequest)
	// Sync asks for a call of Synced when everything is applied here that is committed by now.
	// false says that it is applied already: no call follows.
	Sync() bool
	// Revalidate asks the leader whether a session lives, and makes it this server's (REVALIDATE).
	// The answer comes by Revalidated. Only a learner's chain asks.
	Revalidate(s jute.SessionTimeout)
}
