package datatree

import (
	"errors"
	"fmt"

	"quoll/datatree/internal/store"
	"quoll/jute"
)

// Errors of a load, from LoadNode: the file, or the stream, holds no tree. The tree being loaded
// can only be used for another BeginLoad then.
var (
	// ErrNoParent is returned when a node comes before its parent, or its path is no path.
	ErrNoParent = errors.New("node before its parent")
	// ErrDuplicate is returned when a path comes for the second time.
	ErrDuplicate = errors.New("node twice")
	// ErrRoot is returned when the root comes, and other nodes have come before.
	ErrRoot = errors.New("the root must come first")
)

// SnapshotDigest is the digest that ends a snapshot.
type SnapshotDigest = ZxidDigest

// BeginLoad empties the tree, to be filled by LoadACL, then LoadNode, then FinishLoad. Until then
// nobody else may use the tree. Watches and sink stay.
func (t *Tree) BeginLoad() {
	t.clear()
	t.digest = digests{}
	// Every ZooKeeper makes its own /zookeeper/config before it loads, and so uses up the first
	// key.
	t.acls.Reserve(1)
}

// LoadACL adds a list of the snapshot's table.
func (t *Tree) LoadACL(key int64, acl []jute.ACL) { t.acls.Load(key, acl) }

// LoadNode adds a node; the root, "", comes first, and parents before their children.
func (t *Tree) LoadNode(path, data []byte, acl int64, st *jute.StatPersisted) error {
	id, err := t.placeNode(path, data)
	if err != nil {
		return fmt.Errorf("znode %q: %w", path, err)
	}
	n := t.nodes.At(id)
	n.Czxid, n.Mzxid, n.Pzxid = st.Czxid, st.Mzxid, st.Pzxid
	n.Ctime, n.Mtime = st.Ctime, st.Mtime
	n.Version, n.Cversion, n.Aversion = st.Version, st.Cversion, st.Aversion
	n.Owner, n.ACL = st.EphemeralOwner, t.acls.Use(acl)
	t.largest.raise(t, id)
	if n.Parent != store.None {
		t.largest.raise(t, n.Parent)
	}
	t.addDigest(id, path)
	if id != store.Root {
		t.lists.add(t.opts.Kind(n.Owner), n.Owner, id)
	}
	t.walks.loaded = max(t.walks.loaded, n.Czxid)
	return nil
}

func (t *Tree) placeNode(path, data []byte) (store.ID, error) {
	if len(path) == 0 {
		if t.nodes.Len() > 1 {
			return store.None, ErrRoot
		}
		t.nodes.SetData(store.Root, data)
		t.digest.tree = 0
		return store.Root, nil
	}
	parentPath, name, ok := jute.SplitPath(path)
	if !ok {
		return store.None, ErrNoParent
	}
	parent := t.nodes.Lookup(parentPath)
	if parent == store.None {
		return store.None, ErrNoParent
	}
	if t.nodes.Lookup(path) != store.None {
		return store.None, ErrDuplicate
	}
	return t.nodes.Add(parent, path, name, data), nil
}

// FinishLoad ends a load. Some of the tree is as of snapshotZxid, and some as of later transactions
// up to the zxid of digest, which is compared when the replay comes to that zxid. A digest that is
// nil, has no zxid or is older than the snapshot says nothing: then digests are compared from the
// next transaction on (see IgnoreDigestsUntil).
func (t *Tree) FinishLoad(snapshotZxid jute.Zxid, digest *SnapshotDigest) {
	t.dataSize = t.measure()
	t.setupQuotas()
	t.acls.PurgeUnused()
	t.lastZxid = snapshotZxid
	if t.opts.Digest && digest != nil && digest.Zxid > 0 && digest.Zxid >= snapshotZxid {
		t.digest.fuzzy, t.digest.isFuzzy = *digest, true
		t.endFuzzy(snapshotZxid)
	}
}
