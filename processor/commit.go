package processor

import (
	"quoll/jute"
	"quoll/processor/arena"
	"quoll/processor/mail"
)

// Commit is the fourth stage: it holds every write that was proposed, in zxid order, until a
// quorum has it on disk, and behind each write what its session sent after it (rule 2).
//
//	queue   [w1 s1] [w2 s2] [w3 s1] [w4 s3]      released from the front as zxids commit
//	           |               |
//	behind   (none)         read s1, read s1     answered right after w3 is applied
//
// Invariants: sequence numbers count up by one along the queue, and go on where those of an earlier
// chain of the same sessions ended; a session's LastWrite is the sequence number of its newest
// write in the queue, or below the queue's first.
type Commit struct {
	queue []pending // from head on
	head  int
	first uint64 // sequence number of queue[head]
}

// pending is one write that was proposed.
type pending struct {
	request mail.Request
	entry   jute.Entry
	code    jute.ErrorCode
	behind  []mail.Request
}

// add puts a write at the end and gives its sequence number.
func (c *Commit) add(p pending) uint64 {
	c.queue = append(c.queue, p)
	return c.first + uint64(len(c.queue)-c.head) - 1
}

// wait puts a request behind the write with the sequence number; it is false when that write has
// been released, and the request need not wait.
func (c *Commit) wait(r mail.Request, seq uint64) bool {
	if seq < c.first {
		return false
	}
	p := &c.queue[c.head+int(seq-c.first)]
	p.behind = append(p.behind, r)
	return true
}

// next releases the first write if its zxid is committed. What it points to is valid until the
// next call of add.
func (c *Commit) next(committed jute.Zxid) *pending {
	if c.head == len(c.queue) || c.queue[c.head].entry.Header.Zxid > committed {
		return nil
	}
	p := &c.queue[c.head]
	c.head++
	c.first++
	return p
}

// commitKeep is the most writes whose room is kept: that of a crowd goes back.
const commitKeep = 4096

// compact gives back the memory of released writes.
func (c *Commit) compact() {
	switch {
	case c.head == len(c.queue):
		clear(c.queue)
		c.queue, c.head = arena.Emptied(c.queue, commitKeep), 0
	case c.head > 1024 && c.head > len(c.queue)/2:
		n := copy(c.queue, c.queue[c.head:])
		clear(c.queue[n:])
		c.queue, c.head = c.queue[:n], 0
	}
}

// Len is how many writes are in flight.
func (c *Commit) Len() int { return len(c.queue) - c.head }
