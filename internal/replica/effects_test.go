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

func (h *hands) Append(generation uint64, txns []replica.Append) {
	*h = append(*h, fmt.Sprintf("append %d of %d", len(txns), generation))
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
		Generation: 3, Append: make([]replica.Append, 2), Again: true, LateMillis: 7,
		Snapshot: &replica.SnapshotJob{Zxid: jute.Zxid(5)},
	}
	e.CarryOut(&h)
	require.Equal(t, hands{"append 2 of 3", "snapshot 0x5", "again", "late 7"}, h)
	h = nil
	(&replica.Effects{Generation: 3}).CarryOut(&h)
	require.Empty(t, h)
}
