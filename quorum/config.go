package quorum

import (
	"time"

	"quoll/jute"
	"quoll/quorum/config"
	"quoll/quorum/effects"
	"quoll/quorum/election"
	"quoll/quorum/zab"
)

// Config is what a peer knows of its ensemble, and does not change.
type Config struct {
	// Alone is a standalone server. The rest does not count then.
	Alone    bool
	Me       jute.PeerID
	Members  *config.Config
	Election election.MemberConfig
	// Listen is where the server listens for its learners while it may lead.
	Listen []config.HostPort
	Zab    Zab
}

// Zab are the limits and times of a leader and of a learner.
type Zab struct {
	// Text is the configuration as NEWLEADER carries it. nil means that of Config.Members.
	Text []byte
	// Tick is tickTime. InitLimit and SyncLimit are initLimit and syncLimit times tickTime.
	Tick, InitLimit, SyncLimit time.Duration
	// ConnectLimit bounds how long an elected leader is dialled (connectToLearnerMasterLimit times
	// tickTime). Zero means InitLimit.
	ConnectLimit time.Duration
	// RedialDelay is the pause between two of the last dials
	// (zookeeper.leaderConnectDelayDuringRetryMs). Zero means 100 ms.
	RedialDelay time.Duration
	// MaxPacket is jute.maxbuffer + jute.maxbuffer.extrasize, in bytes. It is for those who open
	// the quorum port.
	MaxPacket int
	// Window is how many bytes may be on their way to one learner. Zero means 4 MiB.
	Window int
	// CommitLogCount is how many committed transactions are kept in memory, and CommitLogBytes how
	// many bytes of them (commitLogCount; the second is ours). Zero means 500 and 16 MiB.
	CommitLogCount, CommitLogBytes int
	// SnapshotBytes tells about how large a snapshot of the tree is. A learner is sent up to
	// SnapshotSizeFactor times as much from the log instead (snapshotSizeFactor).
	// ForceSnapshotSync always sends a snapshot.
	SnapshotBytes      func() int64
	SnapshotSizeFactor float64
	ForceSnapshotSync  bool
	// QuorumSync: a sync is answered only when a quorum has confirmed that the leader leads
	// (sync.quorum). The leader's setting counts.
	QuorumSync bool
	// InitialZxid is the counter of an epoch's first zxid, less one
	// (zookeeper.testingonly.initialZxid).
	InitialZxid int64
}

// Start is what a server has on its disk when it starts.
type Start struct {
	zab.Standing
	// Tail are the last transactions of the log, without a gap and up to Last; perhaps none.
	Tail []jute.Entry
}

// Event is what has happened since the last step. It is handled in the order of its fields.
type Event struct {
	// Disk says that all operations up to this ticket are durable; 0: nothing new.
	Disk  effects.Ticket
	Votes []election.LinkEvent // of the election port
	Links []effects.LinkEvent  // of the quorum port
	Jobs  []effects.JobDone
	// Tick tells the time, every 10 ms. Alone there is none.
	Tick bool
}

// Effects are the work that a peer asks for. They are valid until the next Take.
type Effects struct {
	*effects.Effects
	// Votes is what is to be done about the election port; nil: nothing.
	Votes *election.LinkEffects
	// Ended has a reason for each role that has ended, and for each dial of a leader that was given
	// up. Gone has those for which a leader has lost a learner. Both are for the log.
	Ended, Gone []error
	// Newer is a peer whose configuration is newer than ours, once in a life.
	Newer *election.NewerConfig
}
