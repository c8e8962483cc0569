package effects

import "quoll/jute"

// Ticket is the number of an operation of the disk. The first operation that a server asks for
// after its start has ticket 1, and each later one the next number. A completion names a ticket,
// and says that all operations up to that ticket are durable.
type Ticket uint64

// DiskKind is what a DiskOp does.
type DiskKind uint8

// Kinds of operations whose order on disk matters. The start of a learner shows why: the history
// that its leader sent must be durable before the epoch is, and both before the learner
// acknowledges (ZOOKEEPER-4643, 4646).
const (
	// Append logs Entry.
	Append DiskKind = iota
	// AcceptEpoch promises to follow no leader of an epoch below Epoch.
	AcceptEpoch
	// EnterEpoch says that the history is that of the leader of Epoch.
	EnterEpoch
	// Install replaces the whole history by the snapshot of Zxid, whose file must be complete.
	Install
	// Cut removes all transactions above Zxid from the history. A learner asks beforehand whether
	// this can be done (CanCut): a refused Cut ends the process.
	Cut
	// Load reads the whole history from disk into a new tree beside the one that is served. It
	// comes back as the JobDone of Generation, before its ticket does.
	Load
)

// DiskOp is one operation of the disk. Operations are carried out in the order in which they were
// asked for. All kinds but Append begin only when all operations before them are durable.
type DiskOp struct {
	Kind       DiskKind
	Entry      jute.Entry // of Append
	Epoch      int64      // of AcceptEpoch and EnterEpoch
	Zxid       jute.Zxid  // of Install and Cut
	Generation uint64     // of Load
}
