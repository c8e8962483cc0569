package history

import (
	"fmt"
	"math"
	"net/netip"

	"quoll/internal/model"
	"quoll/jute"
)

// History is a whole run.
type History struct {
	Rules

	// Begin is the zxid of the empty tree with which all nodes began.
	Begin jute.Zxid
	// Txns is the log that survived.
	Txns Log
	// Reigns are the epochs in which a leader served. The beginning of a reign, counter Front, can
	// be seen in replies although no transaction has it.
	Reigns []int64
	// Lost are the sessions whose closeSession was proposed and did not survive. They were refused
	// meanwhile, and lived again.
	Lost map[jute.SessionID]bool
	// Unborn is how many sessions were proposed and did not survive. They counted meanwhile.
	Unborn int
	// Orphaned are the sessions that the files forgot while the server was down.
	Orphaned   map[jute.SessionID]bool
	Conns      []*Conn
	Recoveries []Recovery
	Left       []LeftWatch
	// Quiet is the zxid at which nothing was on its way, QuietAt the world time; 0: the end.
	Quiet   jute.Zxid
	QuietAt int64
	// Pauses are when a server's process stood still, by world time.
	Pauses []Pause
}

// Rules are the settings of the server that decide what may happen.
type Rules struct {
	Options model.Options
	Enforce []string // enforce.auth.schemes; empty: not enforced
	Eager   bool     // enableEagerACLCheck
	// Throttled: requests may be refused because the server has too many.
	Throttled bool
	// DropsStale: a connection may be closed because a request of it waited too long in line.
	DropsStale bool
	// FewWatches: a watch may be refused because the server has too many.
	FewWatches bool
	// Front is the counter in front of an epoch's first one.
	Front uint32
	// Ensemble: learners forward writes to a leader.
	Ensemble bool
	// QuorumSync: a sync shows what any leader has committed (sync.quorum).
	QuorumSync bool
	// NoDigest: neither transactions nor trees have one.
	NoDigest bool
	// MaxSessions is how many there may be; 0: any number.
	MaxSessions int
	// Timeouts are clamped to these, ms.
	MinTimeout, MaxTimeout int32
	// LargeBytes: a request above it may be refused, and its connection closed; 0: none.
	LargeBytes int
	// MaxFrame: a request of more bytes closes its connection; 0: none does.
	MaxFrame int
}

// Server is one life of the server of a node.
type Server struct {
	Node int // from 1
	Life int // which start, from 1
}

// Pause is from when to when a node's process stood still, by world time.
type Pause struct {
	Node     int
	From, To int64
}

// Txn is one transaction of the log.
type Txn struct {
	Entry jute.Entry
	// Applied is the last zxid that was applied when the request was looked at, or some time later.
	// Before is the last one that was applied some time before.
	Applied, Before jute.Zxid
	At              int64 // world time at which it was proposed
	Node            int   // the node that proposed it
	From            int   // the node whose client asked for it, if one did; 0: not known
	// Expiry is set for a closeSession that nobody asked for.
	Expiry *Expiry
}

// Expiry is why a session was ended; times are ms on the server's monotonic clock.
type Expiry struct {
	At, Heard int64
	Timeout   int32
	// Stood is how long the process stood still meanwhile, at least. Its clients could not be heard
	// then.
	Stood int64
	// Latest is when it should have ended at the latest.
	Latest int64
}

// AnyTime is a Latest when nobody outside knows one.
const AnyTime = math.MaxInt64

// Deadline is the earliest time at which the session may end.
func (x *Expiry) Deadline() int64 { return x.Heard + int64(x.Timeout) + x.Stood }

// Conn is one connection as its client saw it.
type Conn struct {
	ID     model.Conn // from 1, in the order of opening
	Server            // that it spoke to
	Peer   netip.Addr
	Hello  jute.ConnectRequest
	// HelloAt is the world time at which it was sent.
	HelloAt int64
	// Session is the one that the server gave it, whether or not the client was told; 0: none.
	Session jute.SessionID
	// Granted is the world time of that.
	Granted int64
	Sent    []Sent
	Got     []Frame
	// Closed: the server closed it, when so much was applied. A close by the server's network does
	// not count: it closes a client that takes no output, which is simulated and not judged.
	Closed   bool
	ClosedAt jute.Zxid
	// ClosedTime is the world time of it.
	ClosedTime int64
	// Early: the server took no sessions yet when it closed, or when it was asked for one.
	Early bool
	// Silence is why a member may have closed it, if its client was silent for long enough then.
	Silence *Expiry
	// Word: it asked for a four-letter word.
	Word bool
	// Nonsense: the client sent what no server can take, so that the server must close it.
	Nonsense bool
	// Open: the connection still stands, and nothing is on its way any more.
	Open bool
}

// Sent is one request, in order.
type Sent struct {
	Xid  int32
	Op   jute.OpCode
	Body []byte
	At   int64 // world time, for the order of what clients could know
}

// Frame is one frame that arrived, without its length.
type Frame struct {
	Bytes []byte
	// Applied is the last zxid that the server had applied when it wrote the frame.
	Applied jute.Zxid
	At      int64 // world time of arrival
	Written int64 // world time at which the server wrote it
}

// Recovery is what a start of a server found on disk.
type Recovery struct {
	Server            // from now on
	Zxid    jute.Zxid // the end of its log
	Durable jute.Zxid // up to where the lives before had said that the log is durable
	// Commit is the last transaction of its log that was committed by then. The transactions behind
	// it may be lost.
	Commit jute.Zxid
	// Shown is the last transaction that the life before can have shown to clients.
	Shown jute.Zxid
	// Own is the end of its log that the history does not have, if any; Fork is the last
	// transaction before it.
	Fork jute.Zxid
	Own  Log

	Digest      uint64
	Fingerprint uint64
	Sessions    []jute.SessionID // sorted
	// Orphans are the sessions whose ephemerals were removed.
	Orphans []jute.SessionID
}

// LeftWatch is a watch that a client with an open connection still has at the end.
type LeftWatch struct {
	Conn  model.Conn
	Path  string
	Kind  WatchKind
	Armed jute.Zxid // of the reply that set it
}

// WatchKind is what a client's watch waits for.
type WatchKind uint8

// The kinds.
const (
	WatchData WatchKind = iota
	WatchExist
	WatchChild
)

// Violation is one thing that must not be.
type Violation struct {
	Zxid jute.Zxid
	Conn model.Conn // 0: none
	Rule string     // short and stable
	Text string
}

func (v Violation) String() string {
	where := fmt.Sprintf("at %v", v.Zxid)
	if v.Conn != 0 {
		where += fmt.Sprintf(", connection %d", v.Conn)
	}
	return fmt.Sprintf("%s: %s: %s", v.Rule, where, v.Text)
}
