package processor

import "sync"

// The numbers of a lane are plain fields of its loop. Once a turn, if anything changed, they are
// copied for others under a mutex that is otherwise free: one lock a turn, none a request.
//
//	loop:    tally, stats of its connections --publishStats--> shown      (numbers.mu)
//	others:                                       Shared.Tally, Stream.Stats

// numbers is what a lane counts.
type numbers struct {
	tally   Tally
	touched []*Stream // whose numbers changed since the last publishStats
	reads   latencies
	updates latencies
	resets  uint64 // of the tally that the loop knows of

	mu          sync.Mutex // guards shown, and shown of the connections
	shown       Tally
	shownResets uint64
}

func (n *numbers) begin() { n.tally.Response, n.shown.Response = noSizes, noSizes }

// latencies gathers equal latencies, which is what a batch brings, and hands them on together.
type latencies struct {
	to       Recorder
	value, n int64
}

func (a *latencies) add(ms int64) { a.addMany(ms, 1) }

func (a *latencies) addMany(ms, n int64) {
	if ms != a.value {
		a.flush()
		a.value = ms
	}
	a.n += n
}

func (a *latencies) flush() {
	if a.to != nil && a.n > 0 {
		a.to.AddMany(a.value, a.n)
	}
	a.n = 0
}

// replied counts the bytes of a reply.
func (n *numbers) replied(bytes int) {
	n.tally.ResponseBytes += int64(bytes)
	n.tally.Response.add(int64(bytes))
}

func (s *Sizes) add(n int64) { s.merge(Sizes{Last: n, Min: n, Max: n}) }

// noSizes is before the first.
//
// read-only: copied, never changed.
var noSizes = Sizes{Last: -1, Min: -1, Max: -1}

// publishStats shows others what changed. now is when the replies of this turn leave.
func (l *Lane) publishStats(now int64) {
	n := &l.numbers
	if len(n.touched) == 0 {
		return
	}
	if resets := l.tallyResets.Load(); resets != n.resets {
		n.resets, n.tally.Response = resets, noSizes
	}
	n.mu.Lock()
	for _, s := range n.touched {
		s.stats.show(s, max(now-l.now, 0), now)
	}
	n.shown, n.shownResets = n.tally, n.resets
	n.mu.Unlock()
	clear(n.touched)
	n.touched = n.touched[:0]
	n.reads.flush()
	n.updates.flush()
}

// show copies the numbers of a connection, whose reads of this turn took so long.
func (st *connStats) show(s *Stream, took, now int64) {
	if st.reads > 0 {
		st.counts.latency(took, st.reads, now)
		s.lane.numbers.reads.addMany(took, st.reads)
		st.reads = 0
	}
	st.touched = false
	st.shown = shownStats{
		counts: st.counts, queued: s.inFlight, reading: !s.parked && !st.word,
		session: s.session, timeout: s.timeoutMillis, resets: st.resets,
	}
}

// Tally adds up what all lanes have shown. Any goroutine may call it.
func (s *Shared) Tally() Tally {
	s.lanesMu.Lock()
	lanes := s.lanes
	s.lanesMu.Unlock()
	sum := Tally{Response: noSizes}
	for _, l := range lanes {
		l.numbers.mu.Lock()
		t, resets := l.numbers.shown, l.numbers.shownResets
		l.numbers.mu.Unlock()
		sum.Received += t.Received
		sum.Sent += t.Sent
		sum.ReceivedBytes += t.ReceivedBytes
		sum.ResponseBytes += t.ResponseBytes
		sum.EventBytes += t.EventBytes
		sum.Reads += t.Reads
		if resets == s.tallyResets.Load() {
			sum.Response.merge(t.Response)
		}
	}
	return sum
}

func (s *Sizes) merge(o Sizes) {
	if o.Last < 0 {
		return
	}
	if s.Min < 0 || o.Min < s.Min {
		s.Min = o.Min
	}
	s.Last, s.Max = o.Last, max(s.Max, o.Max)
}

// ResetTally forgets the sizes of responses. The counters of a Tally only grow: who wants them
// since a moment takes the difference.
func (s *Shared) ResetTally() { s.tallyResets.Add(1) }

// ResetConns forgets the numbers of all connections (crst).
func (s *Shared) ResetConns() { s.connResets.Add(1) }

// Outstanding is how many requests the core has.
func (s *Shared) Outstanding() int64 { return s.outstanding.Load() }

// join makes a lane known to Tally.
func (s *Shared) join(l *Lane) {
	s.lanesMu.Lock()
	defer s.lanesMu.Unlock()
	s.lanes = append(s.lanes, l)
}
