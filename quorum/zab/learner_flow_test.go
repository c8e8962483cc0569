package zab

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/jute/ensemble"
)

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
