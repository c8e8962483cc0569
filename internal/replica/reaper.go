package replica

import "quoll/datatree"

// ReapRules says when the server looks for containers and TTL nodes to delete (ContainerManager).
type ReapRules struct {
	CheckIntervalMillis     int64 // znode.container.checkIntervalMs
	MaxPerMinute            int64 // znode.container.maxPerMinute
	MaxNeverUsedMillis      int64 // znode.container.maxNeverUsedIntervalMs; 0: no limit
	CandidatesPerTickAtMost int   // nodes that one tick looks at; it keeps every tick short
}

// reaper deletes container and TTL nodes that are not needed any more. In every check interval it
// goes once over all candidates. It looks at one chunk of them a tick, and deletes no more nodes a
// minute than MaxPerMinute.
type reaper struct {
	rules     ReapRules
	cursor    datatree.ReapCursor
	nextRound int64 // monotonic ms
	running   bool
	nextReap  int64 // monotonic ms: no chunk before this time, so that MaxPerMinute is kept
}

func newReaper(rules ReapRules, monoMillis int64) reaper {
	return reaper{rules: rules, nextRound: monoMillis + rules.CheckIntervalMillis}
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
