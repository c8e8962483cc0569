package processor

import (
	"sync"

	"quoll/datatree"
	"quoll/jute"
	"quoll/processor/auth"
	"quoll/processor/reads"
)

// Request is one request on its way through the chain. It is made by a lane, or by the replica for
// the server's own purposes.
type Request struct {
	// Stream is answered; nil for the server's own requests (expiry, containers).
	Stream  *Stream
	Session jute.SessionID
	Xid     int32
	Type    jute.OpCode
	// Body is the frame behind the header. It aliases the batch and lives as long as anyone needs
	// it, because a batch's memory is never used twice.
	Body []byte
	// Identity is who asked, as it was when the request was received (rule 1).
	Identity *auth.Identity
	// ReceivedMillis is when, on the monotonic clock.
	ReceivedMillis int64
	// Connect is set for a connect request, whose Type is createSession.
	Connect *jute.ConnectRequest
	// weight is what it counts as in flight: its own bytes, or those of its reply if they are more.
	weight int
	// refused is answered instead of doing anything, at the request's place in the order.
	refused jute.ErrorCode
	// early: it was refused before it could count; the reply's zxid is 0.
	early bool
}

// askingOf makes a question to a Reader of a request.
func askingOf(r *Request, v datatree.View) reads.Asking {
	return reads.Asking{
		Xid: r.Xid, Type: r.Type, Body: r.Body, Session: r.Session, Identity: r.Identity,
		Watcher: r.Stream.watcher, Refused: r.refused, Early: r.early, View: v,
	}
}

// Batch is what a lane hands to the core at once: the requests of one loop turn.
type Batch struct {
	Requests []Request
	home     *sync.Pool // where it goes when the core is done with it; nil: nowhere
}

// done gives the batch back: every request in it was copied to where it waits, or is over.
func (b *Batch) done() {
	clear(b.Requests)
	b.Requests = b.Requests[:0]
	if b.home != nil && cap(b.Requests) <= batchKeepRequests {
		b.home.Put(b)
	}
}

// batchKeepRequests is the largest batch that is kept for reuse.
const batchKeepRequests = 4096
