package lane

import (
	"encoding/binary"
	"net/netip"

	"quoll/jute"
	"quoll/processor/mail"
	"quoll/processor/op"
	"quoll/processor/stats"
)

// ConnStats is what cons and stat tell of a connection.
type ConnStats struct {
	Peer          netip.AddrPort
	Session       jute.SessionID // 0: none yet
	TimeoutMillis int32
	OpenedMillis  int64 // monotonic clock
	HeardMillis   int64 // monotonic clock: the last time that something came in
	Queued        int   // requests that are not answered yet
	Reading       bool  // false while the server does not read from it
	stats.Conn
}

// connStats is the numbers of a connection: plain fields of the loop's goroutine, which the lane
// copies for others at the end of a turn. Nothing is shared while requests are answered.
type connStats struct {
	counts  stats.Conn
	reads   int64  // answered by the loop in this turn; their latency is not known yet
	touched bool   // in the lane's list
	word    bool   // it asks for a four-letter word: nothing else is read
	resets  uint64 // resets of the connections that the loop knows of

	// The copy for others, under the lane's numbers.mu.
	shown       ConnStats
	shownResets uint64
}

// begin sets up the numbers of a connection that was just opened.
func (st *connStats) begin(s *Stream, resets uint64, openedMillis int64) {
	st.counts, st.resets, st.shownResets = stats.NewConn(), resets, resets
	st.shown = ConnStats{
		Peer: s.Peer, OpenedMillis: openedMillis, Reading: true, Conn: st.counts,
	}
}

// touch notes that the connection's numbers change in this turn.
func (s *Stream) touch() *connStats {
	st := &s.stats
	if !st.touched {
		st.touched = true
		n := &s.lane.numbers
		n.touched = append(n.touched, s)
		if resets := s.lane.connResets.Load(); st.resets != resets {
			st.resets, st.counts, st.reads = resets, stats.NewConn(), 0
		}
	}
	return st
}

// received counts a packet.
func (s *Stream) received(bytes int) {
	s.touch().counts.Received++
	s.lane.numbers.tally.Received++
	s.lane.numbers.tally.ReceivedBytes += int64(bytes)
}

// asksWord counts a four-letter word before it is answered: cons shows the connection that asks.
func (s *Stream) asksWord() {
	s.received(4)
	s.stats.word = true
	s.lane.publishStats(s.lane.clock())
}

// notAWord takes asksWord back.
func (s *Stream) notAWord() {
	s.touch().counts.Received--
	s.stats.word = false
	s.lane.numbers.tally.Received--
	s.lane.numbers.tally.ReceivedBytes -= 4
}

// sent counts a packet that has no latency: it answers nothing, or nothing that is timed.
func (s *Stream) sent() {
	s.touch().counts.Sent++
	s.lane.numbers.tally.Sent++
}

// answered counts a reply made on the loop. Its latency is known at the end of the turn, when the
// reply leaves.
func (s *Stream) answered(r *mail.Request, reply []byte) {
	s.sent()
	st, tally := &s.stats, &s.lane.numbers.tally
	st.reads++
	tally.Reads++
	tally.Replied(len(reply) - 4)
	st.counts.Replied(r.Type, false, r.Xid, reply)
}

// delivered counts a piece of mail: a reply or an event.
func (s *Stream) delivered(it *mail.Item, text []byte) {
	s.sent()
	n := &s.lane.numbers
	if it.Kind == mail.Event {
		n.tally.Told(len(text) - 4)
		return
	}
	n.tally.Replied(len(text) - 4)
	update := op.Of(it.Op).Kind == op.Write
	switch {
	case it.Kind == mail.Connected:
		if !it.Opened.Created { // ZooKeeper counts no latency when a session is taken up again
			return
		}
		s.stats.counts.Opened(it.Opened.Zxid)
		update = true
	case it.Op == 0, it.Op == jute.OpCreateSession: // refusals included
		return
	default:
		xid := int32(binary.BigEndian.Uint32(text[4:]))
		s.stats.counts.Replied(it.Op, update, xid, text)
	}
	now := s.lane.clock()
	took := max(now-it.ReceivedMillis, 0)
	s.stats.counts.Took(took, 1, now)
	if update {
		n.updates.Add(took, 1)
	} else {
		n.reads.Add(took, 1)
	}
}

// Stats returns the numbers of the connection. Any goroutine may call it.
func (s *Stream) Stats() ConnStats {
	l := s.lane
	l.numbers.mu.Lock()
	st, resets := s.stats.shown, s.stats.shownResets
	l.numbers.mu.Unlock()
	if resets != l.connResets.Load() {
		st.Conn = stats.NewConn()
	}
	st.HeardMillis = s.Heard.Load()
	return st
}
