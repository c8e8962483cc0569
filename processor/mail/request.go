package mail

import (
	"sync"

	"quoll/jute"
	"quoll/processor/auth"
)

// Origin says where a request comes from.
type Origin uint8

// The origins.
const (
	FromClient Origin = iota // a client of this server: its Conn is answered
	FromServer               // the server's own: expiry, containers; nobody is answered
)

// Request is one request on its way through the chain. It is made by a lane, or by the chain itself
// for the server's own purposes.
type Request struct {
	Origin  Origin
	Conn    *Conn // is answered; nil when no client of this server asked
	Session jute.SessionID
	Xid     int32
	Type    jute.OpCode
	// Body is the frame behind the header. Caveats: it aliases the memory of its batch, and so do
	// the transaction, the log and the link that are made from it. It may be kept, because that
	// memory is never used twice; nobody may change it.
	Body []byte
	// Identity is the client's when the request was received (rule 1).
	Identity *auth.Identity
	// ReceivedMillis is when the request was received, on the monotonic clock.
	ReceivedMillis int64
	// Connect is set for a connect request, whose Type is createSession.
	Connect *jute.ConnectRequest
	// ReadOnly, of a connect request: nothing but reads is served.
	ReadOnly bool
	// Weight is what the request counts as in flight, in bytes: its own, or its reply's if they are
	// more.
	Weight int
	// Refused, unless it is OK, is answered at the request's place in the order, and nothing is
	// done.
	Refused jute.ErrorCode
	// Early says that the request was refused before it could count. The reply's zxid is 0.
	Early bool
}

// Batch is what a lane hands to the core at once: the requests of one loop turn.
type Batch struct {
	Requests []Request
	home     *sync.Pool // where it goes when the core is done with it; nil: nowhere
}

// NewBatch is an empty batch. It is one that the core is done with, if home has any.
func NewBatch(home *sync.Pool) *Batch {
	if b, ok := home.Get().(*Batch); ok {
		return b
	}
	return &Batch{home: home}
}

// Done gives the batch back. Every request in it has been copied to where it waits, or is over.
func (b *Batch) Done() {
	clear(b.Requests)
	b.Requests = b.Requests[:0]
	if b.home != nil && cap(b.Requests) <= batchKeepRequests {
		b.home.Put(b)
	}
}

// batchKeepRequests is the largest batch that is kept for reuse.
const batchKeepRequests = 4096
