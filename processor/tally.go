package processor

// The numbers of a lane are plain fields of its loop. Once a turn, if anything changed, they are
// copied for others under a mutex that is otherwise free: one lock a turn, none a request.
//
//	loop:    tally, stats of its connections --publishStats--> shown      (statsMu)
//	others:                                       Shared.Tally, Stream.Stats

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
func (l *Lane) replied(bytes int) {
	l.tally.ResponseBytes += int64(bytes)
	l.resized(bytes)
}

func (l *Lane) resized(bytes int) {
	s, n := &l.tally.Response, int64(bytes)
	s.Last, s.Max = n, max(s.Max, n)
	if s.Min < 0 || n < s.Min {
		s.Min = n
	}
}

// noSizes is before the first.
//
// read-only: copied, never changed.
var noSizes = Sizes{Last: -1, Min: -1, Max: -1}

// publishStats shows others what changed. now is when the replies of this turn leave.
func (l *Lane) publishStats(now int64) {
	if len(l.touched) == 0 {
		return
	}
	resets := l.tallyResets.Load()
	if resets != l.resets {
		l.resets, l.tally.Response = resets, noSizes
	}
	l.statsMu.Lock()
	for _, s := range l.touched {
		st := &s.stats
		st.touched = false
		if st.reads > 0 {
			took := max(now-l.now, 0)
			st.counts.latency(took, st.reads, now)
			l.reads.addMany(took, st.reads)
			st.reads = 0
		}
		st.shown = shownStats{
			counts: st.counts, queued: s.inFlight, reading: !s.parked, session: s.session,
			timeout: s.timeoutMillis, resets: st.resets,
		}
	}
	l.shown, l.shownResets = l.tally, l.resets
	l.statsMu.Unlock()
	clear(l.touched)
	l.touched = l.touched[:0]
	l.reads.flush()
	l.updates.flush()
}

// Tally adds up what all lanes have shown. Any goroutine may call it.
func (s *Shared) Tally() Tally {
	s.lanesMu.Lock()
	lanes := s.lanes
	s.lanesMu.Unlock()
	sum := Tally{Response: noSizes}
	for _, l := range lanes {
		l.statsMu.Lock()
		t, resets := l.shown, l.shownResets
		l.statsMu.Unlock()
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
