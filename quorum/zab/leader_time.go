package zab

import (
	"fmt"
	"time"

	"quoll/jute"
	"quoll/jute/ensemble"
)

// watch is when a connection was heard.
type watch struct {
	movedAt time.Duration // the last packet that came, or bytes that left
	// syncedUntil is how long the server counts as synchronised: from its connect on for initLimit
	// and syncLimit, because it may be taking a SNAP, then for syncLimit from each packet.
	syncedUntil time.Duration
}

func (w *watch) begin(now, synced time.Duration) { *w = watch{now, now + synced} }
func (w *watch) heard(now time.Duration)         { w.movedAt = now }

// pacing is what a reign does from time to time.
type pacing struct {
	pingAt time.Duration
	alone  bool          // there is no quorum of synchronised servers
	since  time.Duration // when alone became true
}

// Tick tells the time.
func (le *Leader) Tick(now time.Duration) error {
	le.begin(now)
	limit := le.config.SyncLimit
	if !le.Established() {
		limit = le.config.InitLimit
		if now-le.reign.since > limit {
			return fmt.Errorf("%w: no quorum for epoch %d in %v%s", ErrTimeout, le.reign.epoch,
				limit, le.stillTakes())
		}
	}
	if le.disk.standsStill(now, limit) {
		return fmt.Errorf("%w: for more than %v", ErrDisk, limit)
	}
	for _, p := range le.peers {
		le.supervise(p)
	}
	if now >= le.pacing.pingAt {
		le.pacing.pingAt = now + le.config.Tick/2
		le.ping()
	}
	if err := le.checkQuorum(); err != nil {
		return err
	}
	return le.verdict()
}

// stillTakes names the voters that have not come through their synchronisation: with a SNAP of a
// large tree initLimit may be too short for it, and then no reign ever stands.
func (le *Leader) stillTakes() (said string) {
	for _, p := range le.peers {
		if p.voter && (p.stage == peerStreams || p.stage == peerSyncs || p.stage == peerEnters) {
			said += fmt.Sprintf("; server %d still takes its history", p.sid)
		}
	}
	if said != "" {
		said += ": initLimit may be too short"
	}
	return said
}

// ping begins a round: it sends a PING to everybody who has the history. Before NEWLEADER an Apache
// learner would die of it.
func (le *Leader) ping() {
	le.rounds.Begin(le.turn())
	for _, p := range le.peers {
		if p.stage >= peerEnters {
			le.send(p, ensemble.PacketPing, le.proposed, nil)
		}
	}
	le.countRounds()
}

// checkQuorum ends a reign that had no quorum of synchronised servers for a tick: a server whose
// connection has just ended may come back.
func (le *Leader) checkQuorum() error {
	if !le.Established() {
		return nil
	}
	quorum := le.config.Members.Quorum(func(id jute.PeerID) bool {
		return id == le.config.Me || le.isSynced(id)
	})
	switch pace := &le.pacing; {
	case quorum:
		pace.alone = false
	case !pace.alone:
		pace.alone, pace.since = true, le.now
	case le.now-pace.since > le.config.Tick:
		return fmt.Errorf("%w: for more than %v", ErrNoQuorum, le.config.Tick)
	}
	return nil
}

func (le *Leader) isSynced(id jute.PeerID) bool {
	for _, p := range le.peers {
		if p.voter && p.sid == id {
			return le.now <= p.watch.syncedUntil
		}
	}
	return false
}

// supervise closes a connection on which nothing happens.
func (le *Leader) supervise(p *peer) {
	switch p.stage {
	case peerJoins, peerWaits, peerAsks, peerHas:
		p.watch.heard(le.now) // it waits for this server
		if p.stage == peerWaits && le.reign.stage == spreading {
			le.plan(p, nil)
		}
	case peerServed:
		if p.intake.Excused() {
			p.watch.syncedUntil = le.now + le.config.SyncLimit // this server does not listen
		}
		if le.now > p.watch.syncedUntil {
			le.drop(p, fmt.Errorf("%w: server %d was silent for %v", ErrTimeout, p.sid,
				le.config.SyncLimit))
		} else if p.cursor.Late(le.now) > le.config.SyncLimit {
			le.drop(p, fmt.Errorf("%w: server %d has acknowledged only %v for %v", ErrTimeout,
				p.sid, p.cursor.Acked(), le.config.SyncLimit))
		}
	default:
		if le.now-p.watch.movedAt > le.config.InitLimit {
			le.drop(p, fmt.Errorf("%w: server %d has not moved for %v in its synchronisation",
				ErrTimeout, p.sid, le.config.InitLimit))
		}
	}
}
