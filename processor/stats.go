package processor

import (
	"encoding/binary"
	"net/netip"
	"sync/atomic"

	"quoll/jute"
)

// Counts are what the lanes of a server count together.
type Counts struct {
	Reads        atomic.Int64 // answered by lanes
	FrameRefused atomic.Int64 // a length below zero or above jute.maxbuffer
	ZxidAhead    atomic.Int64 // clients that had seen more than this server
	AuthFailed   atomic.Int64
	Received     atomic.Int64 // packets
	Sent         atomic.Int64 // packets
}

// connStats is what cons and stat tell of a connection. The loop counts in plain fields and
// publishes once a turn; others read what is published.
type connStats struct {
	local     connCounts
	dirty     bool
	published struct {
		received, sent         atomic.Int64
		lastOp                 atomic.Int32
		lastXid                atomic.Int64
		lastZxid, lastResponse atomic.Int64
		lastLatency            atomic.Int64
		minLatency, maxLatency atomic.Int64
		totalLatency, answers  atomic.Int64
		session, timeout       atomic.Int64
	}
}

// connCounts are the numbers of one connection; latencies are in ms.
type connCounts struct {
	Received, Sent          int64 // packets
	LastOp                  jute.OpCode
	LastXid                 int64
	LastZxid                jute.Zxid
	LastResponseMillis      int64 // monotonic clock
	LastLatency             int64
	MinLatency, MaxLatency  int64
	TotalLatency, Responses int64
}

func (c *connStats) reset() { c.local.MinLatency, c.dirty = -1, true }

func (c *connStats) received(int) {
	c.local.Received++
	c.dirty = true
}

func (c *connStats) session(id jute.SessionID, timeoutMillis int32) {
	c.published.session.Store(int64(id))
	c.published.timeout.Store(int64(timeoutMillis))
}

// answered counts a reply made on the loop.
func (c *connStats) answered(r *Request, reply []byte, now int64) {
	l := &c.local
	l.Sent++
	l.LastOp, l.LastXid = r.Type, int64(r.Xid)
	if len(reply) >= 16 {
		l.LastZxid = jute.Zxid(binary.BigEndian.Uint64(reply[8:]))
	}
	latency := now - r.ReceivedMillis
	l.LastResponseMillis, l.LastLatency = now, latency
	l.TotalLatency += latency
	l.Responses++
	if l.MinLatency < 0 || latency < l.MinLatency {
		l.MinLatency = latency
	}
	l.MaxLatency = max(l.MaxLatency, latency)
	c.dirty = true
}

// sent counts a reply or event that came from the core.
func (c *connStats) sent(reply []byte, kind itemKind) {
	c.local.Sent++
	if kind == itemReply && len(reply) >= 16 {
		c.local.LastXid = int64(int32(binary.BigEndian.Uint32(reply[4:])))
		c.local.LastZxid = jute.Zxid(binary.BigEndian.Uint64(reply[8:]))
	}
	c.dirty = true
}

func (c *connStats) publish() {
	if !c.dirty {
		return
	}
	c.dirty = false
	p, l := &c.published, &c.local
	p.received.Store(l.Received)
	p.sent.Store(l.Sent)
	p.lastOp.Store(int32(l.LastOp))
	p.lastXid.Store(l.LastXid)
	p.lastZxid.Store(int64(l.LastZxid))
	p.lastResponse.Store(l.LastResponseMillis)
	p.lastLatency.Store(l.LastLatency)
	p.minLatency.Store(l.MinLatency)
	p.maxLatency.Store(l.MaxLatency)
	p.totalLatency.Store(l.TotalLatency)
	p.answers.Store(l.Responses)
}

// Peer is the address of the connection's other end.
func (s *Stream) Peer() netip.AddrPort { return s.peer }
