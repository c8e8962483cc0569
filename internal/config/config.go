package config

import (
	"time"

	ensemble "quoll/quorum/config"
)

// Config is everything a server is told before it starts. Load makes it, and
// nobody writes to it afterwards: it is shared by every goroutine without a lock.
type Config struct {
	File string // the zoo.cfg it came from, "" when there was none

	Storage       Storage
	Sessions      Sessions
	Network       Network
	Throttle      Throttle
	Auth          Auth
	Features      Features
	Observability Observability
	Quorum        Quorum

	// Warnings are settings that will not do what whoever wrote them may expect.
	Warnings []Warning

	settings settings // where each value came from, for the printers
}

// Storage is where the data lives and how it gets there.
type Storage struct {
	DataDir             string // dataDir: snapshots, myid, epoch files
	DataLogDir          string // dataLogDir: transaction logs; DataDir unless set
	AutoCreateDirs      bool   // datadir.autocreate
	AutoCreateDB        bool   // db.autocreate: an empty directory is an empty tree
	Trust               Trust
	SnapCount           int           // snapCount: txns between snapshots before the jitter, >= 2
	SnapSizeLimitBytes  int64         // snapSizeLimitInKb: log bytes between snapshots, <= 0 off
	LogSizeLimitBytes   int64         // txnLogSizeLimitInKb: a log rolls at this size, < 0 off
	PreAllocBytes       int64         // preAllocSize: a log grows in steps of this
	ForceSync           bool          // forceSync: false leaves durability to the kernel
	FsyncWarning        time.Duration // fsync.warningthresholdms: a slower flush is logged
	FlushDelay          time.Duration // flushDelay: how long a txn may wait for company
	MaxQueuePoll        time.Duration // maxWriteQueuePollTime: a third of FlushDelay unless set
	MaxBatchSize        int           // maxBatchSize: txns that force a flush, <= 0 off
	SnapshotCompression Compression   // snapshot.compression.method
	LastZxidInSnapshot  bool          // serializeLastProcessedZxid.enabled
	Watermark           Watermark     // quoll.watermark
	Lock                string        // quoll.lock: auto, required or off
	LockWait            time.Duration // quoll.lockWaitMillis: for a directory that is in use
	Purge               Purge
}

// Compression names how a snapshot is written; it is also the file's extension.
type Compression string

// The compressions that a snapshot can be written with.
const (
	Plain Compression = ""
	Gzip  Compression = "gz"
)

// Watermark says when the durable watermark is on disk: before a write is
// answered, or with the next flush.
type Watermark string

// Strict costs a second flush a batch; with Lag a damaged last batch cannot be
// told from a torn one.
const (
	Strict Watermark = "strict"
	Lag    Watermark = "lag"
)

// Trust says which part of the data may be missing.
type Trust struct {
	EmptySnapshot bool // snapshot.trust.empty: logs without a snapshot are fine
	MissingLog    bool // quoll.trustMissingLog: so are snapshots whose log is not there
}

// Purge is autopurge: old snapshots and the logs that only they need are removed.
type Purge struct {
	SnapRetainCount int           // autopurge.snapRetainCount, >= 3
	Interval        time.Duration // autopurge.purgeInterval in hours; <= 0 is never
}

// Sessions is the clock of the sessions.
type Sessions struct {
	TickTime   time.Duration // tickTime: expiry rounds up to a whole number of these
	MinTimeout time.Duration // minSessionTimeout: 2 ticks unless set
	MaxTimeout time.Duration // maxSessionTimeout: 20 ticks unless set
	MaxCount   int           // quoll.maxSessions
}

// Listener is an address to accept clients on.
type Listener struct {
	Set  bool   // false: there is no such listener
	Host string // "" is every interface
	Port int    // 0 lets the kernel choose
}

// DefaultMaxSessions is quoll.maxSessions where nobody sets it: more than a machine can hold.
const DefaultMaxSessions = 10_000_000

// Network is how clients reach the server and what a connection may take.
type Network struct {
	Client             Listener      // clientPort and clientPortAddress
	Backlog            int           // clientPortListenBacklog; -1 leaves it to the reactor
	MaxPerAddress      int           // maxClientCnxns: connections from one address, 0 off
	MaxConnections     int           // maxCnxns: connections in all, 0 off
	SessionlessTimeout time.Duration // nio.sessionlessCnxnTimeout: to say something, to connect
	TCPKeepAlive       bool          // clientTcpKeepAlive
	MaxBufferBytes     int           // jute.maxbuffer: the longest request
	FirstFrameBytes    int           // quoll.firstFrameBytes: the longest frame without a session
	Transport          Transport     // quoll.transport
	EventLoops         int           // quoll.eventLoops; 0 picks by the number of cores
	OutputBytes        int64         // quoll.outputBytes: replies waiting for one connection
	OutputTotalBytes   int64         // quoll.outputTotalBytes: replies waiting for all of them
	InputTotalBytes    int64         // quoll.inputTotalBytes: unfinished requests; 0: by the memory
	MaxOutstanding     int           // quoll.maxOutstanding: requests of one connection inside
}

// Transport names the implementation of the event loops.
type Transport string

// Gnet is epoll or kqueue; Std is the standard library's network poller.
const (
	Gnet Transport = "gnet"
	Std  Transport = "std"
)

// Throttle is what slows clients down before the server breaks.
type Throttle struct {
	GlobalOutstanding    int           // globalOutstandingLimit: requests inside, all clients
	MaxRequests          int           // request_throttle_max_requests, 0 off
	DropStale            bool          // request_throttle_drop_stale
	StaleLatencyCheck    bool          // request_stale_latency_check
	StaleConnectionCheck bool          // request_stale_connection_check
	OpWait               time.Duration // throttled_op_wait_time: older writes are refused, 0 off
	LargeMaxBytes        int64         // largeRequestMaxBytes: large requests inside, in all
	LargeThresholdBytes  int64         // largeRequestThreshold: what counts as large, < 0 off
}

// Auth is who may do what.
type Auth struct {
	SkipACL         bool     // skipACL
	EagerACLCheck   bool     // enableEagerACLCheck
	DigestEnabled   bool     // DigestAuthenticationProvider.enabled
	DigestAlgorithm string   // DigestAuthenticationProvider.digestAlg, Java's name of it
	SuperDigest     Secret   // DigestAuthenticationProvider.superDigest: super:<digest>
	Enforce         bool     // enforce.auth.enabled
	EnforceSchemes  []string // enforce.auth.schemes: one of them is enough
}

// Features are the parts of ZooKeeper that can be switched.
type Features struct {
	ExtendedTypes   bool // extendedTypesEnabled: TTL nodes
	Emulate353TTL   bool // emulate353TTLNodes
	EnforceQuota    bool // enforceQuota
	TreeDigest      bool // digest.enabled
	CloseSessionTxn bool // closeSessionTxn.enabled: the paths are in the txn
	ReadOnlyMode    bool // readonlymode.enabled
	Containers      Containers
	MaxWatches      int   // quoll.maxWatches, in all
	WatchBytes      int64 // quoll.watchBytes: of the paths that one connection watches
	WatchTotalBytes int64 // quoll.watchTotalBytes: of all watched paths; 0 picks by the memory
	MaxMultiOps     int   // quoll.maxMultiOps
}

// Containers is how container and TTL nodes are reaped.
type Containers struct {
	CheckInterval time.Duration // znode.container.checkIntervalMs
	MaxPerMinute  int           // znode.container.maxPerMinute
	MaxNeverUsed  time.Duration // znode.container.maxNeverUsedIntervalMs; 0 is for ever
}

// Observability is what the server says about itself.
type Observability struct {
	FourLetterWords []string // 4lw.commands.whitelist and srvr; "*" is all of them
	Audit           bool     // audit.enable
	AuditFile       string   // quoll.auditFile; "" is the log
	LogLevel        string   // quoll.logLevel: debug, info, warn or error
	LogFormat       string   // quoll.logFormat: console or json
	LogSessions     string   // quoll.logSessions: debug or info, of sessions that begin
}

// Allows reports whether a four letter word may be answered.
func (o Observability) Allows(word string) bool {
	for _, w := range o.FourLetterWords {
		if w == word || w == "*" {
			return true
		}
	}
	return false
}

// Quorum is the ensemble. Everything but Members is of no effect on a server that
// runs alone.
type Quorum struct {
	ServerID           int64            // from the file myid; -1 without one
	Members            *ensemble.Config // server.N, group.N, weight.N
	Standalone         bool             // standaloneEnabled: one server is no ensemble
	Reconfig           bool             // reconfigEnabled
	PeerType           string           // peerType: participant or observer
	InitLimitTicks     int              // initLimit
	SyncLimitTicks     int              // syncLimit
	ConnectLimitTicks  int              // connectToLearnerMasterLimit; 0 is InitLimitTicks
	ObserverMasterPort int              // observerMasterPort, 0 off
	LocalSessions      bool             // localSessionsEnabled
	LocalUpgrading     bool             // localSessionsUpgradingEnabled
	ListenOnAllIPs     bool             // quorumListenOnAllIPs
	SyncEnabled        bool             // syncEnabled: an observer logs to disk
	LeaderServes       bool             // leaderServes
}

// A Warning is a setting that was accepted and will not have the effect that
// whoever wrote it may expect.
type Warning struct {
	Key    string // as it was written
	Source string // "zoo.cfg:12" or "-D"
	Text   string
}

func (w Warning) String() string { return w.Source + ": " + w.Key + ": " + w.Text }
