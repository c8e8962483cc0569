package replica

import (
	"slices"

	"quoll/datatree"
)

// ReapRules says when containers and TTL nodes are looked at (ContainerManager).
type ReapRules struct {
	CheckIntervalMillis     int64 // znode.container.checkIntervalMs
	MaxPerMinute            int64 // znode.container.maxPerMinute
	MaxNeverUsedMillis      int64 // znode.container.maxNeverUsedIntervalMs; 0: for ever
	CandidatesPerTickAtMost int   // looked at in one tick, so that no tick is long
}

// reaper deletes container and TTL nodes that nobody needs any more: every check interval it goes
// once over the candidates, a chunk a tick, and not faster than its pace.
type reaper struct {
	rules     ReapRules
	cursor    datatree.ReapCursor
	nextRound int64 // monotonic ms
	running   bool
	nextReap  int64 // monotonic ms: the pace
}

func newReaper(rules ReapRules, monoMillis int64) reaper {
	return reaper{rules: rules, nextRound: monoMillis + rules.CheckIntervalMillis}
}

// tick is what time alone brings about: expiry, then reaping.
func (r *Replica) tick(now Now) {
	r.expired, r.effects.LateMillis = r.sessions.Tick(
		now.MonoMillis, r.config.IntervalMillis, r.expired)
	r.reap(now)
}

// expire proposes the end of sessions whose time is up; of a crowd some, and the next step goes on.
// Since the tick they are closing, so that what their clients still send changes nothing.
func (r *Replica) expire() {
	n := min(len(r.expired), r.config.ExpiriesPerStepAtMost)
	for _, s := range r.expired[:n] {
		r.chain.Expire(s)
	}
	r.expired = slices.Delete(r.expired, 0, n)
	r.effects.Again = len(r.expired) > 0
}

func (r *Replica) reap(now Now) {
	rp := &r.reaper
	if !rp.running {
		if now.MonoMillis < rp.nextRound {
			return
		}
		rp.running, rp.cursor = true, datatree.ReapCursor{}
		rp.nextRound = now.MonoMillis + rp.rules.CheckIntervalMillis
	}
	if now.MonoMillis < rp.nextReap {
		return
	}
	budget := rp.rules.CandidatesPerTickAtMost
	if pace := rp.rules.MaxPerMinute; pace > 0 {
		budget = int(min(int64(budget), max(pace*r.config.IntervalMillis/60_000, 1)))
	}
	v := r.tree.Peek()
	paths := v.Expired(&rp.cursor, now.WallMillis, rp.rules.MaxNeverUsedMillis, budget)
	for _, path := range paths {
		r.chain.Reap(path)
	}
	rp.running = rp.cursor.More()
	if pace := rp.rules.MaxPerMinute; pace > 0 {
		rp.nextReap = now.MonoMillis + int64(len(paths))*60_000/pace
	}
}
