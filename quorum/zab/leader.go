package zab

import (
	"fmt"
	"time"

	"quoll/jute"
	"quoll/jute/ensemble"
	"quoll/quorum/effects"
	"quoll/quorum/zab/cursor"
	"quoll/quorum/zab/history"
	"quoll/quorum/zab/plan"
	"quoll/quorum/zab/rounds"
)

// Members is what a leader asks the configuration.
type Members interface {
	// Votes reports whether a server's vote counts.
	Votes(id jute.PeerID) bool
	// Quorum reports whether the servers for which in is true are a quorum.
	Quorum(in func(jute.PeerID) bool) bool
}

// LeaderConfig is what a leader needs to know.
type LeaderConfig struct {
	Me      jute.PeerID
	Members Members
	// Text is the configuration as NEWLEADER carries it.
	Text []byte
	// Tick is tickTime. InitLimit and SyncLimit are initLimit and syncLimit times tickTime.
	Tick, InitLimit, SyncLimit time.Duration
	// Window is how many bytes may be on their way to one learner; 0 means 4 MiB.
	Window int
	// SnapshotBytes tells about how large a snapshot of the tree is. A learner gets up to
	// SnapshotSizeFactor times as much from the log instead (snapshotSizeFactor); nothing from the
	// log if that is negative. With 0, and without SnapshotBytes, there is no limit.
	SnapshotBytes      func() int64
	SnapshotSizeFactor float64
	// ForceSnapshotSync sends a SNAP to every learner (zookeeper.forceSnapshotSync).
	ForceSnapshotSync bool
	// Unsure is the Unsure of the last reign of this server.
	Unsure []jute.PeerID
	// QuorumSync: a sync is answered when a quorum has answered PINGs that left behind it
	// (sync.quorum).
	QuorumSync bool
	// InitialZxid is the counter in front of a reign's first one
	// (zookeeper.testingonly.initialZxid).
	InitialZxid int64
}

// defaultWindow is how many bytes may be on their way to one learner.
const defaultWindow = 4 << 20

// Leader is the server that proposes, from the moment when the election has named it.
//
// A method that returns an error ends the role. The error says why, and wraps one of the errors of
// this package. Afterwards only Standing, Status, Unsure, Gone and Cancel are called.
//
// Invariants:
//
//   - The epoch is above every epoch that a server of its quorum had accepted. It is on this
//     server's disk as the accepted one before anybody hears it.
//   - Before the reign stands, all of this server's log counts as committed, and nothing is
//     proposed. The reign stands when a quorum has that log, and the current epoch, on disk.
//   - A proposal is committed when it is on the disks of a quorum, and all before it are committed.
//   - A voter's acknowledgement counts for the connection by which it came.
type Leader struct {
	config   LeaderConfig
	standing Standing // without Last, which is that of the history
	log      cursor.Log
	out      *effects.Pending
	now      time.Duration

	reign reign
	disk  ownDisk
	// peers are the connections, in the order in which they were accepted. The slice is replaced
	// when one goes, so that a loop over it goes on.
	peers []*peer
	// proposed is the last proposal, (epoch, 0) before the first one.
	proposed jute.Zxid
	// exhausted means that the zxids of the epoch are used up.
	exhausted bool
	broken    error     // why the reign ends before it stands; nil: it does not
	syncs     []ownSync // in order
	told      uint64    // the last turn in which the chain was told of a learner's request
	rounds    rounds.Rounds
	pacing    pacing
	synced    plan.Records // what the servers got in this reign
	gone      []error
}

// NewLeader begins the role of a leader. s is what the server has, h the end of its log, all of it
// durable. What the tree has not applied is in h.
func NewLeader(c LeaderConfig, s Standing, h *history.History, out *effects.Pending,
	now time.Duration) *Leader {
	if _, ok := h.Behind(s.Applied); !ok {
		panic(fmt.Sprintf("zab: the tree is at %v, the history begins behind %v", s.Applied,
			h.Before()))
	}
	if c.Window == 0 {
		c.Window = defaultWindow
	}
	le := &Leader{
		config: c, standing: s, out: out, now: now,
		log:    cursor.Log{History: h, Committed: h.Last(), Durable: h.Last()},
		reign:  newReign(c.Members, c.Me, s.Accepted, now),
		synced: plan.NewRecords(c.Unsure),
	}
	le.chooseEpoch()
	return le
}

// Standing is what the server has when everything that was asked of the disk is durable.
func (le *Leader) Standing() Standing {
	s := le.standing
	s.Last = le.log.History.Last()
	return s
}

// Epoch is the one of this reign, 0 until a quorum has come.
func (le *Leader) Epoch() int64 { return le.reign.epoch }

// Established reports that the reign stands.
func (le *Leader) Established() bool { return le.reign.stage == stands }

// ownSync is a sync of this server's clients.
type ownSync struct {
	place jute.Zxid // what must be committed before it is answered
	round uint64    // and the round of PINGs that must come back; 0: none
}

// Sync asks for a delivery Synced when everything that is proposed now is committed, and with
// QuorumSync a quorum still follows this leader. false says that it is so already.
func (le *Leader) Sync() bool {
	s := ownSync{le.log.History.Last(), le.askRound()}
	if le.reached(s) {
		return false
	}
	le.syncs = append(le.syncs, s)
	return true
}

func (le *Leader) reached(s ownSync) bool {
	return s.place <= le.log.Committed && s.round <= le.rounds.Back()
}

func (le *Leader) answerSyncs() {
	for len(le.syncs) > 0 && le.reached(le.syncs[0]) {
		le.syncs = le.syncs[1:]
		le.out.Tell(effects.Delivery{Kind: effects.Synced})
	}
}

// LeaderStatus tells how a reign stands. It is for people.
type LeaderStatus struct {
	Epoch     int64
	Stands    bool
	Proposed  jute.Zxid
	Committed jute.Zxid
	Syncs     int             // that are not answered
	Learners  []LearnerStatus // of those who have said who they are
}

// LearnerStatus is one connection of a leader.
type LearnerStatus struct {
	Sid      jute.PeerID
	Link     effects.LinkID
	Observer bool
	Voter    bool                // its vote counts
	First    ensemble.PacketType // what it was sent first: DIFF, TRUNC or SNAP; 0: nothing yet
	Served   bool                // UPTODATE was sent
	Synced   bool                // it was heard in time
	Sent     jute.Zxid           // the last transaction sent
	Acked    jute.Zxid           // the last one acknowledged
}

// Status tells how the reign stands.
func (le *Leader) Status() LeaderStatus {
	s := LeaderStatus{Epoch: le.reign.epoch, Stands: le.Established(), Proposed: le.proposed,
		Committed: le.log.Committed, Syncs: len(le.syncs)}
	for _, p := range le.peers {
		if p.stage == peerGreets {
			continue
		}
		s.Syncs += p.intake.Syncs() + p.cursor.Syncs()
		s.Learners = append(s.Learners, LearnerStatus{
			Sid: p.sid, Link: p.link, Observer: p.observer, Voter: p.voter, First: p.first,
			Served: p.stage == peerServed, Synced: le.now <= p.watch.syncedUntil,
			Sent: p.cursor.Sent(), Acked: p.cursor.Acked(),
		})
	}
	return s
}

// Unsure are the servers that get a SNAP if this server leads again: a SNAP or TRUNC has begun for
// them, and was not completed.
func (le *Leader) Unsure() []jute.PeerID { return le.synced.Unsure() }

// Gone returns why connections were ended since the last call. It is for the log.
func (le *Leader) Gone() []error {
	gone := le.gone
	le.gone = nil
	return gone
}
