package history

import (
	"fmt"
	"net/netip"

	"quoll/internal/sim/model"
	"quoll/jute"
)

// History is a whole run.
type History struct {
	Options model.Options
	Enforce []string // enforce.auth.schemes; empty: not enforced
	Eager   bool     // enableEagerACLCheck
	// Throttled: requests may be refused because the server has too many.
	Throttled bool
	// FewWatches: a watch may be refused because the server has too many.
	FewWatches bool
	// NoDigest: neither transactions nor trees have one.
	NoDigest bool
	// MaxSessions is how many there may be; 0: any number.
	MaxSessions int
	// Timeouts are clamped to these, ms.
	MinTimeout, MaxTimeout int32

	// Txns is the log that survived: zxids from 1 on, without a gap.
	Txns []Txn
	// Lost are the sessions whose closeSession was proposed and did not survive: they were
	// refused meanwhile, and lived again.
	Lost       map[jute.SessionID]bool
	Conns      []*Conn
	Recoveries []Recovery
	Left       []LeftWatch
}

// Txn is one transaction of the log.
type Txn struct {
	Entry jute.Entry
	// Applied is the last zxid that was applied when the request was looked at.
	Applied jute.Zxid
	// Expiry is set for a closeSession that nobody asked for.
	Expiry *Expiry
}

// Expiry is why a session was ended; times are ms on the server's monotonic clock.
type Expiry struct {
	At, Heard int64
	Timeout   int32
	// Stood is how long the process stood still meanwhile, at least: its clients could not be
	// heard.
	Stood int64
	// Latest is when it should have ended.
	Latest int64
}

// Deadline is the earliest time at which the session may end.
func (x *Expiry) Deadline() int64 { return x.Heard + int64(x.Timeout) + x.Stood }

// Conn is one connection as its client saw it.
type Conn struct {
	ID    model.Conn // from 1, in the order of opening
	Life  int        // of the server: which start it spoke to
	Peer  netip.Addr
	Hello jute.ConnectRequest
	// Session is the one that the server gave it, told or not; 0 when it gave none.
	Session jute.SessionID
	Sent    []Sent
	Got     []Frame
	// Nonsense: the client sent what no server can take, and must be closed.
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
}

// Recovery is what a start of the server found on disk.
type Recovery struct {
	Zxid        jute.Zxid
	Life        int // of the server from now on
	Digest      uint64
	Fingerprint uint64
	Sessions    []jute.SessionID // sorted
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
