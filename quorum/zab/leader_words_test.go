package zab

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/jute"
	"quoll/jute/ensemble"
	"quoll/quorum/effects"
)

// TestNewLeaderCarriesTheConfiguration, which Apache's learners take from it.
func TestNewLeaderCarriesTheConfiguration(t *testing.T) {
	s := reigning(t)
	s.command("accept", []string{"11"})
	s.command("11", []string{"FOLLOWERINFO", "3", "4"})
	s.take()
	s.command("11", []string{"ACKEPOCH", "4:2", "4"})
	data := s.out.Take().Send[0].Data
	var packets []ensemble.QuorumPacket
	for len(data) > 0 {
		var p ensemble.QuorumPacket
		used, err := jute.Decode(data, &p)
		require.NoError(t, err)
		packets, data = append(packets, p), data[used:]
	}
	require.Equal(t, ensemble.PacketNewLeader, packets[1].Type)
	require.Equal(t, "text", string(packets[1].Data))
}

// TestLearnersOfOldProtocolsAreRefused: they know no LEADERINFO.
func TestLearnersOfOldProtocolsAreRefused(t *testing.T) {
	for version, speaks := range map[int32]bool{
		0: false, ensemble.LearnerProtocol - 1: false, ensemble.LearnerProtocol: true,
	} {
		s := reigning(t)
		s.command("accept", []string{"11"})
		info := ensemble.LearnerInfo{ServerID: 3, ProtocolVersion: version}
		s.link(effects.LinkEvent{Kind: effects.Packet, Link: 11, Data: jute.Append(nil,
			&ensemble.QuorumPacket{Type: ensemble.PacketFollowerInfo, Data: jute.Append(nil, &info)})})
		require.Equal(t, speaks, s.leader.peer(11) != nil, "%#x", version)
	}
}

// TestAWindowIsFourMiB: so much is on its way to a follower that takes nothing, and what is sent last.
func TestAWindowIsFourMiB(t *testing.T) {
	s := reigning(t)
	big := strings.Repeat("x", 1<<20)
	for n := range 10 {
		s.leader.Propose(txn(zx(5, n+1), big))
	}
	bytes := len(s.out.Take().Send[0].Data)
	require.GreaterOrEqual(t, bytes, 4<<20)
	require.Less(t, bytes, 6<<20)
}
