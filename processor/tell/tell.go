package tell

import (
	"net/netip"

	"quoll/jute"
)

// Kind is what happened.
type Kind uint8

// The kinds. A and B are the numbers of their events.
const (
	Nothing Kind = iota // nothing that anyone wants to know

	Established // a session began; A: its timeout, ms
	Renewed     // a session went on with this connection; A: its timeout, ms
	Closed      // a session ended because its client asked for it
	Expired     // a session's time is up; A: its timeout, B: how long it was silent or -1; ms

	UnknownSession  // a connect request for a session that does not exist any more
	WrongPassword   // a connect request that does not know the session's password
	ZxidAhead       // a client that has seen zxid A, and this server only B
	NotServing      // a connect request while the server takes no sessions
	NotReadOnly     // a connect request that does not accept a read-only server, which this is
	GlobalSession   // a connect request for a global session, while the server is read-only
	TooManySessions // a new session would be one more than A (quoll.maxSessions)

	FrameLength   // a frame of A bytes, which are above the limit B or below zero
	Unreadable    // a frame that cannot be decoded; A: its bytes
	UnknownOpcode // a request of type A
	AuthFailed    // the proof for scheme Text is refused
	UnknownScheme // nobody can authenticate with scheme Text
	AuthRequired  // a request before authentication with one of the schemes demanded

	TooManyWatches  // a watch would be one more than A (quoll.maxWatches)
	WatchBytes      // the connection watches more than A bytes of paths (quoll.watchBytes)
	WatchTotalBytes // all watch more than A bytes of paths (quoll.watchTotalBytes)
	LongMulti       // a multi or multiRead is longer than quoll.maxMultiOps or a reply may be
	LongWrite       // a transaction would be longer than the A bytes that can be read back
	LargeRequests   // a request of A bytes, too much for largeRequestMaxBytes with those inside
	Throttled       // a request waited longer than throttled_op_wait_time, and is refused
	Stale           // a request waited until nobody wanted its answer: its connection ends

	Cut        // a connection ended, and not because its stream closed it; Err: why
	Stalled    // likewise: its client took no byte of its replies for the session's timeout
	OutputFull // likewise: more events wait for its client than may
	InputFull  // likewise: its client sends more than is taken
	Unfinished // likewise: its unfinished frame is the oldest, and all unfinished ones are too long
	NoSession  // likewise: no session began in the time that there is for it

	TooManyOfAddress   // a connection would be one more of its address than A (maxClientCnxns)
	TooManyConnections // a connection would be one more than A (maxCnxns)
	NoDescriptors      // as many connections are open as the limit of open files allows; Err
	NotAccepted        // a connection could not be accepted for another reason; Err

	SlowFlush // a flush of the log took A ms, for B transactions

	Kinds // how many there are
)

// String is the kind in a few words, for counts.
func (k Kind) String() string { return names[min(k, Kinds)] }

// names is by kind.
//
// read-only: a table.
var names = [Kinds + 1]string{
	Nothing: "nothing", Established: "established", Renewed: "renewed", Closed: "closed",
	Expired: "expired", UnknownSession: "unknown session", WrongPassword: "wrong password",
	ZxidAhead: "zxid ahead", NotServing: "not serving",
	NotReadOnly: "not read-only", GlobalSession: "global session",
	TooManySessions: "too many sessions",
	FrameLength:     "frame length", Unreadable: "unreadable", UnknownOpcode: "unknown opcode",
	AuthFailed: "auth failed", UnknownScheme: "unknown scheme", AuthRequired: "auth required",
	TooManyWatches: "too many watches", WatchBytes: "bytes of watches",
	WatchTotalBytes: "bytes of watches in all", LongMulti: "long multi", LongWrite: "long write",
	LargeRequests: "large requests", Throttled: "throttled", Stale: "stale", Cut: "cut",
	Stalled: "stalled", OutputFull: "output full", InputFull: "input full",
	Unfinished: "unfinished frames",
	NoSession:  "no session", TooManyOfAddress: "too many of an address",
	TooManyConnections: "too many connections", NoDescriptors: "no descriptors",
	NotAccepted: "not accepted", SlowFlush: "slow flush", Kinds: "unknown",
}

// Event is one thing that happened.
type Event struct {
	Kind    Kind
	Peer    netip.AddrPort // the client's; the zero value where none is known
	Session jute.SessionID // 0: none
	A, B    int64          // see the Kind
	Text    string
	Err     error
}

// clipBytes is how much of a client's text an event keeps.
const clipBytes = 64

// Clip is the beginning of a client's text.
func Clip(text []byte) string { return string(text[:min(len(text), clipBytes)]) }

// Teller is told what happens to clients, for the log. The core and every loop call it, and it must
// not block. A nil Teller is allowed.
type Teller interface {
	Tell(e Event)
}
