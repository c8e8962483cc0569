package replica_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/internal/replica"
	"quoll/jute"
	"quoll/processor/lane"
	"quoll/quorum/effects"
	"quoll/quorum/election"
)

// hands note the calls that they get.
type hands []string

func (h *hands) note(format string, args ...any) { *h = append(*h, fmt.Sprintf(format, args...)) }

func (h *hands) Serving(s lane.Service)            { h.note("serving %d", s) }
func (h *hands) Disk(ops []replica.DiskOp)         { h.note("disk %d", len(ops)) }
func (h *hands) Links(ops []effects.LinkOp)        { h.note("links %d", len(ops)) }
func (h *hands) Send(out []effects.Outgoing)       { h.note("send %d", len(out)) }
func (h *hands) Votes(v *election.LinkEffects)     { h.note("votes %d", v.Close[0]) }
func (h *hands) Job(j effects.Job)                 { h.note("job %d", j.Generation) }
func (h *hands) Snapshot(job *replica.SnapshotJob) { h.note("snapshot %v", job.Zxid) }
func (h *hands) Again()                            { h.note("again") }
func (h *hands) Late(millis int64)                 { h.note("late %d", millis) }
func (h *hands) Ended(why error)                   { h.note("ended: %v", why) }
func (h *hands) Gone(why error)                    { h.note("gone: %v", why) }
func (h *hands) Newer(n *election.NewerConfig)     { h.note("newer %d", n.Version) }

// What a step says holds in this order: no client is served by a role that has ended, and nobody is
// asked anything before the disk was.
func TestEffectsAreCarriedOutInOrder(t *testing.T) {
	var h hands
	no := lane.NoService
	e := replica.Effects{
		Serving: &no, Disk: make([]replica.DiskOp, 2), Again: true, LateMillis: 7,
		Links: make([]effects.LinkOp, 1), Send: make([]effects.Outgoing, 3),
		Votes: []election.LinkEffects{
			{Close: []election.LinkID{4}}, {Close: []election.LinkID{5}},
		},
		Jobs:      []effects.Job{{Generation: 8}},
		Snapshots: []*replica.SnapshotJob{{Zxid: jute.Zxid(5)}},
		Gone:      []error{errors.New("silent")},
		Ended:     []error{errors.New("why")}, Newer: &election.NewerConfig{Version: 9},
	}
	e.CarryOut(&h)
	require.Equal(t, hands{
		"serving 0", "disk 2", "links 1", "send 3", "votes 4", "votes 5", "job 8", "snapshot 0x5",
		"again", "late 7", "gone: silent", "ended: why", "newer 9",
	}, h)
	h = nil
	(&replica.Effects{}).CarryOut(&h)
	require.Empty(t, h)
}
