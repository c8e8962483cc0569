package logwriter

import (
	"time"

	"quoll/internal/replica"
)

// Queue holds transactions on their way to the log, in order. The zero value is empty.
type Queue struct {
	runs  []run
	spare []replica.Append
}

// run is what was proposed in one generation.
type run struct {
	generation uint64
	txns       []replica.Append
}

// Put appends transactions. The slice stays the caller's; the bytes of the entries are not used
// again by anyone else.
func (q *Queue) Put(generation uint64, txns []replica.Append) {
	n := len(q.runs)
	if n == 0 || q.runs[n-1].generation != generation {
		q.runs = append(q.runs, run{generation: generation, txns: q.spare[:0]})
		q.spare = nil
		n++
	}
	last := &q.runs[n-1]
	last.txns = append(last.txns, txns...)
}

// Waiting is how many transactions are in the queue.
func (q *Queue) Waiting() (n int) {
	for i := range q.runs {
		n += len(q.runs[i].txns)
	}
	return n
}

// Take removes the next batch: all that waits of the oldest generation. It is empty when nothing
// waits.
func (q *Queue) Take() (generation uint64, batch []replica.Append) {
	if len(q.runs) == 0 {
		return 0, nil
	}
	first := q.runs[0]
	n := copy(q.runs, q.runs[1:])
	q.runs[n] = run{}
	q.runs = q.runs[:n]
	return first.generation, first.txns
}

// keepTxns is the most transactions whose room is kept for the next batch.
const keepTxns = 4096

// Recycle takes back the slice of a batch that is written.
func (q *Queue) Recycle(batch []replica.Append) {
	clear(batch)
	if cap(batch) <= keepTxns {
		q.spare = batch[:0]
	}
}

// Gathering says how long transactions wait for company before they are flushed. The zero value
// flushes at once.
type Gathering struct {
	Delay time.Duration // flushDelay: at most so long since the last flush
	Poll  time.Duration // maxWriteQueuePollTime: not longer than this when none comes
	Most  int           // maxBatchSize: not when so many wait already; 0: any number
}

// Wait is how long to wait for the next transaction now; 0 or less flushes what waits.
func (g *Gathering) Wait(waiting int, sinceFlush time.Duration) time.Duration {
	if g.Delay <= 0 || g.Most > 0 && waiting >= g.Most {
		return 0
	}
	return min(g.Delay-sinceFlush, g.Poll)
}
