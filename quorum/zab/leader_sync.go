package zab

import (
	"fmt"
	"time"

	"quoll/jute"
	"quoll/jute/ensemble"
	"quoll/quorum/effects"
	"quoll/quorum/zab/plan"
)

// plan decides what is sent first to a learner whose ACKEPOCH has come, and sends it.
func (le *Leader) plan(p *peer, log *plan.Log) {
	record := le.synced.Of(p.sid)
	record.Had = record.Had || p.last > 0
	took := record.Took
	if record.Current > p.last.Epoch() {
		took = max(took, p.last)
	}
	made := plan.Sync(plan.Question{
		Peer: p.last, Epoch: le.reign.epoch, Committed: le.log.Committed, Took: took,
		Memory: le.log.History, Log: log, LogBytes: le.logBytes(),
		Force: le.config.ForceSnapshotSync || record.Unsure || p.last == 0 && record.Had,
	})
	switch made.Kind {
	case plan.AskLog:
		if p.last >= le.log.End() || le.log.History.InHole(p.last) {
			le.plan(p, &plan.Log{Gap: true})
			return
		}
		p.stage = peerAsks
		p.cursor.OpenLog(&le.log, p.last, le.out)
		return
	case plan.Snap:
		p.cursor.CloseLog(le.out)
		if !le.Established() && p.last > le.log.History.Last() && le.mayWait(p) {
			// The snapshot would be below the end of the learner's log. An Apache server would find
			// this end again at its next start. When the reign stands the snapshot is above it.
			p.stage = peerWaits
			return
		}
		record.Unsure = true
		p.below = p.last > le.log.History.Last()
		p.stage, p.first = peerStreams, ensemble.PacketSnap
		p.stream = le.out.Start(effects.Job{Kind: effects.StreamTree, Link: p.link})
		return
	case plan.Trunc:
		record.Unsure = true
		p.first = ensemble.PacketTrunc
		le.send(p, ensemble.PacketTrunc, made.From, nil)
	case plan.Diff:
		p.first = ensemble.PacketDiff
		le.send(p, ensemble.PacketDiff, max(made.From, le.log.Committed), nil)
	}
	goal := le.log.Committed
	if !p.observer {
		goal = le.log.History.Last()
	}
	p.stage = peerSyncs
	p.cursor.Begin(made.From, goal, p.observer)
	le.feed(p)
}

// mayWait reports whether a learner's tree can come when the reign stands. It comes at once if
// there is no quorum without that learner, and was none for a tick: an outage would be worse.
func (le *Leader) mayWait(p *peer) bool {
	r := &le.reign
	return !p.voter || le.now-r.since < le.config.Tick || r.members.Quorum(
		func(id jute.PeerID) bool { return id == r.me || r.with[id] || le.gets(id) })
}

// gets reports whether a voter is being sent its history, or has it.
func (le *Leader) gets(id jute.PeerID) bool {
	for _, p := range le.peers {
		if p.voter && p.sid == id && p.stage > peerWaits {
			return true
		}
	}
	return false
}

// logBytes is how much of the log a learner may be sent instead of a snapshot.
func (le *Leader) logBytes() int64 {
	switch factor := le.config.SnapshotSizeFactor; {
	case factor < 0:
		return -1
	case factor == 0, le.config.SnapshotBytes == nil:
		return 1 << 62
	default:
		return int64(float64(le.config.SnapshotBytes()) * factor)
	}
}

// Job takes the end of a job, or an answer of a ReadLog. That of a job that nobody waits for is
// ignored.
func (le *Leader) Job(now time.Duration, d *effects.JobDone) error {
	le.begin(now)
	for _, p := range le.peers {
		switch {
		case p.stream != 0 && p.stream == d.Generation:
			p.watch.heard(now)
			le.streamed(p, d)
		case p.cursor.Reads(d.Generation):
			p.watch.heard(now)
			le.logAnswered(p, d)
		}
	}
	return le.verdict()
}

// streamed goes on behind a SNAP. The tree in it may hold parts of everything that is committed by
// now, so that much must follow in front of NEWLEADER.
func (le *Leader) streamed(p *peer, d *effects.JobDone) {
	p.stream = 0
	if d.Err != nil {
		le.drop(p, fmt.Errorf("SNAP for server %d: %w", p.sid, d.Err))
		return
	}
	p.stage = peerSyncs
	p.cursor.Begin(d.Zxid, le.log.Committed, p.observer)
	le.feed(p)
}

// logAnswered takes what the log has answered: first how much there is, then the transactions.
func (le *Leader) logAnswered(p *peer, d *effects.JobDone) {
	err := p.cursor.Answered(d)
	switch first, bytes, more := p.cursor.First(); {
	case p.stage != peerAsks && err != nil:
		le.lostLog(p, err)
	case p.stage != peerAsks:
		le.feed(p)
	case first == 0 && more && bytes <= le.logBytes():
		p.cursor.ReadMore(le.out)
	default:
		le.plan(p, &plan.Log{Gap: first == 0 || first > p.last, Below: first, Bytes: bytes})
	}
}
