package zab

import (
	"fmt"
	"time"

	"quoll/jute"
	"quoll/jute/ensemble"
	"quoll/quorum/effects"
)

// reign is how far a leader has come, and which servers were with it on the way. A server counts
// although its connection has ended: what it has promised or has on disk stays so.
//
//	stage       what a quorum must have said    and what then follows
//	gathering   FOLLOWERINFO                    the epoch, to the own disk, then LEADERINFO
//	comparing   ACKEPOCH                        the current epoch, to the own disk; the histories
//	spreading   ACK of NEWLEADER                the reign stands
//	stands
type reign struct {
	members Members
	me      jute.PeerID

	stage   reignStage
	since   time.Duration // when the stage began
	highest int64         // the highest accepted epoch that was heard, the own one among them
	epoch   int64         // of this reign; 0 while gathering
	with    map[jute.PeerID]bool
}

type reignStage uint8

const (
	gathering reignStage = iota
	comparing
	spreading
	stands
)

func newReign(members Members, me jute.PeerID, accepted int64, now time.Duration) reign {
	return reign{members: members, me: me, since: now, highest: accepted,
		with: map[jute.PeerID]bool{me: true}}
}

// quorum reports whether the servers that the stage counts are a quorum.
func (r *reign) quorum() bool {
	return r.members.Quorum(func(id jute.PeerID) bool { return r.with[id] })
}

// enter begins a stage. self says whether this server counts for it from the beginning.
func (r *reign) enter(stage reignStage, now time.Duration, self bool) {
	r.stage, r.since = stage, now
	clear(r.with)
	r.with[r.me] = self
}

// chooseEpoch chooses the epoch when a quorum is there. Everybody who came may raise it, observers
// too.
func (le *Leader) chooseEpoch() {
	r := &le.reign
	if r.stage != gathering || !r.quorum() {
		return
	}
	r.epoch = r.highest + 1
	r.enter(comparing, le.now, false)
	le.proposed = jute.Zxid(r.epoch << 32)
	le.standing.Accepted = r.epoch
	le.disk.ask(le.out.Ask(effects.DiskOp{Kind: effects.AcceptEpoch, Epoch: r.epoch}),
		diskEpoch, 0, le.now)
}

// epochAccepted says that the accepted epoch is durable: now others may hear of it.
func (le *Leader) epochAccepted() {
	le.reign.with[le.reign.me] = true
	for _, p := range le.peers {
		if p.stage == peerJoins {
			le.sendLeaderInfo(p)
		}
	}
	le.support()
}

func (le *Leader) sendLeaderInfo(p *peer) {
	version := ensemble.ProtocolVersion{Version: ensemble.LearnerProtocol}
	if le.config.QuorumSync {
		version.Syncs = ensemble.SyncsByQuorum
	}
	p.stage = peerPromises
	le.sendRecord(p, ensemble.PacketLeaderInfo, jute.Zxid(le.reign.epoch<<32), &version)
}

// support goes on when a quorum has promised to follow, and nobody in it has a better history.
func (le *Leader) support() {
	r := &le.reign
	if r.stage != comparing || !r.quorum() {
		return
	}
	r.enter(spreading, le.now, false)
	le.standing.Current = r.epoch
	le.disk.ask(le.out.Ask(effects.DiskOp{Kind: effects.EnterEpoch, Epoch: r.epoch}),
		diskEpoch, 0, le.now)
	for _, p := range le.peers {
		if p.stage == peerWaits {
			le.plan(p, nil)
		}
	}
}

// epochEntered says that the current epoch is durable.
func (le *Leader) epochEntered() {
	le.reign.with[le.reign.me] = true
	le.stand()
}

// stand begins the reign when a quorum has this server's history on disk. That history is committed
// now.
func (le *Leader) stand() {
	r := &le.reign
	if r.stage != spreading || !r.quorum() {
		return
	}
	r.enter(stands, le.now, true)
	i, _ := le.log.History.Behind(le.standing.Applied)
	for ; i < le.log.History.Len(); i++ {
		le.out.Tell(effects.Delivery{Kind: effects.Propose, Entry: *le.log.History.At(i)})
	}
	if last := le.log.History.Last(); last > le.standing.Applied {
		le.out.Tell(effects.Delivery{Kind: effects.Commit, Zxid: last})
		le.standing.Applied = last
	}
	le.log.History.Commit(le.log.History.Last())
	first := le.proposed + jute.Zxid(le.config.InitialZxid)
	le.out.Tell(effects.Delivery{Kind: effects.Lead, Zxid: first})
	le.out.Tell(effects.Delivery{Kind: effects.Serve})
	for _, p := range le.peers {
		switch p.stage {
		case peerHas:
			le.sendUpToDate(p)
		case peerWaits:
			le.plan(p, nil)
		}
	}
}

func (le *Leader) sendUpToDate(p *peer) {
	p.stage = peerServed
	p.cursor.Serve(le.now)
	p.pings.Serve(&le.rounds)
	p.watch.syncedUntil = max(p.watch.syncedUntil, le.now+le.config.SyncLimit)
	le.send(p, ensemble.PacketUpToDate, -1, nil)
}

// takeInfo handles FOLLOWERINFO and OBSERVERINFO.
func (le *Leader) takeInfo(p *peer, q *ensemble.QuorumPacket) error {
	if q.Type != ensemble.PacketFollowerInfo && q.Type != ensemble.PacketObserverInfo {
		return le.drop(p, fmt.Errorf("%w: %v comes first", ErrProtocol, q.Type))
	}
	var info ensemble.LearnerInfo
	if err := readData(q, &info); err != nil {
		return le.drop(p, err)
	}
	accepted := q.Zxid.Epoch()
	switch {
	case info.NoVersion || info.ProtocolVersion < ensemble.LearnerProtocol:
		return le.drop(p, fmt.Errorf("%w: protocol version %#x, at least %#x is spoken here",
			ErrProtocol, info.ProtocolVersion, ensemble.LearnerProtocol))
	case info.ServerID == le.config.Me:
		return le.drop(p, fmt.Errorf("%w: server %d is this one", ErrProtocol, info.ServerID))
	case accepted < 0 || accepted > jute.MaxEpoch:
		return le.drop(p, fmt.Errorf("%w: accepted epoch %d of server %d, at most %d",
			ErrProtocol, accepted, info.ServerID, jute.MaxEpoch))
	}
	p.sid, p.observer = info.ServerID, q.Type == ensemble.PacketObserverInfo
	p.voter = !p.observer && le.config.Members.Votes(p.sid)
	p.stage = peerJoins
	for _, old := range le.peers {
		if old != p && old.stage != peerGreets && old.sid == p.sid {
			le.drop(old, fmt.Errorf("%w: server %d has connected anew", ErrClosed, p.sid))
		}
	}
	return le.join(p, accepted)
}

// join counts a server that has said who it is.
func (le *Leader) join(p *peer, accepted int64) error {
	r := &le.reign
	if r.stage == gathering {
		r.highest = max(r.highest, accepted)
		if p.voter {
			r.with[p.sid] = true
			le.chooseEpoch()
		}
		return nil
	}
	if accepted > r.epoch && p.voter {
		// It can never follow in this epoch. The next one will be higher than what it accepted,
		// because this server accepts that now.
		le.standing.Accepted = accepted
		le.disk.ask(le.out.Ask(effects.DiskOp{Kind: effects.AcceptEpoch, Epoch: accepted}),
			diskEpoch, 0, le.now)
		return fmt.Errorf("%w: server %d has accepted epoch %d, this reign has %d", ErrNewEpoch,
			p.sid, accepted, r.epoch)
	}
	if r.stage > comparing || r.with[r.me] {
		le.sendLeaderInfo(p)
	}
	return nil
}

// takeAckEpoch handles ACKEPOCH.
func (le *Leader) takeAckEpoch(p *peer, q *ensemble.QuorumPacket) error {
	var current ensemble.CurrentEpoch
	if q.Type != ensemble.PacketAckEpoch {
		return le.drop(p, fmt.Errorf("%w: %v from server %d, ACKEPOCH must come", ErrProtocol,
			q.Type, p.sid))
	}
	if err := readData(q, &current); err != nil {
		return le.drop(p, err)
	}
	const noDatabase jute.Zxid = -1
	if q.Zxid < noDatabase || current.Epoch < ensemble.AlreadyAccepted {
		return le.drop(p, fmt.Errorf("%w: server %d has the epoch %d and the zxid %d", ErrProtocol,
			p.sid, current.Epoch, int64(q.Zxid)))
	}
	p.last = max(q.Zxid, 0)
	record := le.synced.Of(p.sid)
	record.Current = max(record.Current, int64(current.Epoch))
	r := &le.reign
	if r.stage == comparing && current.Epoch != ensemble.AlreadyAccepted {
		own := le.standing
		own.Last = le.log.History.Last()
		if e := int64(current.Epoch); e > own.Current || e == own.Current && q.Zxid > own.Last {
			return le.drop(p, fmt.Errorf("%w: server %d has epoch %d and %v, this one %d and %v",
				ErrBehind, p.sid, e, q.Zxid, own.Current, own.Last))
		}
		if p.voter && q.Zxid != noDatabase {
			r.with[p.sid] = true
		}
	}
	if err := le.refuseStranger(p); err != nil {
		return le.drop(p, err)
	}
	p.stage = peerWaits
	if r.stage > comparing {
		le.plan(p, nil)
	} else {
		le.support()
	}
	return nil
}

// refuseStranger refuses a learner with transactions of this epoch that were never proposed here.
// If it is this quorum that has forgotten, to cut that history would end the only copy.
func (le *Leader) refuseStranger(p *peer) error {
	record, epoch := le.synced.Of(p.sid), le.reign.epoch
	most := max(le.proposed, jute.Zxid(epoch<<32)+jute.Zxid(le.config.InitialZxid))
	if p.last.Epoch() == epoch && p.last > most {
		record.Stranger = p.last
	}
	if p.last == 0 || p.last != record.Stranger {
		return nil
	}
	return fmt.Errorf("%w: server %d came with them up to %v, this leader is at %v: look which "+
		"history is right before you move one away", ErrStranger, p.sid, p.last, most)
}

// takeNewLeaderAck handles the ACK of NEWLEADER.
func (le *Leader) takeNewLeaderAck(p *peer, q *ensemble.QuorumPacket) error {
	if q.Type != ensemble.PacketAck || q.Zxid != jute.Zxid(le.reign.epoch<<32) {
		return le.drop(p, fmt.Errorf("%w: %v %v from server %d, the ACK of NEWLEADER must come",
			ErrProtocol, q.Type, q.Zxid, p.sid))
	}
	p.stage = peerHas
	record := le.synced.Of(p.sid)
	record.Unsure = p.below
	if !record.Joined {
		record.Took = max(record.Took, p.last)
	}
	record.Joined = true
	if le.Established() {
		le.sendUpToDate(p)
		return nil
	}
	if p.voter {
		le.reign.with[p.sid] = true
		le.stand()
	}
	return nil
}
