package replica

import "slices"

// tick does the work that is due by time alone: expiry, then reaping.
func (r *Replica) tick(now Now) {
	r.expired, r.effects.LateMillis = r.chain.Tick(r.config.IntervalMillis, r.expired)
	if r.leads {
		r.reap(now)
	}
}

// expire proposes the end of expired sessions. If there are many, it proposes some, and the next
// step goes on. All of them are marked as closing since the tick, so that later requests of their
// clients change nothing.
func (r *Replica) expire() {
	n := min(len(r.expired), r.config.ExpiriesPerStepAtMost)
	for _, s := range r.expired[:n] {
		r.chain.Expire(s)
	}
	r.expired = slices.Delete(r.expired, 0, n)
	r.effects.Again = r.effects.Again || len(r.expired) > 0
}
