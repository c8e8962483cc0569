package jute

import "strconv"

// Zxid numbers a transaction: the epoch of the leader that proposed it in the high 32 bits, a
// counter in the low 32.
type Zxid int64

// MaxEpoch is the highest epoch that is believed, from a file and from another server. No ensemble
// gets there by itself, and ACKEPOCH has 31 bits for an epoch.
const MaxEpoch = 1 << 30

// Epoch is the leader's reign in which the transaction was proposed.
func (z Zxid) Epoch() int64 { return int64(z) >> 32 }

// Counter is the place of the transaction in its epoch.
func (z Zxid) Counter() uint32 { return uint32(z) }

// String is hexadecimal, as in ZooKeeper's file names and logs, with 0x in front.
func (z Zxid) String() string { return "0x" + strconv.FormatUint(uint64(z), 16) }

// SessionID names a session: the id of the server that made it in the high byte, then its start
// time and a counter.
type SessionID int64

// String is hexadecimal with 0x in front, as ZooKeeper prints it.
func (s SessionID) String() string { return "0x" + strconv.FormatUint(uint64(s), 16) }

// PeerID numbers a server of an ensemble (sid, the N of server.N and the content of myid).
type PeerID int64

// Zxid codes a zxid.
func (c *Coder) Zxid(name string, v *Zxid) {
	if c.mode == visiting {
		c.visitor.Field(name, *v)
		return
	}
	c.Long(name, (*int64)(v))
}

// Session codes a session id.
func (c *Coder) Session(name string, v *SessionID) {
	if c.mode == visiting {
		c.visitor.Field(name, *v)
		return
	}
	c.Long(name, (*int64)(v))
}

// Peer codes the id of a server.
func (c *Coder) Peer(name string, v *PeerID) {
	if c.mode == visiting {
		c.visitor.Field(name, *v)
		return
	}
	c.Long(name, (*int64)(v))
}

// Op codes an operation code.
func (c *Coder) Op(name string, v *OpCode) {
	if c.mode == visiting {
		c.visitor.Field(name, *v)
		return
	}
	c.Int(name, (*int32)(v))
}

// ErrorCode codes an error code.
func (c *Coder) ErrorCode(name string, v *ErrorCode) {
	if c.mode == visiting {
		c.visitor.Field(name, *v)
		return
	}
	c.Int(name, (*int32)(v))
}

// CreateMode codes the flags of a create.
func (c *Coder) CreateMode(name string, v *CreateMode) {
	c.Int(name, (*int32)(v))
}

// Perms codes a set of permissions.
func (c *Coder) Perms(name string, v *Perms) {
	c.Int(name, (*int32)(v))
}

// Texts codes a vector of ustrings; nil is null. Elements alias the input.
func (c *Coder) Texts(name string, v *[][]byte) {
	n := c.Count(name, len(*v), *v == nil, 4)
	if c.mode == decoding {
		if n < 0 || c.failed {
			*v = nil
			return
		}
		*v = make([][]byte, n)
	}
	for i := range *v {
		c.Text(name, &(*v)[i])
	}
	c.EndCount()
}
