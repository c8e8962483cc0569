package wire

import (
	"context"

	"quoll/jute"
)

// Future is the reply to one request, now or later.
type Future struct {
	xid  int32
	op   jute.OpCode
	done chan struct{}

	// Set before done is closed, read after.
	header jute.ReplyHeader
	body   []byte
	index  int
	err    error
}

func newFuture(xid int32, op jute.OpCode) *Future {
	return &Future{xid: xid, op: op, done: make(chan struct{})}
}

// early says that the server answers the request when it receives it, ahead of those before it.
func (f *Future) early() bool { return f.op == jute.OpAuth || f.op == jute.OpSASL }

func (f *Future) complete(h jute.ReplyHeader, body []byte, index int) {
	f.header, f.body, f.index = h, body, index
	close(f.done)
}

func (f *Future) fail(err error) {
	f.err = err
	close(f.done)
}

// Xid is the number the request went out with.
func (f *Future) Xid() int32 { return f.xid }

// Done is closed when the reply is there, or never will be.
func (f *Future) Done() <-chan struct{} { return f.done }

// Index is the place of the reply among the connection's replies, from 0. It means something after
// Wait returned without an error.
func (f *Future) Index() int { return f.index }

// Wait returns the reply: its header, and its body in memory of its own. An error says that there
// is no reply; a reply that reports failure is one, with its code in the header.
func (f *Future) Wait(ctx context.Context) (jute.ReplyHeader, []byte, error) {
	select {
	case <-f.done:
	default:
		select {
		case <-f.done:
		case <-ctx.Done():
			return jute.ReplyHeader{}, nil, ctx.Err()
		}
	}
	return f.header, f.body, f.err
}

// Into waits for the reply and decodes its body into r, which may be nil. A header with a code
// other than OK is returned as that jute.ErrorCode.
func (f *Future) Into(ctx context.Context, r jute.Record) (jute.ReplyHeader, error) {
	h, body, err := f.Wait(ctx)
	if err != nil {
		return h, err
	}
	if h.Err != jute.OK {
		return h, h.Err
	}
	if r != nil {
		_, err = jute.Decode(body, r)
	}
	return h, err
}
