package replica

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"quoll/datatree"
	"quoll/jute"
	"quoll/processor/session"
)

// Built is a tree with its sessions, as a leader's stream or the files of this server have them. It
// is made beside the tree that is served, by one goroutine at a time.
type Built struct {
	Tree     *datatree.Tree
	sessions map[jute.SessionID]int32 // timeout, ms
	fuzzy    bool                     // see Fuzzy
}

// NewBuilt returns a tree that is to be filled, without sessions.
func NewBuilt(tree *datatree.Tree) *Built {
	return &Built{Tree: tree, sessions: make(map[jute.SessionID]int32)}
}

// Begin empties tree and sessions, to be filled anew.
func (b *Built) Begin() {
	b.Tree.BeginLoad()
	clear(b.sessions)
}

// Session adds a session.
func (b *Built) Session(id jute.SessionID, timeoutMillis int32) { b.sessions[id] = timeoutMillis }

// Replay applies a committed transaction, which tree and sessions may hold already, in whole or in
// part. An error means that the transaction cannot be decoded.
func (b *Built) Replay(e *jute.Entry) error {
	switch e.Header.Type {
	case jute.OpCreateSession:
		var txn jute.CreateSessionTxn
		if _, err := jute.Decode(e.Body, &txn); err != nil {
			return fmt.Errorf("transaction %v: %w", e.Header.Zxid, err)
		}
		b.sessions[e.Header.ClientID] = txn.TimeOut
	case jute.OpCloseSession:
		delete(b.sessions, e.Header.ClientID)
	}
	b.Tree.Replay(e)
	return nil
}

// Fuzzy says that the tree holds parts of transactions that are still to be replayed, and that
// nothing tells where they end. No digest is compared before Whole.
func (b *Built) Fuzzy() {
	b.fuzzy = true
	b.Tree.IgnoreDigestsUntil(math.MaxInt64)
}

// Whole says that all transactions that the tree may have held in part are replayed. From the next
// one on digests are compared. It does nothing to a tree that is not fuzzy.
func (b *Built) Whole() {
	if b.fuzzy {
		b.fuzzy = false
		b.Tree.Lock()
		b.Tree.IgnoreDigestsUntil(b.Tree.Peek().LastZxid())
		b.Tree.Unlock()
	}
}

// Sessions returns the sessions, in the order of their ids.
func (b *Built) Sessions() []session.Saved {
	all := make([]session.Saved, 0, len(b.sessions))
	for id, timeout := range b.sessions { // order-free: sorted below
		all = append(all, session.Saved{ID: id, TimeoutMillis: timeout})
	}
	slices.SortFunc(all, func(a, b session.Saved) int { return cmp.Compare(a.ID, b.ID) })
	return all
}
