package stats

import (
	"encoding/binary"

	"quoll/jute"
	"quoll/processor/op"
)

// Conn is the numbers of one connection since it was opened or reset.
type Conn struct {
	Received, Sent     int64  // packets
	LastOp             string // four letters, as in ZooKeeper
	LastXid            int64  // of the last request that was no ping or the like; -1: none
	LastZxid           jute.Zxid
	LastResponseMillis int64 // monotonic clock
	LastLatency        int64 // ms, like all latencies
	MinLatency         int64 // -1: none
	MaxLatency         int64
	TotalLatency       int64
	Responses          int64 // how many the latencies are of
}

// NewConn is a connection of which nothing is known.
func NewConn() Conn { return Conn{LastOp: "NA", LastXid: -1, LastZxid: -1, MinLatency: -1} }

// Opened notes that a session began with the transaction of that zxid.
func (c *Conn) Opened(zxid jute.Zxid) { c.LastOp, c.LastXid, c.LastZxid = "SESS", 0, zxid }

// Replied notes the reply, a whole frame, to a request. A write that was refused has no name, as
// in ZooKeeper.
func (c *Conn) Replied(code jute.OpCode, write bool, xid int32, reply []byte) {
	if xid >= 0 {
		c.LastXid = int64(xid)
	}
	if len(reply) < 20 {
		return
	}
	c.LastZxid = jute.Zxid(binary.BigEndian.Uint64(reply[8:]))
	c.LastOp = op.Of(code).StatName()
	if write && binary.BigEndian.Uint32(reply[16:]) != 0 {
		c.LastOp = "NA"
	}
}

// Took counts n replies that took ms each and left now, on the monotonic clock.
func (c *Conn) Took(ms, n, now int64) {
	c.LastResponseMillis, c.LastLatency = now, ms
	if c.MinLatency < 0 || ms < c.MinLatency {
		c.MinLatency = ms
	}
	c.MaxLatency = max(c.MaxLatency, ms)
	c.TotalLatency += ms * n
	c.Responses += n
}
