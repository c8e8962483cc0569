package zab

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/jute/ensemble"
	"quoll/quorum/effects"
)

// TestTooMuchToCompare: a TRUNC behind which the own log has more than 64 MiB is not carried out. Only
// the leader's tree helps.
func TestTooMuchToCompare(t *testing.T) {
	for size, fits := range map[int64]bool{64 << 20: true, 64<<20 + 1: false} {
		w := newWorld(t)
		w.disk.accepted, w.kept = 5, 1
		for n := range 3 {
			w.disk.entries = append(w.disk.entries, txn(zx(5, n+1), ""))
		}
		w.start()
		w.packetCommand("LEADERINFO", []string{"6:0"})
		w.flush(len(w.queue))
		w.packetCommand("TRUNC", []string{"5:1"})
		require.Len(t, w.jobs, 1)
		err := w.learner.Job(w.now, &effects.JobDone{Generation: w.jobs[0].Generation, Size: size})
		if fits {
			require.NoError(t, err)
		} else {
			require.ErrorIs(t, err, ErrTree)
		}
	}
}

// TestPauseOfALearner: while 64 MiB are on their way to the disk the leader is not read, until half
// of that is done. Silence counts for nothing meanwhile.
func TestPauseOfALearner(t *testing.T) {
	w := newWorld(t)
	w.disk.accepted = 5
	w.start()
	w.packetCommand("LEADERINFO", []string{"5:0"})
	w.packetCommand("DIFF", []string{"0:0"})
	big := strings.Repeat("x", 1<<20)
	n := 0
	for ; !w.paused; n++ {
		require.Less(t, n, 100)
		e := txn(zx(5, n+1), big)
		w.receive(ensemble.PacketProposal, e.Header.Zxid, e.Payload)
	}
	require.Equal(t, 64, n)
	for range 3 {
		w.chainCommand("wait", []string{"9000"})
		require.NoError(t, w.ended)
	}
	for done := 1; done <= n; done++ {
		w.flush(1)
		require.Equal(t, done < 33, w.paused, "%d of %d on disk", done, n)
	}
	require.Zero(t, w.learner.log.bytes)
}
