package inbox

import (
	"quoll/internal/replica"
	"quoll/processor/mail"
	"quoll/quorum/effects"
	"quoll/quorum/election"
)

// Inbox holds the events since the last step. The zero value is empty.
type Inbox struct {
	in    replica.Events
	spare []*mail.Batch
}

// Submit takes a lane's batch.
func (b *Inbox) Submit(batch *mail.Batch) { b.in.Batches = append(b.in.Batches, batch) }

// Durable takes the log writer's report that everything up to a ticket is on disk.
func (b *Inbox) Durable(ticket effects.Ticket) { b.in.Disk = max(b.in.Disk, ticket) }

// Vote takes an event of the election port. It owns the event's data.
func (b *Inbox) Vote(ev election.LinkEvent) { b.in.Votes = append(b.in.Votes, ev) }

// Link takes an event of the quorum port.
func (b *Inbox) Link(ev effects.LinkEvent) { b.in.Links = append(b.in.Links, ev) }

// JobDone takes the report of a job: its end, successful or not, or what it has read.
func (b *Inbox) JobDone(done replica.JobDone) { b.in.Jobs = append(b.in.Jobs, done) }

// PeerTick asks the next step to tell the peer the time.
func (b *Inbox) PeerTick() { b.in.PeerTick = true }

// Tick asks the next step to look at the time.
func (b *Inbox) Tick() { b.in.Tick = true }

// AskSnapshot asks the next step for a snapshot.
func (b *Inbox) AskSnapshot() { b.in.Snapshot = true }

// Waiting is how many batches wait for the next step.
func (b *Inbox) Waiting() int { return len(b.in.Batches) }

// Take empties the inbox and returns the events. The caller must set their time (Events.Now).
func (b *Inbox) Take() replica.Events {
	ev := b.in
	b.in = replica.Events{Batches: b.spare}
	b.spare = nil
	return ev
}

// Recycle takes back the Events.Batches of a step that is over, so that the slice is used again.
func (b *Inbox) Recycle(batches []*mail.Batch) {
	clear(batches)
	b.spare = batches[:0]
}
