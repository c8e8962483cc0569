package calls

import (
	"context"
	"sync"
	"time"

	"quoll/client/internal/machine"
	"quoll/jute"
)

// Queue has the calls of a client.
type Queue struct {
	now     func() time.Duration
	timeout time.Duration // of calls that are not Bounded; 0: none

	mu      sync.Mutex
	unsent  list
	sent    list
	room    room
	company company
	refusal error // of new calls; nil while the client lives
	lastXid int32
	batch   uint64 // of the latest Take

	wake chan struct{} // holds one token when unsent may have calls
	pool sync.Pool
}

// Limits bounds what a queue holds. A call beyond them waits.
type Limits struct {
	Requests, Bytes int
	// Timeout ends a call that is not Bounded; 0: never.
	Timeout time.Duration
}

// NewQueue makes a queue. now is the client's monotonic clock.
func NewQueue(limits Limits, now func() time.Duration) *Queue {
	return &Queue{
		now: now, timeout: limits.Timeout,
		room: room{maxRequests: limits.Requests, maxBytes: limits.Bytes},
		wake: make(chan struct{}, 1), company: newCompany(),
	}
}

// New returns a call that is empty, but for its operation.
func (q *Queue) New(op jute.OpCode, kind Kind) *Call {
	c, ok := q.pool.Get().(*Call)
	if !ok {
		c = &Call{token: make(chan struct{}, 1)}
	}
	c.Op, c.Kind = op, kind
	return c
}

// Free gives a call back that is completed, or was never enqueued. What its Reply holds is
// overwritten by a later call.
func (q *Queue) Free(c *Call) {
	c.reset()
	q.pool.Put(c)
}

// Enqueue puts a call behind all others. It waits for room until ctx ends. After an error the call
// is still the caller's.
func (q *Queue) Enqueue(ctx context.Context, c *Call) error {
	q.mu.Lock()
	if q.refusal == nil && !q.room.take(c) {
		w := q.room.wait(c)
		q.mu.Unlock()
		if err := q.await(ctx, c, w); err != nil {
			return err
		}
		q.mu.Lock()
	}
	defer q.mu.Unlock()
	if q.refusal != nil {
		return q.refusal
	}
	q.add(c)
	return nil
}

// Enlist puts a Bound call behind all others, whatever the limits are.
func (q *Queue) Enlist(c *Call) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.refusal == nil {
		q.add(c)
	}
}

func (q *Queue) add(c *Call) {
	c.at, c.madeAt = queued, q.now()
	q.unsent.push(c)
	q.company.asked(c)
	q.signal()
}

// signal is called with mu.
func (q *Queue) signal() { leaveToken(q.wake) }

// leaveToken leaves a token in a channel that holds one, unless it is there.
func leaveToken(in chan<- struct{}) {
	select {
	case in <- struct{}{}:
	default:
	}
}

// await waits until the call has a place, or the queue refuses calls.
func (q *Queue) await(ctx context.Context, c *Call, w *waiter) error {
	var late <-chan time.Time
	if q.timeout > 0 && !c.Bounded {
		timer := time.NewTimer(q.timeout)
		defer timer.Stop()
		late = timer.C
	}
	var err error
	select {
	case <-w.ready:
		return nil
	case <-ctx.Done():
		err = ctx.Err()
	case <-late:
		err = context.DeadlineExceeded
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.room.forget(w)
	return err
}

// Abandon is called when the caller does not wait any more. answered says that the call has been
// completed: its token is there, or will be at once, and the call is still the caller's. Otherwise
// the call must not be touched again, and fate says how it ended.
func (q *Queue) Abandon(c *Call) (fate machine.Fate, answered bool) {
	q.mu.Lock()
	switch c.at {
	case matched:
		q.mu.Unlock()
		return machine.Wait, true
	case queued:
		q.unsent.remove(c)
		c.at, c.left = matched, true
		fate = machine.Abandon(false, c.Kind == Write)
		q.room.give(c)
		q.mu.Unlock()
		q.complete(c)
		return fate, false
	}
	defer q.mu.Unlock()
	c.left = true
	return machine.Abandon(true, c.Kind == Write), false
}

// Late completes the calls whose time is over with err. A write of which a byte was sent ends with
// unknown(err).
func (q *Queue) Late(err error, unknown func(error) error) {
	if q.timeout <= 0 {
		return
	}
	q.mu.Lock()
	limit := q.now() - q.timeout
	var late []*Call
	for _, c := range q.unsent.all() {
		if c.overdue(limit) {
			c.Err = err
			late = append(late, c)
		}
	}
	for _, c := range late {
		q.unsent.remove(c)
		q.room.give(c)
	}
	for i, c := range q.sent.all() {
		if !c.overdue(limit) {
			continue
		}
		c.Err = err
		if machine.Abandon(true, c.Kind == Write) == machine.Unknown {
			c.Err = unknown(err)
		}
		q.sent.all()[i] = c.ghost()
		c.Replied = nil
		late = append(late, c)
	}
	for _, c := range late {
		c.at = matched
	}
	q.mu.Unlock()
	for _, c := range late {
		q.complete(c)
	}
}

func (c *Call) overdue(limit time.Duration) bool {
	return !c.Bounded && !c.left && c.Kind != Bound && c.madeAt <= limit
}

// ghost takes the place of a sent call that ends before its reply comes.
func (c *Call) ghost() *Call {
	g := &Call{
		Op: c.Op, Kind: c.Kind, Replied: c.Replied, token: make(chan struct{}, 1),
		at: written, left: true, batch: c.batch, offset: c.offset, xid: c.xid,
		sentAt: c.sentAt, counted: c.counted,
	}
	c.counted = 0
	return g
}
