package jute

import "math"

// PeerID numbers a server of an ensemble (sid, the N of server.N and the content of myid).
type PeerID int64

// ObserverPeer in a hello is an observer without an id of its own: each is given a negative one by
// whoever it calls.
const ObserverPeer PeerID = math.MaxInt64

// Peer codes the id of a server.
func (c *Coder) Peer(name string, v *PeerID) {
	if c.mode == visiting {
		c.visitor.Field(name, *v)
		return
	}
	c.Long(name, (*int64)(v))
}

// LearnerInfo is the data of FOLLOWERINFO and OBSERVERINFO, whose zxid is the learner's accepted
// epoch with counter 0. It has grown, and is read by its length: 8 bytes, 12 or 20. What stands
// behind them is ignored. A sid is demanded: Apache takes less than 8 bytes for sid 0.
type LearnerInfo struct {
	ServerID        PeerID
	ProtocolVersion int32 // LearnerProtocol; 1 when not sent
	ConfigVersion   int64 // of its configuration; a leader refuses one above its own
	NoVersion       bool  // 8 bytes, from before 3.4: there is neither LEADERINFO nor ACKEPOCH
	NoConfigVersion bool  // 8 or 12 bytes, from before 3.5
}

// LearnerProtocol is the version of the protocol since 3.4.
const LearnerProtocol int32 = 0x10000

// Fields names the fields in wire order.
func (r *LearnerInfo) Fields(c *Coder) {
	if c.mode == decoding {
		left := len(c.buf) - c.off
		*r = LearnerInfo{ProtocolVersion: 1, NoVersion: left < 12, NoConfigVersion: left < 20}
	}
	c.Peer("serverid", &r.ServerID)
	if r.NoVersion {
		return
	}
	c.Int("protocolVersion", &r.ProtocolVersion)
	if !r.NoConfigVersion {
		c.Long("configVersion", &r.ConfigVersion)
	}
}

// ProtocolVersion is the data of LEADERINFO, whose zxid is the new epoch with counter 0. What
// stands behind it is ignored.
type ProtocolVersion struct {
	Version int32 // LearnerProtocol
}

// Fields names the fields in wire order.
func (r *ProtocolVersion) Fields(c *Coder) { c.Int("protocolVersion", &r.Version) }

// CurrentEpoch is the data of ACKEPOCH, whose zxid is the last one that the learner has logged.
type CurrentEpoch struct {
	Epoch int32 // AlreadyAccepted when the learner had accepted the new epoch before
}

// AlreadyAccepted in ACKEPOCH says that this answer does not count for the new epoch.
const AlreadyAccepted int32 = -1

// Fields names the fields in wire order.
func (r *CurrentEpoch) Fields(c *Coder) { c.Int("currentEpoch", &r.Epoch) }

// LearnerRequest is a client's write or sync on its way from a learner to the leader, the data of
// REQUEST. Body is what the client sent behind its header, unread.
type LearnerRequest struct {
	Session SessionID
	Cxid    int32 // the client's xid; 0 when the learner asks for a session
	Type    OpCode
	Body    []byte // the record of Type, up to the packet's end; nil when there is none
	IDs     []ID   // who asks, the packet's authinfo; null when the learner itself asks
}

// Fields names the fields in wire order. IDs are the packet's. A Visitor is shown the record of the
// body instead of its bytes, if that decodes.
func (r *LearnerRequest) Fields(c *Coder) {
	c.Session("sessionId", &r.Session)
	c.Int("cxid", &r.Cxid)
	c.Op("type", &r.Type)
	if rec := NewRequest(r.Type); c.mode == visiting && rec != nil {
		if _, err := Decode(r.Body, rec); err == nil {
			c.nested("body", rec)
			return
		}
	}
	c.rest("body", &r.Body)
}

// SessionTimeout is a learner's question whether a session still lives, the data of REVALIDATE,
// and one session that was heard, in Touches.
type SessionTimeout struct {
	Session SessionID
	TimeOut int32 // ms
}

const sessionTimeoutBytes = 12

// Fields names the fields in wire order.
func (r *SessionTimeout) Fields(c *Coder) {
	c.Session("sessionId", &r.Session)
	c.Int("timeOut", &r.TimeOut)
}

// Revalidated answers a REVALIDATE.
type Revalidated struct {
	Session SessionID
	Valid   bool // it lives, and its owner is the learner that asked
}

const revalidatedBytes = 9

// Fields names the fields in wire order.
func (r *Revalidated) Fields(c *Coder) {
	c.Session("sessionId", &r.Session)
	c.Bool("valid", &r.Valid)
}

// Touches is the data of a learner's PING: the sessions that it has heard since the last one. They
// are not counted, they end with the data.
type Touches struct {
	Sessions []SessionTimeout // nil when none
}

// Fields names the fields in wire order.
func (r *Touches) Fields(c *Coder) {
	if c.mode == decoding {
		left := len(c.buf) - c.off
		// The last place is for the one that the data ends inside of.
		n := (left + sessionTimeoutBytes - 1) / sessionTimeoutBytes
		r.Sessions = nil
		if n > 0 && !c.failed {
			r.Sessions = make([]SessionTimeout, n)
		}
	}
	if c.mode == visiting {
		c.visitor.Enter("sessions", len(r.Sessions))
	}
	for i := range r.Sessions {
		if c.mode == visiting {
			c.nested("", &r.Sessions[i])
		} else {
			c.element("sessions", i, &r.Sessions[i])
		}
	}
	if c.mode == visiting {
		c.visitor.Leave()
	}
}

// Activation is the data of COMMITANDACTIVATE and INFORMANDACTIVATE: a new configuration counts.
type Activation struct {
	Leader   PeerID // who is to lead from now on
	Proposal []byte // INFORMANDACTIVATE: the transaction, an Entry; else nil
}

// Fields names the fields in wire order.
func (r *Activation) Fields(c *Coder) {
	c.Peer("designatedLeader", &r.Leader)
	c.rest("proposal", &r.Proposal)
}
