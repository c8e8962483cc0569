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

// Put appends operations. The caller keeps the slice. But nobody else may change the bytes of the
// entries any more.
func (q *Queue) Put(ops []replica.DiskOp) {
	if q.ops == nil {
		q.ops, q.spare = q.spare, nil
	}
	q.ops = append(q.ops, ops...)
}

// Waiting is how many operations are in the queue.
func (q *Queue) Waiting() int { return len(q.ops) }

// Take removes and returns all operations that wait. The batch is empty if none waits.
func (q *Queue) Take() (batch []replica.DiskOp) {
	batch, q.ops = q.ops, nil
	return batch
}

// keepOps is the largest capacity, in operations, that is kept for the next batch.
const keepOps = 4096

// Recycle takes back the slice of a batch that is carried out, so that it is used again.
func (q *Queue) Recycle(batch []replica.DiskOp) {
	clear(batch)
	if cap(batch) <= keepOps {
		q.spare = batch[:0]
	}
}

// Gathering says how long operations wait for more operations before they are flushed together. The
// zero value flushes at once.
type Gathering struct {
	Delay time.Duration // flushDelay: they wait at most this long since the last flush
	Poll  time.Duration // maxWriteQueuePollTime: they wait at most this long for the next operation
	Most  int           // maxBatchSize: this many operations do not wait; 0: no limit
}

// Wait is how long to wait for the next operation. 0 or less means: flush now.
func (g *Gathering) Wait(waiting int, sinceFlush time.Duration) time.Duration {
	if g.Delay <= 0 || g.Most > 0 && waiting >= g.Most {
		return 0
	}
	return min(g.Delay-sinceFlush, g.Poll)
}
