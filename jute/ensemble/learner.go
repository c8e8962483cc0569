package ensemble

import "quoll/jute"

// LearnerInfo is the data of FOLLOWERINFO and OBSERVERINFO, whose zxid is the learner's accepted
// epoch with counter 0. Later versions have more fields, so the length tells which are there: 8, 12
// or 20 bytes. Bytes behind them are ignored. A sid is demanded, although Apache takes less than 8
// bytes for sid 0.
type LearnerInfo struct {
	ServerID        jute.PeerID
	ProtocolVersion int32 // LearnerProtocol; 1 when not sent
	ConfigVersion   int64 // of its configuration; a leader refuses one above its own
	NoVersion       bool  // 8 bytes, from before 3.4: there is neither LEADERINFO nor ACKEPOCH
	NoConfigVersion bool  // 8 or 12 bytes, from before 3.5
}

// LearnerProtocol is the version of the protocol since 3.4.
const LearnerProtocol int32 = 0x10000

// Fields names the fields in wire order.
func (r *LearnerInfo) Fields(c *jute.Coder) {
	if c.Decoding() {
		left := len(c.Rest())
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
// stands behind it is ignored: so a leader can say more without that Apache's learners notice.
type ProtocolVersion struct {
	Version int32 // LearnerProtocol
	Syncs   int32 // SyncsByQuorum, or anything else; 0 is not sent. It is ours
}

// SyncsByQuorum says that the leader answers a sync only when a quorum has confirmed that it leads.
const SyncsByQuorum int32 = 0x51730001

// Fields names the fields in wire order.
func (r *ProtocolVersion) Fields(c *jute.Coder) {
	c.Int("protocolVersion", &r.Version)
	if c.Decoding() && len(c.Rest()) < 4 {
		r.Syncs = 0
		return
	}
	if c.Decoding() || r.Syncs != 0 {
		c.Int("syncs", &r.Syncs)
	}
}

// CurrentEpoch is the data of ACKEPOCH, whose zxid is the last one that the learner has logged.
type CurrentEpoch struct {
	Epoch int32 // AlreadyAccepted when the learner had accepted the new epoch before
}

// AlreadyAccepted in ACKEPOCH says that this answer does not count for the new epoch.
const AlreadyAccepted int32 = -1

// Fields names the fields in wire order.
func (r *CurrentEpoch) Fields(c *jute.Coder) { c.Int("currentEpoch", &r.Epoch) }

// Revalidated answers a REVALIDATE.
type Revalidated struct {
	Session jute.SessionID
	Valid   bool // it lives, and its owner is the learner that asked
}

const revalidatedBytes = 9

// Fields names the fields in wire order.
func (r *Revalidated) Fields(c *jute.Coder) {
	c.Session("sessionId", &r.Session)
	c.Bool("valid", &r.Valid)
}

// Touches is the data of a learner's PING: the sessions that it has heard since the last one. There
// is no count: they end with the data.
type Touches struct {
	Sessions []jute.SessionTimeout // nil when none
}

// Fields names the fields in wire order.
func (r *Touches) Fields(c *jute.Coder) {
	if c.Decoding() {
		left := len(c.Rest())
		// The last place is for a session that the data ends inside of.
		n := (left + jute.SessionTimeoutBytes - 1) / jute.SessionTimeoutBytes
		r.Sessions = nil
		if n > 0 && !c.Failed() {
			r.Sessions = make([]jute.SessionTimeout, n)
		}
	}
	v := c.Visitor()
	if v != nil {
		v.Enter("sessions", len(r.Sessions))
	}
	for i := range r.Sessions {
		c.Element("sessions", i, &r.Sessions[i])
	}
	if v != nil {
		v.Leave()
	}
}

// Activation is the data of COMMITANDACTIVATE and INFORMANDACTIVATE: a new configuration counts.
type Activation struct {
	Leader   jute.PeerID // who is to lead from now on
	Proposal []byte      // INFORMANDACTIVATE: the transaction, an Entry; else nil
}

// Fields names the fields in wire order.
func (r *Activation) Fields(c *jute.Coder) {
	c.Peer("designatedLeader", &r.Leader)
	c.Tail("proposal", &r.Proposal)
}
