package restore

import (
	"quoll/datatree"
	"quoll/internal/replica"
	"quoll/jute"
	"quoll/persistence"
)

// loader fills a tree and a list of sessions from what Recover finds (persistence.Sink).
type loader struct {
	*replica.Built
	hooks Hooks
	// begun means that a snapshot is being read, and that the nodes which every new tree has are
	// removed.
	begun bool
}

func newLoader(tree *datatree.Tree, hooks Hooks) *loader {
	return &loader{Built: replica.NewBuilt(tree), hooks: hooks}
}

// Reset empties tree and sessions, because an older snapshot follows (persistence.Sink).
func (l *loader) Reset() {
	l.begun = false
	l.begin()
}

func (l *loader) begin() {
	if !l.begun {
		l.begun = true
		l.Begin()
	}
}

func (l *loader) Session(id jute.SessionID, timeoutMillis int32) error {
	l.begin()
	l.Built.Session(id, timeoutMillis)
	return nil
}

func (l *loader) ACL(key int64, acl []jute.ACL) error {
	l.begin()
	l.Tree.LoadACL(key, acl)
	return nil
}

func (l *loader) Node(path, data []byte, acl int64, st *jute.StatPersisted) error {
	l.begin()
	return l.Tree.LoadNode(path, data, acl, st)
}

func (l *loader) SnapshotLoaded(info persistence.SnapInfo) error {
	var digest *datatree.SnapshotDigest
	if d := info.Trailer.Digest; info.Trailer.HasDigest {
		digest = &datatree.SnapshotDigest{Zxid: d.Zxid, Version: d.Version, Digest: d.Digest}
	}
	l.Tree.FinishLoad(info.Zxid, digest)
	l.Tree.EnsureConfigNode()
	if l.hooks.Loaded != nil {
		l.hooks.Loaded()
	}
	return nil
}

// Txn replays one logged transaction on the tree and on the list of sessions.
func (l *loader) Txn(e *jute.Entry) error {
	if l.hooks.Txn != nil {
		if err := l.hooks.Txn(e); err != nil {
			return err
		}
	}
	return l.Replay(e)
}
