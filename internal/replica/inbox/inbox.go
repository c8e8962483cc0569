package inbox

import (
	"quoll/internal/replica"
	"quoll/jute"
	"quoll/processor/mail"
)

// Inbox is what has come since the last step. The zero value is empty.
type Inbox struct {
	in    replica.Events
	spare []*mail.Batch
}

// Submit takes a lane's batch.
func (b *Inbox) Submit(batch *mail.Batch) { b.in.Batches = append(b.in.Batches, batch) }

// Durable takes the log writer's report: everything up to zxid is on disk.
func (b *Inbox) Durable(generation uint64, zxid jute.Zxid) {
	if b.current(generation) {
		b.in.Durable = max(b.in.Durable, zxid)
	}
}

// SnapshotDone takes the walker's report: the job is over, well or not.
func (b *Inbox) SnapshotDone(generation uint64) {
	if b.current(generation) {
		b.in.SnapshotDone = true
	}
}

// current says whether a report counts, and forgets those of older generations.
func (b *Inbox) current(generation uint64) bool {
	if generation > b.in.Generation {
		b.in.Generation, b.in.Durable, b.in.SnapshotDone = generation, 0, false
	}
	return generation == b.in.Generation
}

// Tick asks the next step to look at the time.
func (b *Inbox) Tick() { b.in.Tick = true }

// Waiting is how many batches wait for the next step.
func (b *Inbox) Waiting() int { return len(b.in.Batches) }

// Take empties the inbox. The time of the step is the caller's to set.
func (b *Inbox) Take() replica.Events {
	ev := b.in
	b.in = replica.Events{Generation: ev.Generation, Batches: b.spare}
	b.spare = nil
	return ev
}

// Recycle takes back the list of batches of a step that is over.
func (b *Inbox) Recycle(batches []*mail.Batch) {
	clear(batches)
	b.spare = batches[:0]
}
