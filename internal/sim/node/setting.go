package node

import (
	"quoll/internal/model"
	"quoll/internal/replica/logwriter"
	"quoll/jute"
	"quoll/persistence"
	"quoll/processor/throttle"
)

// Setting is how the servers of a run are set, and which faults they may have.
type Setting struct {
	Times    Times
	Lanes    int // event loops
	Model    model.Options
	Enforce  []string // enforce.auth.schemes
	Eager    bool     // enableEagerACLCheck
	Limits   Limits
	Faults   Faults
	Store    Store
	Throttle throttle.Rules
	Peers    *Peers // nil: the server is alone
	// CloseTxn: a closeSession names the ephemerals that go with it.
	CloseTxn bool
	// Rest is how many times longer a machine is left alone between two faults.
	Rest       int64
	SlowWalk   int64 // how many times longer a snapshot takes while there are faults
	MaxWatches int   // 0: no limit
	LargeBytes int64
	// MaxSessions is Sessions.MaxCount; 0: no limit.
	MaxSessions int
	NoDigest    bool
	Words       bool // four-letter words are answered
	// Begin is the zxid of the snapshot that a first start finds; 0: it finds nothing.
	Begin jute.Zxid
	// ChunkNames is after how many names a listing gives the lock back.
	ChunkNames int
}

// Times are on the server's clock, ms.
type Times struct {
	TickMillis, IntervalMillis int64
	MinTimeout, MaxTimeout     int32 // of sessions
}

// Store is how the data lies on disk.
type Store struct {
	Log     persistence.LogOptions
	Gzip    bool
	TwoDirs bool
	Gather  logwriter.Gathering // flushDelay and what goes with it
	// NoLastZxid: snapshots do not say up to which zxid their walk has seen the tree.
	NoLastZxid bool
}

// Limits are the constants that servers leave large and simulations make small.
type Limits struct {
	SnapCount     int64
	SnapBytes     int64 // snapSizeLimitInKb; 0: no limit
	ApplyBatch    int
	InFlight      int
	InFlightBytes int
	OutputPause   int // pending output at which a connection is not read from
	Outstanding   int64
	BatchRequests int
	BatchBytes    int
	BulkBytes     int // the size from which requests take turns
	MaxFrame      int
	Receive       int // bytes that the kernel takes before the server reads
	// KernelTells: the server can ask when the last byte of a connection came.
	KernelTells      bool
	OutputCap        int
	ReapCheckMillis  int64
	ReapMaxPerMinute int64
}

// Faults says which classes of faults can happen to a node.
type Faults struct {
	Kill, Power   bool // timed ends of the process, and whether the power may go with it
	CrashFS       bool // in the middle of a call of the disk
	CrashEffect   bool // between two effects
	DiskErrors    bool
	SlowFlush     bool
	Pauses        bool
	Drift         bool
	WallJumps     bool
	ShortReads    bool // of the disk
	FailSnapshots bool
	Rot, Orphans  bool // what becomes of files while the server is down
}
