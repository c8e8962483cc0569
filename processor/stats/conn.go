package stats

import (
	"encoding/binary"

	"quoll/jute"
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
	Responses          int64 // that the latencies are of
}

// NewConn is a connection of which nothing is known.
func NewConn() Conn { return Conn{LastOp: "NA", LastXid: -1, LastZxid: -1, MinLatency: -1} }

// Opened notes that a session began with the transaction of that zxid.
func (c *Conn) Opened(zxid jute.Zxid) { c.LastOp, c.LastXid, c.LastZxid = "SESS", 0, zxid }

// Replied notes the reply, a whole frame, to a request. A write that was refused has no name, as
// in ZooKeeper.
func (c *Conn) Replied(op jute.OpCode, write bool, xid int32, reply []byte) {
	if xid >= 0 {
		c.LastXid = int64(xid)
	}
	if len(reply) < 20 {
		return
	}
	c.LastZxid = jute.Zxid(binary.BigEndian.Uint64(reply[8:]))
	c.LastOp = OpName(op)
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

// OpName is how cons calls an operation.
func OpName(op jute.OpCode) string {
	if op >= 0 && int(op) < len(opNames) && opNames[op] != "" {
		return opNames[op]
	}
	switch op {
	case jute.OpCloseSession:
		return "CLOS"
	case jute.OpCreateSession:
		return "SESS"
	}
	return "NA"
}

// opNames is by opcode.
//
// read-only: looked up, never changed.
var opNames = [...]string{
	jute.OpCreate: "CREA", jute.OpCreate2: "CREA", jute.OpCreateTTL: "CREA",
	jute.OpCreateContainer: "CREA", jute.OpDelete: "DELE", jute.OpDeleteContainer: "DELE",
	jute.OpGetChildren: "GETC", jute.OpGetChildren2: "GETC",
	jute.OpExists: "EXIS", jute.OpGetData: "GETD", jute.OpSetData: "SETD", jute.OpGetACL: "GETA",
	jute.OpSetACL: "SETA", jute.OpSync: "SYNC", jute.OpPing: "PING", jute.OpCheck: "CHEC",
	jute.OpMulti: "MULT", jute.OpReconfig: "RECO", jute.OpCheckWatches: "CHKW",
	jute.OpRemoveWatches: "REMW", jute.OpMultiRead: "MLTR", jute.OpSetWatches: "SETW",
	jute.OpGetEphemerals: "GETE", jute.OpGetAllChildren: "GETACN", jute.OpSetWatches2: "STW2",
	jute.OpAddWatch: "ADDW", jute.OpWhoAmI: "HOMI",
}
