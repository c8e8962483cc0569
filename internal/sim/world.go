package sim

import (
	"container/heap"
	"fmt"
	"io"
	"math/rand/v2"

	"quoll/internal/sim/history"
	"quoll/internal/sim/simfs"
	"quoll/jute"
)

// world is one run: everything in it happens in one goroutine, in the order of virtual time, and
// every choice comes from one seed.
type world struct {
	plan   plan
	rng    *rand.Rand
	now    int64 // world time, µs
	queue  agenda
	seq    int64
	trace  trace
	counts *Counts

	disk    *simfs.Disk
	process *process // nil: the server is down
	life    int      // how often it was started
	healed  bool     // no more faults
	fuse    fuse
	wall    int64 // what the wall clock shows more than the world's time, ms

	clients []*client
	history history.History
	log     []history.Txn // as proposed; cut at each recovery to what survived
	broken  []string      // violations that were seen while running
	tell    io.Writer     // of what happens, for people; may be nil
}

func newWorld(seed uint64, counts *Counts) *world {
	w := &world{
		rng: rand.New(rand.NewPCG(seed, 0x9e3779b97f4a7c15)), trace: 14695981039346656037,
		counts: counts, disk: simfs.New(), wall: 1_700_000_000_000,
	}
	w.plan = drawPlan(w.rng)
	w.history.Lost = map[jute.SessionID]bool{}
	w.history.Options = w.plan.model
	w.history.Enforce = w.plan.enforce
	w.history.Eager = w.plan.eager
	w.history.Throttled = w.plan.throttle.MaxRequests > 0
	w.history.FewWatches = w.plan.maxWatches > 0
	w.history.MinTimeout, w.history.MaxTimeout = minTimeout, maxTimeout
	return w
}

// agenda is what will happen, earliest first; what was planned first comes first.
type agenda []event

type event struct {
	at, seq int64
	do      func()
}

func (a agenda) Len() int { return len(a) }
func (a agenda) Less(i, j int) bool {
	return a[i].at < a[j].at || a[i].at == a[j].at && a[i].seq < a[j].seq
}
func (a agenda) Swap(i, j int) { a[i], a[j] = a[j], a[i] }
func (a *agenda) Push(x any)   { *a = append(*a, x.(event)) }
func (a *agenda) Pop() any {
	last := len(*a) - 1
	e := (*a)[last]
	(*a)[last] = event{}
	*a = (*a)[:last]
	return e
}

// after plans something, delay µs from now.
func (w *world) after(delay int64, do func()) {
	w.seq++
	heap.Push(&w.queue, event{at: w.now + max(delay, 0), seq: w.seq, do: do})
}

// runUntil lets things happen until a moment, or until stop says so.
func (w *world) runUntil(moment int64, stop func() bool) {
	for len(w.queue) > 0 && w.queue[0].at <= moment && len(w.broken) == 0 {
		e := heap.Pop(&w.queue).(event)
		w.now = e.at
		w.trace.mix(uint64(e.at), uint64(e.seq))
		e.do()
		if stop != nil && stop() {
			return
		}
	}
	if stop == nil {
		w.now = max(w.now, moment)
	}
}

// violate ends the run.
func (w *world) violate(format string, args ...any) {
	w.broken = append(w.broken, fmt.Sprintf(format, args...))
}

// note tells people what happens.
func (w *world) note(format string, args ...any) {
	if w.tell != nil {
		fmt.Fprintf(w.tell, "%9.3f ms  %s\n", float64(w.now)/1000, fmt.Sprintf(format, args...))
	}
}

// between draws from [low, high].
func (w *world) between(low, high int64) int64 { return low + w.rng.Int64N(high-low+1) }

// chance is true once in n.
func (w *world) chance(n int) bool { return w.rng.IntN(n) == 0 }

// trace is a hash of everything that happened: two runs of a seed have the same.
type trace uint64

func (t *trace) mix(values ...uint64) {
	h := uint64(*t)
	for _, v := range values {
		h = (h ^ v) * 1099511628211
		h ^= h >> 29
	}
	*t = trace(h)
}

func (t *trace) bytes(p []byte) {
	h := uint64(*t) ^ uint64(len(p))
	for _, b := range p {
		h = (h ^ uint64(b)) * 1099511628211
	}
	*t = trace(h)
}
