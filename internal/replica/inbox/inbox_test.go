package inbox

import (
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/internal/replica"
	"quoll/processor/mail"
	"quoll/quorum/effects"
	"quoll/quorum/election"
)

// Of two flushes before one step the later one counts, in whatever order they are reported.
func TestTheHighestTicketIsKept(t *testing.T) {
	var b Inbox
	b.Durable(8)
	b.Durable(5)
	require.EqualValues(t, 8, b.Take().Disk)
	require.Zero(t, b.Take().Disk, "a report is told once")
}

// The end of a job does not overwrite a flush or the end of another job.
func TestEveryReportIsKept(t *testing.T) {
	var b Inbox
	done := func(generation uint64) replica.JobDone {
		return replica.JobDone{JobDone: effects.JobDone{Generation: generation}}
	}
	b.JobDone(done(1))
	b.Durable(500)
	b.JobDone(done(3))
	ev := b.Take()
	require.Equal(t, []replica.JobDone{done(1), done(3)}, ev.Jobs)
	require.EqualValues(t, 500, ev.Disk)
	require.Empty(t, b.Take().Jobs)
}

func TestTakeEmptiesTheInbox(t *testing.T) {
	var b Inbox
	first, second := new(mail.Batch), new(mail.Batch)
	b.Submit(first)
	b.Tick()
	b.PeerTick()
	b.AskSnapshot()
	b.Vote(election.LinkEvent{Link: 1})
	b.Link(effects.LinkEvent{Link: 2})
	b.Link(effects.LinkEvent{Link: 1})
	ev := b.Take()
	require.Equal(t, []*mail.Batch{first}, ev.Batches)
	require.True(t, ev.Tick && ev.PeerTick && ev.Snapshot)
	require.Equal(t, []election.LinkEvent{{Link: 1}}, ev.Votes)
	require.Equal(t, []effects.LinkEvent{{Link: 2}, {Link: 1}}, ev.Links)
	b.Submit(second) // while the step runs
	b.Recycle(ev.Batches)
	require.Equal(t, 1, b.Waiting())
	ev = b.Take()
	require.Equal(t, []*mail.Batch{second}, ev.Batches)
	require.False(t, ev.Tick || ev.PeerTick || ev.Snapshot)
	require.Empty(t, ev.Votes)
	require.Empty(t, ev.Links)
}
