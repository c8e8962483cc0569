package processor

import (
	"sync"

	"quoll/jute"
	"quoll/processor/auth"
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

// kind says which way a request takes.
type kind uint8

const (
	unknown kind = iota
	write        // becomes a transaction
	read         // is answered from the tree
	inline       // auth, sasl: answered by the lane at once
)

// kindOf tells the way of each opcode a client may send.
//
// createSession and deleteContainer exist for servers: Apache takes both from a client socket. A
// createSession from a client is refused here like any unknown code; a deleteContainer is taken
// from a client who may delete the node (docs/decisions/0002-server-opcodes.md).
func kindOf(op jute.OpCode) kind {
	switch op {
	case jute.OpCreate, jute.OpCreate2, jute.OpCreateContainer, jute.OpCreateTTL, jute.OpDelete,
		jute.OpDeleteContainer, jute.OpSetData, jute.OpSetACL, jute.OpMulti, jute.OpReconfig,
		jute.OpCloseSession:
		return write
	case jute.OpExists, jute.OpGetData, jute.OpGetACL, jute.OpGetChildren, jute.OpGetChildren2,
		jute.OpGetAllChildren, jute.OpGetEphemerals, jute.OpMultiRead, jute.OpSync, jute.OpPing,
		jute.OpCheckWatches, jute.OpRemoveWatches, jute.OpAddWatch, jute.OpSetWatches,
		jute.OpSetWatches2, jute.OpWhoAmI:
		return read
	case jute.OpAuth, jute.OpSASL:
		return inline
	}
	return unknown
}
