package processor

import (
	"encoding/binary"
	"net/netip"
	"sync/atomic"

	"quoll/jute"
)

// Counts are the rare things that the lanes of a server count together.
type Counts struct {
	FrameRefused atomic.Int64 // a length below zero or above jute.maxbuffer
	ZxidAhead    atomic.Int64 // clients that had seen more than this server
	AuthFailed   atomic.Int64
	LargeRefused atomic.Int64 // connections that were closed for largeRequestMaxBytes
	Connects     atomic.Int64 // connect requests
	NotServing   atomic.Int64 // connections closed because the server takes no sessions
}

// Recorder takes latencies in ms; *metrics.Recorder is one.
type Recorder interface {
	AddMany(value, times int64)
}

// Tally is what a lane has counted since it was made.
type Tally struct {
	Received, Sent int64 // packets, four-letter words among them
	ReceivedBytes  int64 // of whole packets
	ResponseBytes  int64 // of replies, without their length field
	EventBytes     int64 // of watch events, likewise
	Reads          int64 // answered by the lane itself
	Response       Sizes // of replies and events, since Shared.ResetTally
}

// Sizes are bytes; all -1 when there was none.
type Sizes struct{ Last, Min, Max int64 }

// ConnStats is what cons and stat tell of a connection.
type ConnStats struct {
	Peer          netip.AddrPort
	Session       jute.SessionID // 0: none yet
	TimeoutMillis int32
	OpenedMillis  int64 // monotonic clock
	HeardMillis   int64 // monotonic clock: the last time that something came in
	Queued        int   // requests that are not answered yet
	Reading       bool  // false while the server does not read from it
	ConnCounts
}

// ConnCounts are the numbers of one connection since it was opened or reset.
type ConnCounts struct {
	Received, Sent     int64  // packets
	LastOp             string // four letters, as in ZooKeeper
	LastXid            int64  // of the last request that was no ping or the like; -1: none
	LastZxid           jute.Zxid
	LastResponseMillis int64 // monotonic clock
	LastLatency        int64 // ms, like all latencies
	MinLatency         int64 // -1: none
	MaxLatency         int64
	TotalLatency       int64
	Responses          int64 // that the latencies are of
}

// noCounts is a connection of which nothing is known.
//
// read-only: copied, never changed.
var noCounts = ConnCounts{LastOp: "NA", LastXid: -1, LastZxid: -1, MinLatency: -1}

// connStats counts in plain fields of the loop's, which the lane copies for others at the end of a
// turn. Nothing is shared while requests are answered.
type connStats struct {
	counts  ConnCounts
	reads   int64 // answered by the loop in this turn; their latency is not known yet
	queued  int
	reading bool
	session jute.SessionID
	timeout int32
	touched bool // in the lane's list
	word    bool // it asks for a four-letter word: nothing else is read
	resets  uint64
	shown   shownStats // under the lane's numbers.mu
}

// shownStats is the copy for others.
type shownStats struct {
	counts  ConnCounts
	queued  int
	reading bool
	session jute.SessionID
	timeout int32
	resets  uint64 // of the connections when it was copied
}

// begin is a connection that was just opened.
func (st *connStats) begin(resets uint64) {
	st.counts, st.resets = noCounts, resets
	st.shown = shownStats{counts: noCounts, reading: true, resets: resets}
}

// touch notes that the connection's numbers change in this turn.
func (s *Stream) touch() *connStats {
	st := &s.stats
	if !st.touched {
		st.touched = true
		n := &s.lane.numbers
		n.touched = append(n.touched, s)
		if resets := s.lane.connResets.Load(); st.resets != resets {
			st.resets, st.counts, st.reads = resets, noCounts, 0
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

// asksWord counts a four-letter word, at once: cons shows the connection that asks for it.
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

// sent counts a packet that answers nothing that has a latency.
func (s *Stream) sent() {
	s.touch().counts.Sent++
	s.lane.numbers.tally.Sent++
}

// answered counts a reply made on the loop. Its latency is known at the end of the turn, when the
// reply leaves.
func (s *Stream) answered(r *Request, reply []byte) {
	st := s.touch()
	st.reads++
	st.counts.Sent++
	s.lane.numbers.tally.Sent++
	s.lane.numbers.tally.Reads++
	s.lane.numbers.replied(len(reply) - 4)
	st.counts.note(r.Type, r.Xid, reply)
}

// delivered counts a piece of mail: a reply or an event.
func (s *Stream) delivered(it *item, mail []byte) {
	s.sent()
	if it.kind == itemEvent {
		s.lane.numbers.tally.EventBytes += int64(len(mail) - 4)
		s.lane.numbers.tally.Response.add(int64(len(mail) - 4))
		return
	}
	s.lane.numbers.replied(len(mail) - 4)
	c := &s.stats.counts
	switch {
	case it.kind == itemConnected:
		if !it.opened.created { // ZooKeeper counts no latency when a session is taken up again
			return
		}
		c.LastOp, c.LastXid, c.LastZxid = "SESS", 0, it.opened.zxid
	case it.op == 0, it.op == jute.OpCreateSession: // a refusal among them
		return
	default:
		c.note(it.op, int32(binary.BigEndian.Uint32(mail[4:])), mail)
	}
	now := s.lane.clock()
	latency := max(now-it.received, 0)
	c.latency(latency, 1, now)
	if kindOf(it.op) == write || it.kind == itemConnected {
		s.lane.numbers.updates.add(latency)
	} else {
		s.lane.numbers.reads.add(latency)
	}
}

// note takes the reply's header.
func (c *ConnCounts) note(op jute.OpCode, xid int32, reply []byte) {
	if xid >= 0 {
		c.LastXid = int64(xid)
	}
	if len(reply) < 20 {
		return
	}
	c.LastZxid = jute.Zxid(binary.BigEndian.Uint64(reply[8:]))
	c.LastOp = shortName(op)
	if kindOf(op) == write && binary.BigEndian.Uint32(reply[16:]) != 0 {
		c.LastOp = "NA"
	}
}

// latency takes n replies that took ms each.
func (c *ConnCounts) latency(ms, n, now int64) {
	c.LastResponseMillis, c.LastLatency = now, ms
	if c.MinLatency < 0 || ms < c.MinLatency {
		c.MinLatency = ms
	}
	c.MaxLatency = max(c.MaxLatency, ms)
	c.TotalLatency += ms * n
	c.Responses += n
}

// shortName is how cons calls an operation.
func shortName(op jute.OpCode) string {
	switch op {
	case jute.OpCreate, jute.OpCreate2, jute.OpCreateTTL, jute.OpCreateContainer:
		return "CREA"
	case jute.OpDelete, jute.OpDeleteContainer:
		return "DELE"
	case jute.OpGetChildren, jute.OpGetChildren2:
		return "GETC"
	}
	if int(op) >= 0 && int(op) < len(shortNames) && shortNames[op] != "" {
		return shortNames[op]
	}
	switch op {
	case jute.OpCloseSession:
		return "CLOS"
	case jute.OpCreateSession:
		return "SESS"
	}
	return "NA"
}

// shortNames is by opcode.
//
// read-only: looked up, never changed.
var shortNames = [...]string{
	jute.OpExists: "EXIS", jute.OpGetData: "GETD", jute.OpSetData: "SETD", jute.OpGetACL: "GETA",
	jute.OpSetACL: "SETA", jute.OpSync: "SYNC", jute.OpPing: "PING", jute.OpCheck: "CHEC",
	jute.OpMulti: "MULT", jute.OpReconfig: "RECO", jute.OpCheckWatches: "CHKW",
	jute.OpRemoveWatches: "REMW", jute.OpMultiRead: "MLTR", jute.OpSetWatches: "SETW",
	jute.OpGetEphemerals: "GETE", jute.OpGetAllChildren: "GETACN", jute.OpSetWatches2: "STW2",
	jute.OpAddWatch: "ADDW", jute.OpWhoAmI: "HOMI",
}

// Stats is what others may know of the connection now. Any goroutine may call it.
func (s *Stream) Stats() ConnStats {
	l := s.lane
	l.numbers.mu.Lock()
	shown := s.stats.shown
	l.numbers.mu.Unlock()
	if shown.resets != l.connResets.Load() {
		shown.counts = noCounts
	}
	return ConnStats{
		Peer: s.peer, Session: shown.session, TimeoutMillis: shown.timeout,
		OpenedMillis: s.openedMillis, HeardMillis: s.heard.Load(),
		Queued: shown.queued, Reading: shown.reading, ConnCounts: shown.counts,
	}
}
