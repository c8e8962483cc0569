package cursor

import (
	"time"

	"quoll/jute"
)

// acks is what a follower has acknowledged over its connection.
type acks struct {
	last jute.Zxid // the last one
	next jute.Zxid // the one that must come next; 0: none was sent yet that must be acknowledged
	owed jute.Zxid // the last one that must be acknowledged
	// oldest was not acknowledged since then; 0: everything was. Only one is watched at a time, as
	// in Apache's SyncLimitCheck.
	oldest jute.Zxid
	since  time.Duration
}

// owe notes that a transaction was sent which the follower is to acknowledge.
func (a *acks) owe(zxid jute.Zxid, now time.Duration) {
	if a.next == 0 {
		a.next = zxid
	}
	if a.oldest == 0 {
		a.oldest, a.since = zxid, now
	}
	a.owed = zxid
}

// Acked is the last transaction that was acknowledged; 0 when none was.
func (c *Cursor) Acked() jute.Zxid { return c.acks.last }

// Expects is the next transaction that is to be acknowledged, and the last one; 0 when none is.
func (c *Cursor) Expects() (next, owed jute.Zxid) { return c.acks.next, c.acks.owed }

// Ack takes an acknowledgement. They come one for each transaction, in order; false says that this
// one does not.
func (c *Cursor) Ack(zxid jute.Zxid, now time.Duration) bool {
	a := &c.acks
	if zxid != a.next || zxid > a.owed {
		return false
	}
	a.last, a.next = zxid, zxid+1
	if zxid >= a.oldest {
		a.oldest, a.since = 0, now
		if a.owed > zxid {
			a.oldest = a.owed
		}
	}
	return true
}

// Serve says that UPTODATE leaves now. From now on acknowledgements can come.
func (c *Cursor) Serve(now time.Duration) { c.acks.since = now }

// Late reports for how long a transaction was not acknowledged.
func (c *Cursor) Late(now time.Duration) time.Duration {
	if c.acks.oldest == 0 {
		return 0
	}
	return now - c.acks.since
}
