package restore

import (
	"cmp"
	"slices"

	"quoll/datatree"
	"quoll/jute"
	"quoll/persistence"
	"quoll/processor/session"
)

// Hooks are called while the data is read. Each may be nil.
type Hooks struct {
	// Loaded is called when the snapshot is read. The transactions above it follow.
	Loaded func()
	// Txn is called with each transaction before it is replayed. An error ends the recovery.
	Txn func(*jute.Entry) error
}

// Found is the result of Tree: what was on disk.
type Found struct {
	persistence.Recovered
	Sessions []session.Saved // by id
	// Orphans are the sessions whose ephemerals EndOrphans removed.
	Orphans []jute.SessionID
}

// NeedsSnapshot says whether the tree differs from what the files hold. Then a snapshot must be
// durable before the first append. Only a server alone asks: a member that looks for a leader may
// hold transactions that are not committed, so it writes no snapshot.
func (f *Found) NeedsSnapshot() bool {
	return f.Empty || len(f.Orphans) > 0 || f.Snapshot.File == ""
}

// Tree fills a new tree from a directory. Afterwards the directory is ready for appends. The errors
// are those of persistence.Dir.Recover.
func Tree(dir *persistence.Dir, tree *datatree.Tree, hooks Hooks) (*Found, error) {
	load := newLoader(tree, hooks)
	recovered, err := dir.Recover(load)
	if err != nil {
		return nil, err
	}
	return &Found{Recovered: recovered, Sessions: load.Sessions()}, nil
}

// EndOrphans deletes the ephemerals of sessions that are not in f.Sessions, and lists these
// sessions in f.Orphans, in order. Only a server alone may call it: no transaction records the
// deletion, so the members of an ensemble would differ. In an ensemble the leader proposes the end
// of such sessions.
func (f *Found) EndOrphans(tree *datatree.Tree) {
	v := tree.Peek()
	tree.Lock()
	defer tree.Unlock()
	for _, id := range v.Sessions() {
		_, known := slices.BinarySearchFunc(f.Sessions, id,
			func(s session.Saved, id jute.SessionID) int { return cmp.Compare(s.ID, id) })
		if !known {
			f.Orphans = append(f.Orphans, id)
		}
	}
	slices.Sort(f.Orphans)
	var result datatree.Result
	for _, id := range f.Orphans {
		tree.Apply(&jute.Entry{Header: jute.TxnHeader{
			ClientID: id, Zxid: v.LastZxid(), Type: jute.OpCloseSession,
		}}, &result)
	}
}
