package processor

import "quoll/jute"

// Master is what a chain asks of the server that leads. Alone that is this server itself; the chain
// of a learner will reach its leader through it, to forward writes too.
type Master interface {
	// Propose hands a transaction to the ensemble. When it is committed Committed is called.
	Propose(e jute.Entry)
	// Sync asks for a call of Synced when everything is applied here that is committed by now.
	// false says that it is applied already: no call follows.
	Sync() bool
}
