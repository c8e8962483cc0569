package calls

import (
	"encoding/binary"
	"time"

	"quoll/jute"
)

// Kind is what a call does.
type Kind uint8

// The kinds.
const (
	// Read changes nothing on the server, or the same when it is done twice. It may be sent again.
	Read Kind = iota
	// Write is sent once.
	Write
	// Bound belongs to its connection and is forgotten with it. Nobody waits for it.
	Bound
)

type place uint8

const (
	free    place = iota // with its caller
	queued               // in unsent
	written              // in sent
	matched              // its reply is there, or it ends without one
)

// keptBytes is the largest buffer that a call keeps when it is used again.
const keptBytes = 64 << 10

// Call is one request and its reply.
type Call struct {
	Op   jute.OpCode
	Kind Kind
	// Path is the node, for encoding and for error messages.
	Path []byte
	// Bounded: the caller's context has a deadline, the queue's timeout does not count.
	Bounded bool
	// Replied is called by the reader when the reply is there, before the reply or event that
	// comes next on the wire is looked at. kept is false if the caller has left. When the call
	// ends without a reply, Replied is called with a code of ConnectionLoss. It may be nil.
	Replied func(code jute.ErrorCode, kept bool)
	// Then is called instead of waking a waiter. It must not block. It may be nil.
	Then func(*Call)

	// The result, to be read after Done has given its token.
	Header jute.ReplyHeader
	Reply  []byte // the body
	Err    error  // why there is no reply

	frame   []byte
	token   chan struct{}
	at      place
	left    bool // the caller does not wait any more
	batch   uint64
	offset  int           // of the frame in its batch
	madeAt  time.Duration // on the client's monotonic clock
	sentAt  time.Duration
	xid     int32
	counted int // bytes that count against the limit
}

// Begin empties the frame and encodes the header. Fields of the request follow through the Coder,
// which has to be given back to End.
func (c *Call) Begin() jute.Coder {
	frame := jute.FrameStart(c.frame[:0])
	enc := jute.Encoder(frame)
	header := jute.RequestHeader{Type: c.Op}
	header.Fields(&enc)
	return enc
}

// End takes the encoded request.
func (c *Call) End(enc jute.Coder) {
	c.frame = enc.Bytes()
	jute.FrameEnd(c.frame, 0)
}

// Bytes is the size of the frame without its length.
func (c *Call) Bytes() int { return len(c.frame) - 4 }

// Done gives a token when the call is completed.
func (c *Call) Done() <-chan struct{} { return c.token }

// Xid is the number under which the request was sent last.
func (c *Call) Xid() int32 { return c.xid }

// SentAt is when the request was sent last, on the client's monotonic clock.
func (c *Call) SentAt() time.Duration { return c.sentAt }

// stamp puts the xid into the frame.
func (c *Call) stamp(xid int32) {
	c.xid = xid
	binary.BigEndian.PutUint32(c.frame[4:], uint32(xid))
}

// reset makes the call as good as new, but for its buffers.
func (c *Call) reset() {
	kept := Call{token: c.token, Path: c.Path[:0], frame: c.frame[:0], Reply: c.Reply[:0]}
	if cap(kept.frame) > keptBytes {
		kept.frame = nil
	}
	if cap(kept.Reply) > keptBytes {
		kept.Reply = nil
	}
	*c = kept
}

// list is calls in order, taken from the front.
type list struct {
	calls []*Call
	head  int // calls[:head] are taken
}

func (l *list) len() int { return len(l.calls) - l.head }

func (l *list) all() []*Call { return l.calls[l.head:] }

func (l *list) front() *Call { return l.calls[l.head] }

func (l *list) push(c *Call) {
	if l.head > 64 && l.head*2 > len(l.calls) {
		n := copy(l.calls, l.calls[l.head:])
		clear(l.calls[n:])
		l.calls, l.head = l.calls[:n], 0
	}
	l.calls = append(l.calls, c)
}

func (l *list) pop() *Call {
	c := l.calls[l.head]
	l.calls[l.head] = nil
	l.head++
	if l.head == len(l.calls) {
		l.calls, l.head = l.calls[:0], 0
	}
	return c
}

// remove takes a call out of the middle.
func (l *list) remove(c *Call) {
	for i := l.head; i < len(l.calls); i++ {
		if l.calls[i] == c {
			copy(l.calls[i:], l.calls[i+1:])
			l.calls[len(l.calls)-1] = nil
			l.calls = l.calls[:len(l.calls)-1]
			return
		}
	}
}

// replace makes the list hold exactly these calls.
func (l *list) replace(calls []*Call) { l.calls, l.head = calls, 0 }

// TakeReply gives the body away, which is then not used again.
func (c *Call) TakeReply() []byte {
	reply := c.Reply
	c.Reply = nil
	return reply
}
