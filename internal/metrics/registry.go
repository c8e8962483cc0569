package metrics

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
)

// A Registry holds all metrics of one server, in the order of their registration.
type Registry struct {
	generation atomic.Uint64 // each Reset adds one

	mu          sync.Mutex // guards the tables, not the metrics
	used        map[string]bool
	texts       []named[func() string]
	gauges      []named[func() (Value, bool)]
	gaugeSets   []named[func(yield func(key string, v int64))]
	counters    []named[*Counter]
	counterSets []named[*CounterSet]
	summaries   []named[*Summary]
	summarySets []named[*SummarySet]
}

type named[T any] struct {
	name   string
	metric T
}

// NewRegistry returns an empty registry.
func NewRegistry() *Registry { return &Registry{used: map[string]bool{}} }

// register notes a name. Names are constants of the program, so registering a name
// twice is a mistake in the program, and register panics.
func (r *Registry) register(name string, add func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.used[name] {
		panic(fmt.Sprintf("metrics: %s is registered twice", name))
	}
	r.used[name] = true
	add()
}

// Text registers a value that is no number. read is called whenever it is printed.
func (r *Registry) Text(name string, read func() string) {
	r.register(name, func() { r.texts = append(r.texts, named[func() string]{name, read}) })
}

// Gauge registers a whole number. read is called whenever it is printed.
func (r *Registry) Gauge(name string, read func() int64) {
	r.gauge(name, func() (Value, bool) { return Int(read()), true })
}

// Float registers a number that is printed with a decimal point.
func (r *Registry) Float(name string, read func() float64) {
	r.gauge(name, func() (Value, bool) { return Value{float: read(), kind: isFloat}, true })
}

// Optional registers a gauge that is left out while ok is false. Apache does so with
// gauges that only a leader has.
func (r *Registry) Optional(name string, read func() (v int64, ok bool)) {
	r.gauge(name, func() (Value, bool) {
		v, ok := read()
		return Int(v), ok
	})
}

func (r *Registry) gauge(name string, read func() (Value, bool)) {
	r.register(name, func() {
		r.gauges = append(r.gauges, named[func() (Value, bool)]{name, read})
	})
}

// GaugeSet registers numbers that have keys. Whenever they are printed, read yields
// the keys and numbers of that moment. They are printed as <key>_<name>.
func (r *Registry) GaugeSet(name string, read func(yield func(key string, v int64))) {
	r.register(name, func() {
		r.gaugeSets = append(r.gaugeSets, named[func(func(string, int64))]{name, read})
	})
}

// Counter registers a number that only grows.
func (r *Registry) Counter(name string) *Counter {
	c := &Counter{}
	r.register(name, func() { r.counters = append(r.counters, named[*Counter]{name, c}) })
	return c
}

// CounterSet registers a set of counters, one for each key.
func (r *Registry) CounterSet(name string) *CounterSet {
	c := &CounterSet{}
	r.register(name, func() { r.counterSets = append(r.counterSets, named[*CounterSet]{name, c}) })
	return c
}

// Summary registers a summary without percentiles.
func (r *Registry) Summary(name string) *Summary { return r.summary(name, false) }

// Advanced registers a summary with percentiles.
func (r *Registry) Advanced(name string) *Summary { return r.summary(name, true) }

func (r *Registry) summary(name string, advanced bool) *Summary {
	s := &Summary{name: name, advanced: advanced, generation: &r.generation}
	r.register(name, func() { r.summaries = append(r.summaries, named[*Summary]{name, s}) })
	return s
}

// SummarySet registers a set of summaries without percentiles, one for each key.
func (r *Registry) SummarySet(name string) *SummarySet {
	s := &SummarySet{generation: &r.generation}
	r.register(name, func() { r.summarySets = append(r.summarySets, named[*SummarySet]{name, s}) })
	return s
}

// Reset sets counters and summaries back to zero, for the four letter word srst.
func (r *Registry) Reset() {
	r.generation.Add(1)
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.counters {
		c.metric.n.Store(0)
	}
	for _, c := range r.counterSets {
		c.metric.reset()
	}
}

// A Counter is a number that only grows. A nil Counter ignores what is added.
type Counter struct{ n atomic.Int64 }

// Add adds n. A hot path should call it once a batch.
func (c *Counter) Add(n int64) {
	if c != nil {
		c.n.Add(n)
	}
}

// Value returns the count since the last reset.
func (c *Counter) Value() int64 { return c.n.Load() }

// maxKeys bounds the keys of a set, because clients choose them by their paths.
const maxKeys = 64

// A CounterSet has a counter for each key. When it has maxKeys keys, others are not
// counted.
type CounterSet struct {
	mu     sync.Mutex
	counts map[string]int64
}

// Add adds to the counter of a key.
func (c *CounterSet) Add(key string, n int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, known := c.counts[key]; !known && len(c.counts) >= maxKeys {
		return
	}
	if c.counts == nil {
		c.counts = map[string]int64{}
	}
	c.counts[key] += n
}

func (c *CounterSet) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for key := range c.counts {
		c.counts[key] = 0
	}
}

// each calls yield for all keys, sorted.
func (c *CounterSet) each(yield func(key string, n int64)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, key := range sortedKeys(c.counts) {
		yield(key, c.counts[key])
	}
}

// A SummarySet has a Summary for each key. When it has maxKeys keys, others get none.
type SummarySet struct {
	generation *atomic.Uint64

	mu        sync.Mutex
	summaries map[string]*Summary
}

// Recorder returns a new writer for a key. Only the calling goroutine may use it. It
// is nil if the set has maxKeys other keys.
func (s *SummarySet) Recorder(key string) *Recorder {
	s.mu.Lock()
	defer s.mu.Unlock()
	summary := s.summaries[key]
	if summary == nil {
		if len(s.summaries) >= maxKeys {
			return nil
		}
		if s.summaries == nil {
			s.summaries = map[string]*Summary{}
		}
		summary = &Summary{name: key, generation: s.generation}
		s.summaries[key] = summary
	}
	return summary.Recorder()
}

func (s *SummarySet) each(yield func(key string, s *Summary)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, key := range sortedKeys(s.summaries) {
		yield(key, s.summaries[key])
	}
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
