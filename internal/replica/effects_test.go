package replica_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/internal/replica"
	"quoll/jute"
)

// hands note what they are asked.
type hands []string

func (h *hands) Disk(ops []replica.DiskOp) {
	*h = append(*h, fmt.Sprintf("disk %d", len(ops)))
}
func (h *hands) Snapshot(job *replica.SnapshotJob) {
	*h = append(*h, fmt.Sprintf("snapshot %v", job.Zxid))
}
func (h *hands) Again()            { *h = append(*h, "again") }
func (h *hands) Late(millis int64) { *h = append(*h, fmt.Sprintf("late %d", millis)) }

// A snapshot begins behind the transactions that it must be replayed with: they are in the log's
// hands first.
func TestEffectsAreCarriedOutInOrder(t *testing.T) {
	var h hands
	e := replica.Effects{
		Disk: make([]replica.DiskOp, 2), Again: true, LateMillis: 7,
		Snapshot: &replica.SnapshotJob{Zxid: jute.Zxid(5)},
	}
	e.CarryOut(&h)
	require.Equal(t, hands{"disk 2", "snapshot 0x5", "again", "late 7"}, h)
	h = nil
	(&replica.Effects{}).CarryOut(&h)
	require.Empty(t, h)
}
