package replica

import (
	"quoll/processor/mail"
	"quoll/quorum/effects"
	"quoll/quorum/election"
)

// Now is the time of a step. Deadlines follow the monotonic clock; the wall clock is only for time
// stamps.
type Now struct {
	MonoMillis int64
	WallMillis int64
}

// Events are the inputs of one step. Step handles the fields in the order of their declaration.
// Votes, Links and PeerTick are for a member of an ensemble.
type Events struct {
	// Now is set first: everything in the step happens at this time.
	Now
	// Disk says that every operation of the disk up to this ticket is durable; 0 says nothing new.
	// It is handled before Batches: the transactions that it commits are applied first.
	Disk effects.Ticket
	// Votes are events of the election port.
	Votes []election.LinkEvent
	// Links are events of the quorum port.
	Links []effects.LinkEvent
	// Jobs are the ends of jobs, and the answers of those that read the log.
	Jobs []JobDone
	// PeerTick tells the peer the time. An ensemble needs it every 10 ms.
	PeerTick bool
	// Batches are the lanes' requests, in the order of their arrival. They are handled behind all
	// that and before Tick: a session can expire only when all requests that came are handled.
	Batches []*mail.Batch
	// Tick asks for expiry and reaping. It is handled last.
	Tick bool
	// Snapshot asks for a snapshot beside those that rolls ask for: files of the directory were
	// lost. It begins when clients are served and no other one is being written.
	Snapshot bool
}

// JobDone is the end of a job, or an answer of a job that reads the log.
type JobDone struct {
	effects.JobDone
	// Built is the tree that a BuildTree or a Load has made. It belongs to the replica from then
	// on.
	Built *Built
}
