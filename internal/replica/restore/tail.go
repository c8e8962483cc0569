package restore

import (
	"quoll/jute"
	"quoll/quorum/zab/history"
)

// Tail keeps the last transactions that are read from the log at a start. A member's peer begins
// with them (quorum.Start), so that its learners need no snapshot right after a restart.
type Tail struct {
	limits  history.Limits
	entries []jute.Entry
	bytes   int
}

// NewTail keeps as many transactions as the limits allow.
func NewTail(limits history.Limits) *Tail { return &Tail{limits: limits} }

// Add takes the next transaction. Behind a gap it begins anew. The error transaction that repeats a
// zxid, as Apache's servers log it, changes nothing and is left out.
func (t *Tail) Add(e *jute.Entry) {
	if n := len(t.entries); n > 0 {
		last := t.entries[n-1].Header.Zxid
		if e.Header.Zxid == last {
			return
		}
		if !history.Follows(last, e.Header.Zxid) {
			t.drop(n)
		}
	}
	t.entries = append(t.entries, *e)
	t.bytes += len(e.Payload)
	over := 0
	for n := len(t.entries); over < n && (n-over > t.limits.Entries || t.bytes > t.limits.Bytes); {
		t.bytes -= len(t.entries[over].Payload)
		t.entries[over] = jute.Entry{}
		over++
	}
	t.entries = t.entries[over:]
}

func (t *Tail) drop(n int) {
	clear(t.entries[:n])
	t.entries, t.bytes = t.entries[:0], 0
}

// Entries returns what is kept, in order.
func (t *Tail) Entries() []jute.Entry { return t.entries }
