package quorum_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"quoll/jute"
	"quoll/jute/ensemble"
	"quoll/quorum"
	"quoll/quorum/effects"
	"quoll/quorum/election"
)

// TestWhoCouldNotCutItsLogGetsATree: a follower without which there is no quorum cannot cut its log,
// and leaves. It comes back when the reign is over and has forgotten that it has nothing for this
// leader, whose next reign gives it a tree (seed 96103318 of the simulator).
func TestWhoCouldNotCutItsLogGetsATree(t *testing.T) {
	d := newDesk(t, 3, 3, standing(4, 4, 4<<32|1))
	looks := func(round int64) ensemble.Notification {
		return ensemble.Notification{State: ensemble.Looking, Leader: 3, Zxid: 4<<32 | 1,
			PeerEpoch: 3 + round, ElectionEpoch: round}
	}
	// joins lets server 1 come with a history above the leader's, of an older epoch.
	joins := func(on effects.LinkID) {
		require.Equal(t, quorum.Leading, d.p.Status().Role)
		d.look()
		d.link(effects.LinkEvent{Kind: effects.Accepted, Link: on})
		d.packet(on, ensemble.QuorumPacket{
			Type: ensemble.PacketFollowerInfo, Zxid: 4 << 32,
			Data: jute.Append(nil, &ensemble.LearnerInfo{
				ServerID: 1, ProtocolVersion: ensemble.LearnerProtocol,
			}),
		})
		d.flush(len(d.got.disk)) // the epoch is accepted
		d.look()
		d.packet(on, ensemble.QuorumPacket{
			Type: ensemble.PacketAckEpoch, Zxid: 4<<32 | 7,
			Data: jute.Append(nil, &ensemble.CurrentEpoch{Epoch: 3}),
		})
		d.flush(len(d.got.disk)) // and entered
		d.pass(2100 * time.Millisecond)
	}
	d.answer(func(jute.PeerID) ensemble.Notification { return looks(1) })
	joins(7)
	got := d.look()
	require.Equal(t, ensemble.PacketTrunc, got.sent[7][0].Type)
	d.link(effects.LinkEvent{Kind: effects.Closed, Link: 7})
	d.pass(20 * time.Second)
	require.Equal(t, quorum.Looking, d.p.Status().Role)

	for _, on := range []election.LinkID{1, 2} {
		d.step(quorum.Event{Votes: []election.LinkEvent{
			{Kind: election.Message, Link: on, Data: frame(looks(2))},
		}})
	}
	joins(8)
	got = d.look()
	require.Empty(t, got.sent[8])
	require.Len(t, got.jobs, 1)
	require.Equal(t, effects.StreamTree, got.jobs[0].Kind)
}
