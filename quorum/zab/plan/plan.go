package plan

import "quoll/jute"

// Kind is what is sent first.
type Kind uint8

// The kinds of plans. AskLog is none yet: the question must be asked again with the answer of the
// log.
const (
	AskLog Kind = iota + 1
	Diff
	Trunc
	Snap
)

// Plan is what is sent to a learner.
type Plan struct {
	Kind Kind
	// From is where the history begins that is sent behind a DIFF or TRUNC: with the first
	// transaction above it. It is also the zxid of the TRUNC. Behind a SNAP that is the zxid of the
	// snapshot.
	From jute.Zxid
}

// Memory is the end of the leader's log in memory. The whole tail that is not committed is in it.
type Memory interface {
	// Before is the last transaction in front of those in memory, or the zxid of the snapshot with
	// which the log began; 0 if there is none.
	Before() jute.Zxid
	// Behind finds the first transaction above a zxid. ok is false if there are others above the
	// zxid that are not in memory.
	Behind(zxid jute.Zxid) (i int, ok bool)
	At(i int) *jute.Entry
	// Last is the last transaction of the log.
	Last() jute.Zxid
}

// Log is what a reader of the log has found.
type Log struct {
	Gap   bool      // it does not go back to the learner's zxid
	Below jute.Zxid // the last transaction at or below the learner's zxid
	Bytes int64     // about how much there is to read
}

// Question is what a plan depends on.
type Question struct {
	// Peer is the last transaction of the learner, (epoch, 0) if it has the history with which this
	// epoch began, and 0 if it has nothing.
	Peer jute.Zxid
	// Epoch is that of the leader's reign.
	Epoch int64
	// Committed is the commit point. Until the reign stands that is the end of the leader's log.
	Committed jute.Zxid
	// Took is how far the learner's log may be empty: perhaps it got its history up to there by a
	// SNAP or behind a TRUNC, and an Apache learner writes a snapshot of that instead.
	Took   jute.Zxid
	Memory Memory
	// Log is nil until the log was asked.
	Log *Log
	// LogBytes is how much of the log may be read at most. The log is not read if it is negative.
	LogBytes int64
	// Force demands a SNAP (zookeeper.forceSnapshotSync).
	Force bool
}

// Sync makes the plan for a learner.
func Sync(q Question) Plan {
	if q.Force {
		return Plan{Kind: Snap}
	}
	if q.Peer == 0 {
		return q.fromNothing()
	}
	if q.Peer.Counter() == 0 && !q.stood() {
		return Plan{Kind: Snap}
	}
	below, where := q.below()
	switch {
	case where == elsewhere:
		return Plan{Kind: AskLog}
	case where == lost:
		return Plan{Kind: Snap}
	case (below == q.Peer || q.Peer.Counter() == 0) && below <= q.Committed:
		return Plan{Kind: Diff, From: q.Peer}
	}
	return q.truncate(below)
}

// fromNothing is the plan for a learner that says it has nothing. It may have a history that it
// cannot cut, so that a part of the leader's would not do.
func (q *Question) fromNothing() Plan {
	if q.Memory.Last() == 0 {
		return Plan{Kind: Diff}
	}
	return Plan{Kind: Snap}
}

// stood reports that the reign stood with which the learner's history ends. If it did not, the
// learner may have transactions that were never committed, and nothing tells which.
func (q *Question) stood() bool {
	if q.Peer.Epoch() == q.Epoch {
		return true
	}
	i, ok := q.Memory.Behind(q.Peer)
	return ok && q.Memory.Last() > q.Peer &&
		q.Memory.At(i).Header.Zxid.Epoch() == q.Peer.Epoch()
}

// place says where the transaction below a zxid was found.
type place uint8

const (
	found     place = iota
	elsewhere       // perhaps in the log
	lost            // not even there, or there is too much to read
)

// below finds the leader's last transaction at or below the learner's.
func (q *Question) below() (jute.Zxid, place) {
	switch i, ok := q.Memory.Behind(q.Peer); {
	case ok && i > 0:
		return q.Memory.At(i - 1).Header.Zxid, found
	case ok:
		return q.Memory.Before(), found
	case q.LogBytes < 0:
		return 0, lost
	case q.Log == nil:
		return 0, elsewhere
	case q.Log.Gap || q.Log.Bytes > q.LogBytes:
		return 0, lost
	}
	return q.Log.Below, found
}

// truncate is the plan for a learner that has something which is not committed, or not in the
// leader's log. below is the leader's last transaction at or below the learner's.
func (q *Question) truncate(below jute.Zxid) Plan {
	if below.Epoch() != q.Peer.Epoch() {
		// The learner's end comes from an epoch of which the leader has nothing. Nobody knows with
		// which history that epoch began.
		return Plan{Kind: Snap}
	}
	to := below
	if to > q.Committed {
		i, ok := q.Memory.Behind(q.Committed)
		switch {
		case !ok:
			panic("plan: what is not committed is not in memory")
		case i > 0:
			to = q.Memory.At(i - 1).Header.Zxid
		default:
			to = q.Memory.Before()
		}
	}
	if to.Counter() == 0 || to <= q.Took {
		return Plan{Kind: Snap}
	}
	return Plan{Kind: Trunc, From: to}
}
