package world

import (
	"container/heap"
	"fmt"
	"io"
	"math/rand/v2"
)

// World is one run: everything in it happens in one goroutine, in the order of virtual time, and
// every choice comes from one seed.
type World struct {
	Now    int64 // world time, µs
	Rand   *rand.Rand
	Counts *Counts
	Trace  Trace
	Broken []string  // violations that were seen while running
	Tell   io.Writer // gets what happens, for people; may be nil

	queue agenda
	seq   int64
}

// New makes the world of a seed, in which nothing is planned yet.
func New(seed uint64, tell io.Writer) *World {
	return &World{
		Rand:  rand.New(rand.NewPCG(seed, 0x9e3779b97f4a7c15)),
		Trace: 14695981039346656037, Counts: NewCounts(), Tell: tell,
	}
}

// agenda is what will happen, earliest first. Of two events at one time the one planned first comes
// first.
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

// After plans do, delay µs from now.
func (w *World) After(delay int64, do func()) {
	w.seq++
	heap.Push(&w.queue, event{at: w.Now + max(delay, 0), seq: w.seq, do: do})
}

// RunUntil lets things happen until a moment, or until stop says so.
func (w *World) RunUntil(moment int64, stop func() bool) {
	for len(w.queue) > 0 && w.queue[0].at <= moment && len(w.Broken) == 0 {
		e := heap.Pop(&w.queue).(event)
		w.Now = e.at
		w.Trace.Mix(uint64(e.at), uint64(e.seq))
		e.do()
		if stop != nil && stop() {
			return
		}
	}
	if stop == nil {
		w.Now = max(w.Now, moment)
	}
}

// Violate notes a violation, which ends the run.
func (w *World) Violate(format string, args ...any) {
	w.Broken = append(w.Broken, fmt.Sprintf(format, args...))
}

// Note tells people what happens.
func (w *World) Note(format string, args ...any) {
	if w.Tell != nil {
		fmt.Fprintf(w.Tell, "%9.3f ms  %s\n", float64(w.Now)/1000, fmt.Sprintf(format, args...))
	}
}

// Between draws from [low, high].
func (w *World) Between(low, high int64) int64 { return low + w.Rand.Int64N(high-low+1) }

// Chance is true once in n.
func (w *World) Chance(n int) bool { return w.Rand.IntN(n) == 0 }

// Trace is a hash of everything that happened: two runs of a seed have the same.
type Trace uint64

// Mix adds numbers.
func (t *Trace) Mix(values ...uint64) {
	h := uint64(*t)
	for _, v := range values {
		h = (h ^ v) * 1099511628211
		h ^= h >> 29
	}
	*t = Trace(h)
}

// Bytes adds bytes.
func (t *Trace) Bytes(p []byte) {
	h := uint64(*t) ^ uint64(len(p))
	for _, b := range p {
		h = (h ^ uint64(b)) * 1099511628211
	}
	*t = Trace(h)
}
