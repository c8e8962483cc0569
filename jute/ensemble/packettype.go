package ensemble

import (
	"strconv"

	"quoll/jute"
)

// PacketType says what a QuorumPacket is (the constants of Apache's Leader). In the comments M is
// the leader or an observer master, L a learner, F a follower and O an observer.
type PacketType int32

// The packets of the quorum port.
const (
	PacketRequest           PacketType = 1  // L->M a write or sync: LearnerRequest; zxid -1
	PacketProposal          PacketType = 2  // M->F a transaction to log and acknowledge: Entry
	PacketAck               PacketType = 3  // L->M it, or all before NEWLEADER, is on disk
	PacketCommit            PacketType = 4  // M->F the transaction of this zxid is committed
	PacketPing              PacketType = 5  // both  alive; the learner's answer carries Touches
	PacketRevalidate        PacketType = 6  // both  lives it? SessionTimeout, Revalidated
	PacketSync              PacketType = 7  // M->L the oldest sync has its place here; zxid 0
	PacketInform            PacketType = 8  // M->O a committed transaction: Entry
	PacketCommitAndActivate PacketType = 9  // M->F commit of a reconfig: Activation
	PacketNewLeader         PacketType = 10 // M->L the history is sent; data: configuration as text
	PacketFollowerInfo      PacketType = 11 // F->M the first packet: LearnerInfo
	PacketUpToDate          PacketType = 12 // M->L serve clients; zxid -1
	PacketDiff              PacketType = 13 // M->L synchronise by what follows; zxid of its end
	PacketTrunc             PacketType = 14 // M->L cut everything above this zxid
	PacketSnap              PacketType = 15 // M->L a snapshot's body follows, then SnapSignature
	PacketObserverInfo      PacketType = 16 // O->M the first packet: LearnerInfo
	PacketLeaderInfo        PacketType = 17 // M->L the new epoch: ProtocolVersion
	PacketAckEpoch          PacketType = 18 // L->M last zxid logged; data: CurrentEpoch
	PacketInformAndActivate PacketType = 19 // M->O INFORM of a reconfig: Activation
)

// packetNames has Apache's names.
//
// read-only: looked up, never changed.
var packetNames = map[PacketType]string{
	PacketRequest: "REQUEST", PacketProposal: "PROPOSAL", PacketAck: "ACK",
	PacketCommit: "COMMIT", PacketPing: "PING", PacketRevalidate: "REVALIDATE",
	PacketSync: "SYNC", PacketInform: "INFORM", PacketCommitAndActivate: "COMMITANDACTIVATE",
	PacketNewLeader: "NEWLEADER", PacketFollowerInfo: "FOLLOWERINFO", PacketUpToDate: "UPTODATE",
	PacketDiff: "DIFF", PacketTrunc: "TRUNC", PacketSnap: "SNAP",
	PacketObserverInfo: "OBSERVERINFO", PacketLeaderInfo: "LEADERINFO", PacketAckEpoch: "ACKEPOCH",
	PacketInformAndActivate: "INFORMANDACTIVATE",
}

func (t PacketType) String() string {
	if s, ok := packetNames[t]; ok {
		return s
	}
	return "unknown " + strconv.Itoa(int(t))
}

// packetType codes the type of a QuorumPacket.
func packetType(c *jute.Coder, name string, v *PacketType) {
	if to := c.Visitor(); to != nil {
		to.Field(name, *v)
		return
	}
	c.Int(name, (*int32)(v))
}

// NewPacketData makes the record that the data of a packet holds, nil for a packet whose data is
// empty, text or an Entry. Only their lengths tell the two packets of a REVALIDATE apart.
func NewPacketData(t PacketType, length int) jute.Record {
	switch t {
	case PacketRequest:
		return &jute.LearnerRequest{}
	case PacketPing:
		return &Touches{}
	case PacketRevalidate:
		if length == revalidatedBytes {
			return &Revalidated{}
		}
		return &jute.SessionTimeout{}
	case PacketCommitAndActivate, PacketInformAndActivate:
		return &Activation{}
	case PacketFollowerInfo, PacketObserverInfo:
		return &LearnerInfo{}
	case PacketLeaderInfo:
		return &ProtocolVersion{}
	case PacketAckEpoch:
		return &CurrentEpoch{}
	}
	return nil
}
