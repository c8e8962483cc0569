package quorum_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"quoll/jute"
	"quoll/jute/ensemble"
	"quoll/quorum"
	"quoll/quorum/effects"
	"quoll/quorum/zab"
)

// TestALearnerThatLeavesALeaderWhichLooksCancelsItsJob. The job would go on beside those of the next
// role: a log stays open, and a snapshot that nobody wants is completed.
func TestALearnerThatLeavesALeaderWhichLooksCancelsItsJob(t *testing.T) {
	d := joined(t, standing(1, 1, 1<<32|5), 2)
	d.packet(link, ensemble.QuorumPacket{Type: ensemble.PacketTrunc, Zxid: 1<<32 | 3})
	jobs := d.look().jobs
	require.Len(t, jobs, 1)
	require.Equal(t, effects.ReadLog, jobs[0].Kind)
	d.says(3, ensemble.Notification{State: ensemble.Looking, Leader: 3, ElectionEpoch: 10})
	d.pass(10 * time.Millisecond)
	got := d.look()
	require.ErrorIs(t, got.ended[0], quorum.ErrNoAnswer)
	require.Equal(t, []effects.Job{{Kind: effects.Cancel, Generation: jobs[0].Generation}}, got.jobs)
}

// TestALeaderThatLeavesCancelsItsJobs: nobody asks any more for the rest of the log that is read for
// a learner, so its file would stay open as long as the process lives.
func TestALeaderThatLeavesCancelsItsJobs(t *testing.T) {
	d := newDesk(t, 3, 3, standing(1, 1, 1<<32|5))
	d.answer(func(jute.PeerID) ensemble.Notification {
		return ensemble.Notification{
			State: ensemble.Looking, Leader: 3, Zxid: 1<<32 | 5, ElectionEpoch: 1, PeerEpoch: 1,
		}
	})
	require.Equal(t, quorum.Leading, d.p.Status().Role)
	d.link(effects.LinkEvent{Kind: effects.Accepted, Link: 7})
	info := ensemble.LearnerInfo{ServerID: 1, ProtocolVersion: ensemble.LearnerProtocol}
	d.packet(7, ensemble.QuorumPacket{
		Type: ensemble.PacketFollowerInfo, Zxid: 1 << 32, Data: jute.Append(nil, &info),
	})
	d.flush(1)
	d.packet(7, ensemble.QuorumPacket{
		Type: ensemble.PacketAckEpoch, Zxid: 1<<32 | 3,
		Data: jute.Append(nil, &ensemble.CurrentEpoch{Epoch: 1}),
	})
	jobs := d.look().jobs
	require.Len(t, jobs, 1)
	require.Equal(t, effects.ReadLog, jobs[0].Kind)
	d.pass(21 * time.Second)
	got := d.look()
	require.ErrorIs(t, got.ended[0], zab.ErrTimeout)
	require.Equal(t, []effects.Job{{Kind: effects.Cancel, Generation: jobs[0].Generation}}, got.jobs)
}
