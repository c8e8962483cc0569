package applied

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"unicode/utf16"

	"quoll/internal/model"
	"quoll/jute"
)

// Node is a znode.
type Node struct {
	Data []byte // nil is null
	Key  int64  // of the ACL
	Stat jute.StatPersisted
}

// Tree is the model. Extended and Digest are as in datatree.Options; a TTL node exists only when
// Extended is set.
type Tree struct {
	Extended bool
	Digest   bool

	nodes    map[string]*Node // the root is ""
	sessions map[jute.SessionID]bool
	quotas   map[string]bool
	acls     map[int64]*acl
	lastKey  int64
	watches  model.Watches
	LastZxid jute.Zxid
	Heard    []model.Event

	// Size is what ZooKeeper shows as the approximate size of data. It depends on history, because
	// ZooKeeper does not see how quota stats change.
	Size int64
}

type acl struct {
	list []jute.ACL
	uses int
}

// New makes the tree that a new server starts with.
func New(extended, digest bool) *Tree {
	t := &Tree{
		Extended: extended, Digest: digest, nodes: map[string]*Node{},
		sessions: map[jute.SessionID]bool{}, quotas: map[string]bool{}, acls: map[int64]*acl{},
	}
	for _, path := range []string{"", "/zookeeper", "/zookeeper/quota", "/zookeeper/config"} {
		t.nodes[path] = &Node{Data: []byte{}, Key: -1}
	}
	config := t.nodes["/zookeeper/config"]
	config.Key = t.use([]jute.ACL{
		{Perms: jute.PermRead, ID: jute.ID{Scheme: "world", ID: "anyone"}},
	})
	config.Stat.Aversion = -1
	t.Size = t.Measure()
	return t
}

// Measure is the size that ZooKeeper computes after a load, with the root as "" and as "/".
func (t *Tree) Measure() int64 {
	size := int64(1 + len(t.nodes[""].Data))
	// order-free: a sum
	for path, n := range t.nodes {
		size += units(path) + int64(len(n.Data))
	}
	return size
}

// units is the length of a path in Java.
func units(path string) int64 { return int64(len(utf16.Encode([]rune(path)))) }

// Get finds a node by its path.
func (t *Tree) Get(path string) *Node {
	if path == "/" {
		path = ""
	}
	return t.nodes[path]
}

// Paths lists all nodes, parents first; the root is "".
func (t *Tree) Paths() []string {
	return slices.Sorted(maps.Keys(t.nodes)) // order-free: sorted
}

// Children lists the names of a node's children, in order.
func (t *Tree) Children(path string) []string {
	prefix := strings.TrimSuffix(path, "/") + "/"
	var names []string
	for _, p := range t.Paths() {
		name, below := strings.CutPrefix(p, prefix)
		if below && !strings.Contains(name, "/") {
			names = append(names, name)
		}
	}
	return names
}

// Below counts the nodes under a path as getAllChildrenNumber does.
func (t *Tree) Below(path string) int {
	prefix := strings.TrimSuffix(path, "/") + "/"
	n := 0
	for _, p := range t.Paths() {
		if strings.HasPrefix(p, prefix) {
			n++
		}
	}
	return n
}

// Stat is what a client is told.
func (t *Tree) Stat(path string) jute.Stat {
	n := t.Get(path)
	return *model.Shown(&n.Stat, len(n.Data), len(t.Children(path)), t.Extended)
}

func (t *Tree) ephemeral(owner jute.SessionID) bool {
	return model.IsEphemeral(owner, t.Extended)
}

// TreeDigest adds up the digests of all nodes.
func (t *Tree) TreeDigest() (sum uint64) {
	if !t.Digest {
		return 0
	}
	// order-free: a sum
	for path, n := range t.nodes {
		if model.Counts(path) {
			sum += uint64(model.Sum(path, n.Data, &n.Stat))
		}
	}
	return sum
}

// Ephemerals lists the paths of a session's ephemerals, in order.
func (t *Tree) Ephemerals(session jute.SessionID) (paths []string) {
	for _, p := range t.Paths() {
		owner := t.nodes[p].Stat.EphemeralOwner
		if owner == session && t.ephemeral(owner) {
			paths = append(paths, p)
		}
	}
	return paths
}

// Sessions lists, in order, the sessions that made an ephemeral and are not closed.
func (t *Tree) Sessions() []jute.SessionID {
	return slices.Sorted(maps.Keys(t.sessions)) // order-free: sorted
}

// Expired lists containers and TTL nodes that may be deleted at a time.
func (t *Tree) Expired(now, maxNeverUsed int64) (paths []string) {
	for _, p := range t.Paths() {
		n := t.nodes[p]
		owner, idle := n.Stat.EphemeralOwner, now-n.Stat.Mtime
		used := n.Stat.Cversion > 0
		switch {
		case len(t.Children(p)) > 0:
		case owner == model.ContainerOwner && (used || maxNeverUsed != 0 && idle > maxNeverUsed):
			paths = append(paths, p)
		case model.IsTTL(owner, t.Extended) && idle > int64(owner&model.MaxTTL):
			paths = append(paths, p)
		}
	}
	return paths
}

// ACL is the list of a node.
func (t *Tree) ACL(path string) []jute.ACL { return t.list(t.Get(path).Key) }

func (t *Tree) list(key int64) []jute.ACL {
	if key == -1 {
		return []jute.ACL{{Perms: jute.PermAll, ID: jute.ID{Scheme: "world", ID: "anyone"}}}
	}
	return t.acls[key].list
}

// Keys lists the keys of ACLs in use, in order.
func (t *Tree) Keys() []int64 {
	return slices.Sorted(maps.Keys(t.acls)) // order-free: sorted
}

func (t *Tree) use(list []jute.ACL) int64 {
	if list == nil {
		return -1
	}
	for _, key := range t.Keys() {
		if slices.Equal(t.acls[key].list, list) {
			t.acls[key].uses++
			return key
		}
	}
	t.lastKey++
	t.acls[t.lastKey] = &acl{list: slices.Clone(list), uses: 1}
	return t.lastKey
}

func (t *Tree) drop(key int64) {
	if key == -1 {
		return
	}
	if t.acls[key].uses--; t.acls[key].uses == 0 {
		delete(t.acls, key)
	}
}

func clone(data []byte) []byte { return bytes.Clone(data) }

// HighestKey is the last key given to an ACL.
func (t *Tree) HighestKey() int64 { return t.lastKey }
