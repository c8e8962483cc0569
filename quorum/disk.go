package quorum

import "quoll/jute"

// Ticket is the number of an operation of the disk: the first one that a server asks for since it
// started has 1, and each the next, whoever asks. A completion names one, and says that all up to
// it are durable.
type Ticket uint64

// DiskKind is what a DiskOp does.
type DiskKind uint8

// What must happen on disk in order. The order is that of a learner's start: what its leader sent
// is durable before the epoch is, and both before its acknowledgement (ZOOKEEPER-4643, 4646).
const (
	// Append logs Entry.
	Append DiskKind = iota
	// AcceptEpoch promises to follow no leader of an epoch below Epoch.
	AcceptEpoch
	// EnterEpoch says that the history is that of Epoch's leader.
	EnterEpoch
	// Install makes the snapshot of Zxid, which is complete, the whole history.
	Install
	// Cut removes what is above Zxid from the history.
	Cut
)

// DiskOp is one operation of the disk. They are carried out in the order in which they were asked
// for, each on what the ones before it left; those that need it begin when all before are durable.
type DiskOp struct {
	Kind  DiskKind
	Entry jute.Entry
	Epoch int64
	Zxid  jute.Zxid
}
