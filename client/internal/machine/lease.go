package machine

import "time"

// Instant is a moment on both clocks of the machine. They differ after the machine was suspended:
// then the monotonic clock has stood still.
type Instant struct {
	Mono time.Duration // since the client was made
	Wall time.Duration // since 1970
}

// leastMargin is the lower bound of a lease's margin.
const leastMargin = 100 * time.Millisecond

// Lease says until when a session surely lives, judged by what the client has sent: the server
// cannot have expired it before (time of sending of the latest request that was answered) +
// timeout. The lease ends a margin earlier, so that its owner can act in time.
//
// A jump of the wall clock by more than the margin counts as a lapse, because the machine may have
// been suspended. It lasts until a request is answered that was sent after the jump.
type Lease struct {
	timeout time.Duration
	heard   time.Duration // Mono: sending of the latest request that was answered
	shift   time.Duration // Wall - Mono at the last Check
	lapse   time.Duration // Mono: when it lapsed; meaningful if lapsed
	lapsed  bool
	begun   bool
}

// Begin starts the lease of a session. sent is when the connect request was sent.
func (l *Lease) Begin(timeout time.Duration, sent time.Duration, now Instant) {
	*l = Lease{timeout: timeout, heard: sent, shift: now.Wall - now.Mono, begun: true}
}

// End ends the lease. No session is left that could lapse.
func (l *Lease) End() { *l = Lease{} }

// Margin is how long before the session's timeout the lease ends.
func (l *Lease) Margin() time.Duration { return max(l.timeout/10, leastMargin) }

// Deadline is when the lease ends, on the monotonic clock, if no further request is answered.
func (l *Lease) Deadline() time.Duration { return l.heard + l.timeout - l.Margin() }

// Turn is what a Check found.
type Turn uint8

// The turns of a lease.
const (
	// Same: nothing has changed.
	Same Turn = iota
	// Lapsing: the lease has ended.
	Lapsing
	// Reviving: it had ended, but a request sent later was answered: the session lives.
	Reviving
)

// Check looks at the clocks. heard is the sending of the latest request that was answered.
func (l *Lease) Check(now Instant, heard time.Duration) Turn {
	if !l.begun {
		return Same
	}
	l.heard = max(l.heard, heard)
	jumped := now.Wall-now.Mono-l.shift > l.Margin()
	l.shift = now.Wall - now.Mono
	over := jumped || now.Mono >= l.Deadline()
	switch {
	case over && !l.lapsed:
		l.lapsed, l.lapse = true, now.Mono
		return Lapsing
	case over:
		l.lapse = now.Mono
	case l.lapsed && l.heard > l.lapse:
		l.lapsed = false
		return Reviving
	}
	return Same
}
