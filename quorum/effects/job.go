package effects

import (
	"errors"
	"time"

	"quoll/jute"
)

// ErrGap: the own snapshots and logs cannot give what a job asks for. In an ensemble only a
// snapshot of the leader's helps. Whoever runs a job wraps ErrGap around the errors of persistence
// that mean this (ErrNoSnapshot, ErrGap).
var ErrGap = errors.New("not in the own history on disk")

// JobKind is what a job does.
type JobKind uint8

// The kinds of jobs, and what their JobDone says. Err says of each why it failed.
const (
	// ReadLog opens the own log for reading, from the last transaction at or below From up to UpTo,
	// which is durable. It answers with Size: about how many bytes there are to read.
	ReadLog JobKind = iota + 1
	// ReadMore reads the next transactions of the ReadLog with the same Generation, about Bytes
	// bytes. It answers with Entries. The first of all tells whether From is in the history. More
	// is false when UpTo was among them. An error that wraps ErrGap says that the log cannot give
	// them; what came before is good.
	ReadMore
	// Cancel ends the job of Generation, whatever it does. Nothing comes back.
	Cancel
	// StreamTree writes to Link a SNAP packet with the zxid of the tree as it is now, the tree, and
	// the signature behind it. While the job runs nothing else may be sent to Link. It answers with
	// Zxid, that of the packet. The tree in the stream is fuzzy: it may hold parts of later
	// transactions, all of them committed. Wrote tells of the stream's bytes too.
	StreamTree
	// BuildTree builds a tree beside the one that is served, from the stream that follows a SNAP
	// packet on Link; UpTo is the zxid of the packet. Until the Delivery Adopt or Leave, or another
	// BuildTree, it stays beside. It fails when the stream has stood still for Silence.
	BuildTree
	// SaveTree writes a snapshot of the tree that is beside. Its file is complete and not yet
	// installed when the job has ended; it answers with Zxid, that of the snapshot. An Install of
	// this zxid may follow.
	SaveTree
	// CanCut asks whether the history could be cut to UpTo. An error says why not; one that wraps
	// ErrGap says that only a snapshot of the leader's can help.
	CanCut
)

// Job is work that takes longer than a step. It runs beside the queue of the disk.
type Job struct {
	Kind       JobKind
	Generation uint64 // given by the peer; each job has its own, except ReadMore and Cancel
	Link       LinkID
	From, UpTo jute.Zxid
	Bytes      int
	Silence    time.Duration
}

// JobDone says that a job has ended, or that a ReadLog or ReadMore has its answer.
type JobDone struct {
	Generation uint64
	Zxid       jute.Zxid
	Size       int64
	Entries    []jute.Entry // whoever gets them owns them
	More       bool
	Err        error
}
