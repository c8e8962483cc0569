package plan

import (
	"maps"
	"slices"

	"quoll/jute"
)

// Record is what a server got in a reign. Apache's learners do not log what they get behind a SNAP
// or TRUNC in front of NEWLEADER: they write a snapshot of it.
type Record struct {
	// Took is up to where its log may be empty: by a SNAP or TRUNC of this reign, or of an earlier
	// one, behind which it joined this one. At its first TRUNC in a reign nobody knows.
	Took   jute.Zxid
	Joined bool // it has acknowledged a NEWLEADER
	// Current is the current epoch that it told when it came first. When it comes again it tells
	// none, because it has accepted the epoch of the reign. If its last transaction is of an
	// earlier epoch, it got its history in a synchronisation, perhaps by a SNAP or TRUNC.
	Current int64
	// Unsure means that a SNAP or TRUNC was not completed, that a SNAP ended below its log, or that
	// the log could not give its history: it gets a SNAP. A SNAP does not touch the log of Apache's
	// learners. So a TRUNC, which reads the log again, would bring back what this leader never had.
	Unsure bool
	// Had means that it had a history. If it says now that it has none, it cannot make anything of
	// a part of the leader's: it gets a SNAP.
	Had bool
	// Stranger is the end of a history that was refused, because it holds transactions of this
	// epoch that were never proposed. It stays refused when more was proposed: it holds other
	// transactions at the zxids of this reign.
	Stranger jute.Zxid
}

// Records are those of the servers that have come in a reign.
type Records map[jute.PeerID]*Record

// NewRecords begins a reign. unsure are the Unsure of the last reign of the same leader: a server
// that could not cut its log, and without which there is no quorum, comes back only when that reign
// is over.
func NewRecords(unsure []jute.PeerID) Records {
	rs := Records{}
	for _, id := range unsure {
		rs.Of(id).Unsure = true
	}
	return rs
}

// Of is the record of a server.
func (rs Records) Of(id jute.PeerID) *Record {
	if rs[id] == nil {
		rs[id] = new(Record)
	}
	return rs[id]
}

// Unsure are the servers whose record is unsure.
func (rs Records) Unsure() []jute.PeerID {
	ids := slices.Sorted(maps.Keys(rs)) // order-free: sorted
	return slices.DeleteFunc(ids, func(id jute.PeerID) bool { return !rs[id].Unsure })
}
