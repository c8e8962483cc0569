package processor

import (
	"quoll/jute"
	"quoll/processor/mail"
)

// syncs holds the syncs that the leader was asked for and has not answered. The requests that a
// session sends behind its sync wait here, even writes: a write that passed the sync could be
// applied before the sync is answered.
//
//	asked    [sync s1] [connects] [sync s4]    the leader answers them in this order
//	            |
//	behind   write s1, read s1                 go their way, in order, when the sync is answered
//
// A learner sends a sync of its own behind the questions that connects made it ask: forward.go.
type syncs struct {
	asked fifo[*barrier]
	of    map[jute.SessionID]*barrier // the sync of each session; its later requests wait behind it
}

// barrier is a sync, and what waits behind it. That of connects has no request.
type barrier struct {
	request  mail.Request
	behind   []mail.Request
	connects []*revalidation
}

func newSyncs() syncs { return syncs{of: make(map[jute.SessionID]*barrier)} }

// begin puts a sync behind those that were asked for.
func (q *syncs) begin(r *mail.Request) {
	b := &barrier{request: *r}
	q.asked.push(b)
	q.of[r.Session] = b
}

// beginFor puts a sync for connects behind those that were asked for.
func (q *syncs) beginFor(connects []*revalidation) { q.asked.push(&barrier{connects: connects}) }

// hold keeps a request if its session waits for a sync.
func (q *syncs) hold(r *mail.Request) bool {
	if len(q.of) == 0 {
		return false
	}
	b := q.of[r.Session]
	if b == nil {
		return false
	}
	b.behind = append(b.behind, *r)
	return true
}

// abandon forgets everything, and gives the requests to drop. Connects are dropped elsewhere.
func (q *syncs) abandon(drop func(*mail.Request)) {
	for i := range q.asked.len() {
		b := *q.asked.at(i)
		if b.connects == nil {
			drop(&b.request)
		}
		for k := range b.behind {
			drop(&b.behind[k])
		}
	}
	*q = newSyncs()
}

// end takes out the first sync; nil when there is none.
func (q *syncs) end() *barrier {
	if q.asked.len() == 0 {
		return nil
	}
	at := q.asked.pop()
	b := *at
	*at = nil
	q.asked.compact()
	if b.connects == nil {
		delete(q.of, b.request.Session)
	}
	return b
}
