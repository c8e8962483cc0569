package replica_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/internal/replica"
	"quoll/jute"
)

// hands note the calls that they get.
type hands []string

func (h *hands) Disk(ops []replica.DiskOp) {
	*h = append(*h, fmt.Sprintf("disk %d", len(ops)))
}
func (h *hands) Snapshot(job *replica.SnapshotJob) {
	*h = append(*h, fmt.Sprintf("snapshot %v", job.Zxid))
}
func (h *hands) Again()            { *h = append(*h, "again") }
func (h *hands) Late(millis int64) { *h = append(*h, fmt.Sprintf("late %d", millis)) }

// A snapshot begins after the transactions of the same step were handed to the log.
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
