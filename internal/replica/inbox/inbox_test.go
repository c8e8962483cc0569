package inbox

import (
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/processor/mail"
)

// What an old generation's log had durable says nothing of the new one's: everything above may
// have been truncated in between.
func TestCompletionsOfTwoGenerationsDoNotMix(t *testing.T) {
	var b Inbox
	b.Durable(1, 500)
	b.SnapshotDone(2)
	ev := b.Take()
	require.Equal(t, uint64(2), ev.Generation)
	require.Zero(t, ev.Durable)
	require.True(t, ev.SnapshotDone)

	b.SnapshotDone(1)
	b.Durable(2, 7)
	ev = b.Take()
	require.Equal(t, uint64(2), ev.Generation)
	require.False(t, ev.SnapshotDone, "the walk of the role that ended is over, not this one's")
	require.EqualValues(t, 7, ev.Durable)
}

func TestAReportOfAnOldGenerationIsDroppedInALaterStepToo(t *testing.T) {
	var b Inbox
	b.Durable(3, 10)
	b.Take()
	b.Durable(2, 900)
	ev := b.Take()
	require.Equal(t, uint64(3), ev.Generation)
	require.Zero(t, ev.Durable)
}

// Two flushes before one step: the later one counts, in whatever order they are told.
func TestTheHighestDurableZxidIsKept(t *testing.T) {
	var b Inbox
	b.Durable(1, 8)
	b.Durable(1, 5)
	require.EqualValues(t, 8, b.Take().Durable)
	require.Zero(t, b.Take().Durable, "a report is told once")
}

func TestTakeEmptiesTheInbox(t *testing.T) {
	var b Inbox
	first, second := new(mail.Batch), new(mail.Batch)
	b.Submit(first)
	b.Tick()
	ev := b.Take()
	require.Equal(t, []*mail.Batch{first}, ev.Batches)
	require.True(t, ev.Tick)
	b.Submit(second) // while the step runs
	b.Recycle(ev.Batches)
	require.Equal(t, 1, b.Waiting())
	ev = b.Take()
	require.Equal(t, []*mail.Batch{second}, ev.Batches)
	require.False(t, ev.Tick)
}
