package logwriter

import (
	"time"

	"quoll/internal/replica"
)

// Queue holds operations on their way to the disk, in order. The zero value is empty.
type Queue struct {
	ops   []replica.DiskOp
	spare []replica.DiskOp
}

// Put appends operations. The slice stays the caller's; the bytes of the entries are not used again
// by anyone else.
func (q *Queue) Put(ops []replica.DiskOp) {
	if q.ops == nil {
		q.ops, q.spare = q.spare, nil
	}
	q.ops = append(q.ops, ops...)
}

// Waiting is how many operations are in the queue.
func (q *Queue) Waiting() int { return len(q.ops) }

// Take removes all that waits. It is empty when nothing does.
func (q *Queue) Take() (batch []replica.DiskOp) {
	batch, q.ops = q.ops, nil
	return batch
}

// keepOps is the most operations whose room is kept for the next batch.
const keepOps = 4096

// Recycle takes back the slice of a batch that is carried out.
func (q *Queue) Recycle(batch []replica.DiskOp) {
	clear(batch)
	if cap(batch) <= keepOps {
		q.spare = batch[:0]
	}
}

// Gathering says how long operations wait for company before they are flushed. The zero value
// flushes at once.
type Gathering struct {
	Delay time.Duration // flushDelay: at most so long since the last flush
	Poll  time.Duration // maxWriteQueuePollTime: not longer than this when none comes
	Most  int           // maxBatchSize: not when so many wait already; 0: any number
}

// Wait is how long to wait for the next operation now; 0 or less flushes what waits.
func (g *Gathering) Wait(waiting int, sinceFlush time.Duration) time.Duration {
	if g.Delay <= 0 || g.Most > 0 && waiting >= g.Most {
		return 0
	}
	return min(g.Delay-sinceFlush, g.Poll)
}
