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
	Zab      Zab
}

// Zab are the limits and times of a leader and of a learner.
type Zab struct {
	// Text is the configuration as NEWLEADER carries it.
	Text []byte
	// Tick is tickTime. InitLimit and SyncLimit are initLimit and syncLimit times tickTime.
	Tick, InitLimit, SyncLimit time.Duration
	// ConnectLimit bounds the dials of one leader (connectToLearnerMasterLimit times tickTime).
	// Zero means InitLimit.
	ConnectLimit time.Duration
	// MaxPacket is jute.maxbuffer + jute.maxbuffer.extrasize, in bytes.
	MaxPacket int
	// Window is how many bytes may be on their way to one learner. Zero means 4 MiB.
	Window int
	// CommitLogCount is how many committed transactions are kept in memory, and CommitLogBytes how
	// many bytes of them (commitLogCount; the second is ours). Zero means 500 and 16 MiB.
	CommitLogCount, CommitLogBytes int
	// SnapshotSizeFactor bounds what a learner is sent from the log instead of a snapshot, as a
	// part of the snapshot's size (snapshotSizeFactor). ForceSnapshotSync always sends a snapshot.
	SnapshotSizeFactor float64
	ForceSnapshotSync  bool
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
	// Ended has a reason for each role that has ended. It is for the log.
	Ended []error
	// Newer is a peer whose configuration is newer than ours, once in a life.
	Newer *election.NewerConfig
}
