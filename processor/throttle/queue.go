package throttle

// Rules is what the configuration says about the queue in front of Prep.
type Rules struct {
	MaxRequests          int   // request_throttle_max_requests: writes in flight; 0 is off
	DropStale            bool  // request_throttle_drop_stale
	StaleConnectionCheck bool  // request_stale_connection_check
	StaleLatencyCheck    bool  // request_stale_latency_check
	OpWaitMillis         int64 // throttled_op_wait_time: older requests are refused; 0 is off
}

// Verdict is what becomes of a request when it leaves the queue.
type Verdict uint8

// The verdicts.
const (
	Go     Verdict = iota // it goes on
	Drop                  // nobody waits for the answer any more
	Refuse                // it waited too long: ThrottledOp
)

// Judge says what becomes of a request that waited waitedMillis, whose session has such a timeout
// and whose connection is gone or not. stale says that nobody waits for its answer.
func (r *Rules) Judge(
	waitedMillis, timeoutMillis int64, connectionGone bool,
) (v Verdict, stale bool) {
	stale = r.StaleConnectionCheck && connectionGone ||
		r.StaleLatencyCheck && waitedMillis > timeoutMillis
	switch {
	case stale && r.DropStale:
		return Drop, stale
	case r.OpWaitMillis > 0 && waitedMillis > r.OpWaitMillis:
		return Refuse, stale
	}
	return Go, stale
}

// keepRequests is the most requests whose room an empty queue keeps.
const keepRequests = 4096

// Queue holds requests in order while the server is full. The zero Queue is empty.
type Queue[R any] struct {
	waiting []R // from head on
	head    int
}

// Len is how many requests wait.
func (q *Queue[R]) Len() int { return len(q.waiting) - q.head }

// Push puts a request at the end.
func (q *Queue[R]) Push(r R) { q.waiting = append(q.waiting, r) }

// Pop takes the first request; ok is false when there is none.
func (q *Queue[R]) Pop() (r R, ok bool) {
	if q.Len() == 0 {
		return r, false
	}
	var zero R
	r, q.waiting[q.head] = q.waiting[q.head], zero
	q.head++
	switch {
	case q.head == len(q.waiting) && cap(q.waiting) > keepRequests:
		q.waiting, q.head = nil, 0
	case q.head == len(q.waiting):
		q.waiting, q.head = q.waiting[:0], 0
	case q.head > 1024 && q.head > len(q.waiting)/2:
		n := copy(q.waiting, q.waiting[q.head:])
		clear(q.waiting[n:])
		q.waiting, q.head = q.waiting[:n], 0
	}
	return r, true
}
