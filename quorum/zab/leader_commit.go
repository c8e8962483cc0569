package zab

import (
	"fmt"
	"math"
	"slices"
	"time"

	"quoll/jute"
	"quoll/jute/ensemble"
	"quoll/quorum/effects"
	"quoll/quorum/zab/history"
)

// ownDisk is what the leader asked of its disk and is not durable yet.
type ownDisk struct {
	asked []diskAsk
}

type diskAsk struct {
	ticket effects.Ticket
	kind   diskAskKind
	zxid   jute.Zxid
	at     time.Duration
}

type diskAskKind uint8

const (
	diskAppend diskAskKind = iota
	diskEpoch
)

func (d *ownDisk) ask(ticket effects.Ticket, kind diskAskKind, zxid jute.Zxid, now time.Duration) {
	d.asked = append(d.asked, diskAsk{ticket, kind, zxid, now})
}

// standsStill reports whether the oldest operation was asked for so long ago.
func (d *ownDisk) standsStill(now, limit time.Duration) bool {
	return len(d.asked) > 0 && now-d.asked[0].at > limit
}

// lastCounter is the last one of an epoch: Apache begins a new epoch instead of 0xffffffff.
const lastCounter = math.MaxUint32 - 1

// Propose takes the next transaction of the reign, logs it and sends it to the voters. It panics if
// the reign does not stand, or if the transaction is not the next one.
func (le *Leader) Propose(e jute.Entry) {
	zxid := e.Header.Zxid
	switch {
	case !le.Established():
		panic(fmt.Sprintf("zab: %v proposed before the reign stands", zxid))
	case zxid.Epoch() != le.reign.epoch || !history.Follows(le.log.History.Last(), zxid):
		panic(fmt.Sprintf("zab: %v proposed behind %v in epoch %d", zxid, le.log.History.Last(),
			le.reign.epoch))
	case zxid.Counter() > lastCounter:
		panic(fmt.Sprintf("zab: %v proposed, the last one of an epoch", zxid))
	}
	le.exhausted = zxid.Counter() == lastCounter
	le.proposed = zxid
	le.log.History.Append(e)
	ticket := le.out.Ask(effects.DiskOp{Kind: effects.Append, Entry: e})
	le.disk.ask(ticket, diskAppend, zxid, le.now)
	for _, p := range le.peers {
		if !p.observer {
			le.feed(p)
		}
	}
}

// Durable says that the disk has everything up to a ticket.
func (le *Leader) Durable(now time.Duration, ticket effects.Ticket) error {
	le.begin(now)
	le.settleIntakes(ticket)
	before := le.log.Durable
	for len(le.disk.asked) > 0 && le.disk.asked[0].ticket <= ticket {
		done := le.disk.asked[0]
		if le.disk.asked = le.disk.asked[1:]; len(le.disk.asked) == 0 {
			le.disk.asked = nil
		}
		switch {
		case done.kind == diskAppend:
			le.log.Durable = done.zxid
		case le.reign.stage == comparing:
			le.epochAccepted()
		case le.reign.stage == spreading:
			le.epochEntered()
		}
	}
	if le.log.Durable > before {
		le.count(le.log.Durable)
		le.feedStarved()
	}
	return le.verdict()
}

// takeAck handles an ACK of a learner that is served.
func (le *Leader) takeAck(p *peer, q *ensemble.QuorumPacket) error {
	if q.Zxid == jute.Zxid(le.reign.epoch<<32) {
		return nil // of UPTODATE
	}
	if !p.cursor.Ack(q.Zxid, le.now) {
		next, owed := p.cursor.Expects()
		return le.drop(p, fmt.Errorf("%w: ACK %v from server %d, the next one is %v of %v",
			ErrProtocol, q.Zxid, p.sid, next, owed))
	}
	if p.voter {
		le.count(q.Zxid)
	}
	return nil
}

// count commits what a quorum has on disk, up to a transaction that one more server has.
func (le *Leader) count(upTo jute.Zxid) {
	if upTo <= le.log.Committed {
		return
	}
	marks := []jute.Zxid{le.log.Durable}
	for _, p := range le.peers {
		if p.voter {
			marks = append(marks, p.cursor.Acked())
		}
	}
	slices.Sort(marks)
	for _, mark := range slices.Backward(marks) {
		if mark <= le.log.Committed {
			return
		}
		if mark <= upTo && le.config.Members.Quorum(func(id jute.PeerID) bool {
			return le.has(id, mark)
		}) {
			le.commit(mark)
			return
		}
	}
}

// has reports whether a server has a proposal of this reign on disk, by the word of the connection
// that it has now.
func (le *Leader) has(id jute.PeerID, zxid jute.Zxid) bool {
	if id == le.config.Me {
		return le.log.Durable >= zxid
	}
	for _, p := range le.peers {
		if p.voter && p.sid == id {
			return p.cursor.Acked() >= zxid
		}
	}
	return false
}

func (le *Leader) commit(zxid jute.Zxid) {
	le.log.Committed = zxid
	le.log.History.Commit(zxid)
	le.standing.Applied = zxid
	le.out.Tell(effects.Delivery{Kind: effects.Commit, Zxid: zxid})
	le.answerSyncs()
	for _, p := range le.peers {
		le.feed(p)
	}
}

// verdict ends the reign in good order when the zxids of the epoch are used up.
func (le *Leader) verdict() error {
	if le.broken != nil {
		return le.broken
	}
	if le.exhausted && le.log.Committed == le.proposed {
		return fmt.Errorf("%w: %v is committed", ErrRollOver, le.log.Committed)
	}
	return nil
}
