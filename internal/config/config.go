package config

import (
	"time"

	ensemble "quoll/quorum/config"
)

// Config has all settings of a server. Load makes it, and nobody changes it
// afterwards, so all goroutines share it without a lock.
type Config struct {
	File string // path of the zoo.cfg, "" if there was none

	Storage       Storage
	Sessions      Sessions
	Network       Network
	Throttle      Throttle
	Auth          Auth
	Features      Features
	Observability Observability
	Quorum        Quorum

	// Warnings are about settings that may not have the effect that was intended.
	Warnings []Warning

	settings settings // where each value came from, for the printers
}

// Storage has the settings of snapshots and logs.
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
	FlushDelay          time.Duration // flushDelay: how long a txn may wait to share a flush
	MaxQueuePoll        time.Duration // maxWriteQueuePollTime: a third of FlushDelay unless set
	MaxBatchSize        int           // maxBatchSize: txns that force a flush, <= 0 off
	SnapshotCompression Compression   // snapshot.compression.method
	LastZxidInSnapshot  bool          // serializeLastProcessedZxid.enabled
	Watermark           Watermark     // quoll.watermark
	Lock                string        // quoll.lock: auto, required or off
	LockWait            time.Duration // quoll.lockWaitMillis: to wait for a busy directory
	Purge               Purge
}

// Compression is how snapshots are packed. The value is the file's extension.
type Compression string

// The compressions that a snapshot can be written with.
const (
	Plain Compression = ""
	Gzip  Compression = "gz"
)

// Watermark says when the durable watermark is written to disk: before a write is
// answered, or with the next flush.
type Watermark string

// Strict writes it before a write is answered, which costs a second flush a batch.
// Lag writes it with the next flush; until then a damaged last batch cannot be told
// from a torn one.
const (
	Strict Watermark = "strict"
	Lag    Watermark = "lag"
)

// Trust says which part of the data may be missing at a start.
type Trust struct {
	EmptySnapshot bool // snapshot.trust.empty: logs may come without a snapshot
	MissingLog    bool // quoll.trustMissingLog: snapshots may come without their log
}

// Purge is autopurge: old snapshots and the logs that only they need are removed.
type Purge struct {
	SnapRetainCount int           // autopurge.snapRetainCount, >= 3
	Interval        time.Duration // autopurge.purgeInterval in hours; <= 0 is never
}

// Sessions has the timeouts and the number of sessions.
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

// DefaultMaxSessions is the default of quoll.maxSessions: more sessions than a machine can hold.
const DefaultMaxSessions = 10_000_000

// Network says where clients connect, and how much a connection may use.
type Network struct {
	Client             Listener      // clientPort and clientPortAddress
	Backlog            int           // clientPortListenBacklog; -1 leaves it to the reactor
	MaxPerAddress      int           // maxClientCnxns: connections from one address, 0 off
	MaxConnections     int           // maxCnxns: connections in all, 0 off
	SessionlessTimeout time.Duration // nio.sessionlessCnxnTimeout: time to begin a session
	TCPKeepAlive       bool          // clientTcpKeepAlive
	MaxBufferBytes     int           // jute.maxbuffer: the longest request
	MaxExtraBytes      int           // jute.maxbuffer.extrasize: how much longer transactions are
	FirstFrameBytes    int           // quoll.firstFrameBytes: the longest frame without a session
	Transport          Transport     // quoll.transport
	EventLoops         int           // quoll.eventLoops; 0 picks by the number of cores
	OutputBytes        int64         // quoll.outputBytes: replies waiting for one connection
	OutputTotalBytes   int64         // quoll.outputTotalBytes: replies waiting for all of them
	InputTotalBytes    int64         // quoll.inputTotalBytes: unfinished requests; 0: by memory
	MaxOutstanding     int           // quoll.maxOutstanding: requests of one connection at work
}

// Transport names the implementation of the event loops.
type Transport string

// Gnet uses epoll or kqueue; Std uses the standard library's network poller.
const (
	Gnet Transport = "gnet"
	Std  Transport = "std"
)

// Throttle has the limits that slow clients down before the server is overloaded.
type Throttle struct {
	GlobalOutstanding    int           // globalOutstandingLimit: requests at work, all clients
	MaxRequests          int           // request_throttle_max_requests, 0 off
	DropStale            bool          // request_throttle_drop_stale
	StaleLatencyCheck    bool          // request_stale_latency_check
	StaleConnectionCheck bool          // request_stale_connection_check
	OpWait               time.Duration // throttled_op_wait_time: older writes are refused, 0 off
	LargeMaxBytes        int64         // largeRequestMaxBytes: all large requests at work
	LargeThresholdBytes  int64         // largeRequestThreshold: from here on large, < 0 off
}

// Auth has the settings of authentication and ACLs.
type Auth struct {
	SkipACL         bool     // skipACL
	EagerACLCheck   bool     // enableEagerACLCheck
	DigestEnabled   bool     // DigestAuthenticationProvider.enabled
	DigestAlgorithm string   // DigestAuthenticationProvider.digestAlg, Java's name of it
	SuperDigest     Secret   // DigestAuthenticationProvider.superDigest: super:<digest>
	Enforce         bool     // enforce.auth.enabled
	EnforceSchemes  []string // enforce.auth.schemes: a client must use one of them
}

// Features are the parts of ZooKeeper that can be switched on or off, and their limits.
type Features struct {
	ExtendedTypes   bool // extendedTypesEnabled: TTL nodes
	Emulate353TTL   bool // emulate353TTLNodes
	EnforceQuota    bool // enforceQuota
	TreeDigest      bool // digest.enabled
	CloseSessionTxn bool // closeSessionTxn.enabled: the txn names the ephemerals' paths
	ReadOnlyMode    bool // readonlymode.enabled
	Containers      Containers
	MaxWatches      int   // quoll.maxWatches: watches of all connections
	WatchBytes      int64 // quoll.watchBytes: bytes of the paths that one connection watches
	WatchTotalBytes int64 // quoll.watchTotalBytes: bytes of all watched paths; 0: by the memory
	MaxMultiOps     int   // quoll.maxMultiOps: operations of one multi
}

// Containers says when container and TTL nodes are deleted.
type Containers struct {
	CheckInterval time.Duration // znode.container.checkIntervalMs
	MaxPerMinute  int           // znode.container.maxPerMinute
	MaxNeverUsed  time.Duration // znode.container.maxNeverUsedIntervalMs; 0: never
}

// Observability says what the server reports about itself.
type Observability struct {
	FourLetterWords []string // 4lw.commands.whitelist and srvr; "*" is all of them
	Audit           bool     // audit.enable
	AuditFile       string   // quoll.auditFile; "" is the log
	LogLevel        string   // quoll.logLevel: debug, info, warn or error
	LogFormat       string   // quoll.logFormat: console or json
	LogSessions     string   // quoll.logSessions: level of lines about new sessions
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

// Quorum has the settings of the ensemble. On a server that runs alone only Members
// has an effect.
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
	LeaderServes       bool             // leaderServes
	QuorumSync         bool             // sync.quorum: a sync asks a quorum
	Election           Election
	Sync               Sync
}

// Sync has the settings of how a leader brings a learner up to date.
type Sync struct {
	CommitLogCount     int     // commitLogCount: transactions that are kept in memory, >= 500
	SnapshotSizeFactor float64 // snapshotSizeFactor: of the log, as a part of the snapshot; 0: all
	ForceSnapshot      bool    // forceSnapshotSync: always send a snapshot
	InitialZxid        int64   // testingonly.initialZxid: the counter before an epoch's first
	sizeFactor         string  // as it was written
}

// Election has the settings of the election port, and how a follower seeks its leader.
type Election struct {
	ConnectTimeout time.Duration // cnxTimeout: of one attempt
	HelloTimeout   time.Duration // quorumCnxnTimeoutMs; negative: syncLimit times tickTime
	TCPKeepAlive   bool          // tcpKeepAlive
	MinInterval    time.Duration // fastleader.minNotificationInterval
	MaxInterval    time.Duration // fastleader.maxNotificationInterval
	BindRetries    int           // electionPortBindRetry: seconds; 0: for good
	RedialDelay    time.Duration // leaderConnectDelayDuringRetryMs
}

// A Warning is about a setting that was accepted and may not have the effect that
// was intended.
type Warning struct {
	Key    string // as it was written
	Source string // "zoo.cfg:12" or "-D"
	Text   string
}

func (w Warning) String() string { return w.Source + ": " + w.Key + ": " + w.Text }
