package calls

import (
	"errors"
	"fmt"
	"time"

	"quoll/jute"
)

// ErrXid is a reply that belongs to no request, or is out of order.
var ErrXid = errors.New("reply out of order")

// takeBytes is how much one Take gathers, unless a single frame is larger.
const takeBytes = 256 << 10

// Wake gives a token when there may be calls to Take.
func (q *Queue) Wake() <-chan struct{} { return q.wake }

// Take moves unsent calls to the sent ones and appends their frames to dst, for one write. more
// says that others are left.
func (q *Queue) Take(dst []byte, now time.Duration) (out []byte, more bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.batch++
	from := len(dst)
	if q.unsent.len() > 0 {
		q.company.forget()
	}
	for q.unsent.len() > 0 {
		c := q.unsent.front()
		if len(dst) > from && len(dst)-from+len(c.frame) > takeBytes {
			return dst, true
		}
		q.unsent.pop()
		c.stamp(q.nextXid(c.Op))
		c.at, c.batch, c.offset, c.sentAt = written, q.batch, len(dst)-from, now
		q.sent.push(c)
		dst = append(dst, c.frame...)
	}
	return dst, false
}

func (q *Queue) nextXid(op jute.OpCode) int32 {
	if op == jute.OpAuth {
		return jute.XidAuth
	}
	q.lastXid++
	if q.lastXid <= 0 {
		q.lastXid = 1
	}
	return q.lastXid
}

// Return is told that only n bytes of the latest Take were written. Calls of which no byte was
// written are unsent again.
func (q *Queue) Return(n int) {
	q.mu.Lock()
	sent := q.sent.all()
	first := len(sent)
	for first > 0 && sent[first-1].batch == q.batch && sent[first-1].offset >= n {
		first--
	}
	var again, over []*Call
	for _, c := range sent[first:] {
		if c.left {
			q.room.give(c)
			over = append(over, c)
			continue
		}
		c.at = queued
		again = append(again, c)
	}
	q.sent.replace(append([]*Call(nil), sent[:first]...))
	q.unsent.replace(append(again, q.unsent.all()...))
	q.mu.Unlock()
	for _, c := range over {
		q.complete(c)
	}
}

// Match finds the call that a reply belongs to. atHand is for AtHand. Complete has to follow.
func (q *Queue) Match(h jute.ReplyHeader, atHand bool) (*Call, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.sent.len() == 0 {
		return nil, fmt.Errorf("%w: xid %d, and nothing was asked", ErrXid, h.Xid)
	}
	c := q.sent.front()
	switch {
	case c.xid == h.Xid:
		q.sent.pop()
	case h.Xid == jute.XidAuth:
		// A server answers auth when it receives it, ahead of the requests before it.
		if c = q.firstAuth(); c == nil {
			return nil, fmt.Errorf("%w: auth was not asked for", ErrXid)
		}
		q.sent.remove(c)
	default:
		return nil, fmt.Errorf("%w: xid %d, and %d is next", ErrXid, h.Xid, c.xid)
	}
	c.at = matched
	c.Header = h
	q.room.give(c)
	q.company.answered(c)
	q.company.hasAtHand(atHand)
	return c, nil
}

func (q *Queue) firstAuth() *Call {
	for _, c := range q.sent.all() {
		if c.Op == jute.OpAuth {
			return c
		}
	}
	return nil
}

// Complete gives a matched call its reply. The body is copied. The call is its caller's again.
func (q *Queue) Complete(c *Call, body []byte) {
	wanted := !c.left && c.Kind != Bound
	if wanted {
		c.Reply = append(c.Reply[:0], body...)
	}
	if c.Replied != nil {
		c.Replied(c.Header.Err, wanted)
	}
	q.finish(c)
}

// complete ends a call without a reply. Its Err is set, unless nobody waits for it.
func (q *Queue) complete(c *Call) {
	if c.Replied != nil {
		c.Replied(jute.ConnectionLoss, false)
	}
	q.finish(c)
}

// finish hands a call over to its caller, or throws it away. left does not change any more: to a
// caller who leaves now, a matched call is one that is answered.
func (q *Queue) finish(c *Call) {
	switch {
	case c.left || c.Kind == Bound:
		q.Free(c)
	case c.Then != nil:
		c.Then(c)
	default:
		c.token <- struct{}{}
	}
}
