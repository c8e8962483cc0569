package election

import (
	"math"

	"quoll/jute"
	"quoll/jute/ensemble"
)

// Vote is for whom a server votes, and in which round. Two votes of one round are the same vote if
// and only if all fields are equal.
type Vote struct {
	Leader    jute.PeerID
	Zxid      jute.Zxid // the last one that the leader has logged
	Round     int64     // of the election (Apache's electionEpoch and logicalclock); -1: of none
	PeerEpoch int64     // the leader's current epoch; once its reign began, the reign's
}

// Standing is what a server has on its disk, by which it is a better or worse leader. Zxid -1 is
// that of a server without a database: it votes for nobody.
type Standing struct {
	Zxid      jute.Zxid // the last one logged and durable
	PeerEpoch int64     // the current epoch
	// Silent is a leader that was left because it said nothing any more. Its links may look alive,
	// as those of a stopped process do. It is not waited for until it is heard. nil: nobody.
	Silent *jute.PeerID
}

// noZxid is the zxid of a server without a database, when db.autocreate is false.
const noZxid jute.Zxid = -1

// nobody is the candidate of an observer: every other vote is better.
const nobody jute.PeerID = math.MinInt64

// candidate is the vote for oneself with which a server begins a round. An observer stands for
// nothing, with Apache's numbers.
func candidate(me jute.PeerID, voter bool, s Standing) Vote {
	if !voter {
		return Vote{Leader: nobody, Zxid: math.MinInt64, PeerEpoch: math.MinInt64}
	}
	return Vote{Leader: me, Zxid: s.Zxid, PeerEpoch: s.PeerEpoch}
}

// better reports whether v beats w: the higher epoch, then the higher zxid, then the higher id.
// Rounds do not count.
func (v Vote) better(w Vote) bool {
	if v.PeerEpoch != w.PeerEpoch {
		return v.PeerEpoch > w.PeerEpoch
	}
	if v.Zxid != w.Zxid {
		return v.Zxid > w.Zxid
	}
	return v.Leader > w.Leader
}

// ballot is what a server said last.
type ballot struct {
	sid     jute.PeerID
	state   ensemble.State
	version int32 // of the notification
	vote    Vote
}

// agrees reports whether two servers follow one leader. While either of them looks, that is one
// vote of one round. Settled servers tell zxid and round as they were when each of them joined, so
// only leader and epoch count; a notification of version 0 has no epoch to be compared with one
// that has.
func (b ballot) agrees(o ballot) bool {
	if b.state == ensemble.Looking || o.state == ensemble.Looking {
		return b.vote == o.vote
	}
	if (b.version > 0) != (o.version > 0) {
		return b.vote.Leader == o.vote.Leader
	}
	return b.vote.Leader == o.vote.Leader && b.vote.PeerEpoch == o.vote.PeerEpoch
}

// ballots has the newest ballot of each server, by ascending id. Only voters get in, so it is as
// small as the ensemble.
type ballots []ballot

func (t ballots) find(sid jute.PeerID) (i int, there bool) {
	for i < len(t) && t[i].sid < sid {
		i++
	}
	return i, i < len(t) && t[i].sid == sid
}

// of is the ballot of a server; one that was not heard looks and votes for nobody.
func (t ballots) of(sid jute.PeerID) ballot {
	if i, there := t.find(sid); there {
		return t[i]
	}
	return ballot{sid: sid, vote: Vote{Leader: nobody, Round: -1}}
}

func (t *ballots) put(b ballot) {
	i, there := t.find(b.sid)
	if !there {
		*t = append(*t, ballot{})
		copy((*t)[i+1:], (*t)[i:])
	}
	(*t)[i] = b
}
