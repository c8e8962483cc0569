package lane

import (
	"sync"

	"quoll/processor/mail"
	"quoll/processor/stats"
)

// The numbers of a lane are plain fields of its loop. Once a turn, if anything changed, they are
// copied for others under a mutex that is otherwise free: one lock a turn, none a request.
//
//	loop:    tally, stats of its connections --publishStats--> shown      (numbers.mu)
//	others:                                       Shared.Tally, Stream.Stats

// numbers is what a lane counts.
type numbers struct {
	tally   stats.Tally
	touched []*Stream // streams whose numbers changed since the last publishStats
	reads   stats.Latencies
	updates stats.Latencies
	resets  uint64 // resets of the tally that the loop knows of

	mu          sync.Mutex // guards shown, and shown of the connections
	shown       stats.Tally
	shownResets uint64
}

func (n *numbers) begin() { n.tally.Response, n.shown.Response = stats.NoSizes(), stats.NoSizes() }

// publishStats copies the numbers for others, if any changed. now is when the replies of this turn
// leave.
func (l *Lane) publishStats(now int64) {
	n := &l.numbers
	if resets := l.tallyResets.Load(); resets != n.resets {
		n.resets, n.tally.Response = resets, stats.NoSizes()
	}
	n.mu.Lock()
	for _, s := range n.touched {
		s.stats.show(s, max(now-l.now, 0), now)
	}
	n.shown, n.shownResets = n.tally, n.resets
	n.mu.Unlock()
	clear(n.touched)
	n.touched = n.touched[:0]
	n.reads.Flush()
	n.updates.Flush()
}

// show copies the numbers of a connection. Its reads of this turn took so many ms.
func (st *connStats) show(s *Stream, took, now int64) {
	if st.reads > 0 {
		st.counts.Took(took, st.reads, now)
		s.lane.numbers.reads.Add(took, st.reads)
		st.reads = 0
	}
	st.touched = false
	st.shownResets = st.resets
	st.shown.Conn, st.shown.Queued = st.counts, s.inFlight
	st.shown.Reading = !s.waits.Parked() && !st.word
	st.shown.Session, st.shown.TimeoutMillis = s.session, s.timeoutMillis
}

// Tally adds up what all lanes have shown. Any goroutine may call it.
func (s *Shared) Tally() stats.Tally {
	s.lanesMu.Lock()
	lanes := s.lanes
	s.lanesMu.Unlock()
	sum := stats.Tally{Response: stats.NoSizes()}
	for _, l := range lanes {
		l.numbers.mu.Lock()
		t, resets := l.numbers.shown, l.numbers.shownResets
		l.numbers.mu.Unlock()
		sum.Add(&t)
		if resets == s.tallyResets.Load() {
			sum.Response.Merge(t.Response)
		}
	}
	return sum
}

// ResetTally forgets the sizes of responses. The counters of a Tally only grow: a user that wants
// them since some moment takes the difference.
func (s *Shared) ResetTally() { s.tallyResets.Add(1) }

// ResetConns forgets the numbers of all connections (crst).
func (s *Shared) ResetConns() { s.connResets.Add(1) }

// Streams is every connection there is, by their numbers. Any goroutine may call it.
func (s *Shared) Streams() []*Stream {
	all := make([]*Stream, 0, s.Conns.Len())
	s.Conns.Each(func(c *mail.Conn) {
		if stream, ok := c.Receiver.(*Stream); ok {
			all = append(all, stream)
		}
	})
	return all
}

// Outstanding is how many requests the core has.
func (s *Shared) Outstanding() int64 { return s.outstanding.Load() }

// join makes a lane known to Tally.
func (s *Shared) join(l *Lane) {
	s.lanesMu.Lock()
	defer s.lanesMu.Unlock()
	s.lanes = append(s.lanes, l)
}
