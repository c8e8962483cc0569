package datatree

import (
	"sync"

	"quoll/datatree/internal/acl"
	"quoll/datatree/internal/quota"
	"quoll/datatree/internal/store"
	"quoll/datatree/watch"
	"quoll/jute"
)

// Options says how a tree reads owner fields and whether it keeps a digest.
type Options struct {
	ExtendedTypes bool // zookeeper.extendedTypesEnabled: TTL nodes
	Emulate353TTL bool // zookeeper.emulate353TTLNodes
	Digest        bool // zookeeper.digest.enabled: without it every digest is 0

	// Seed is for the index of paths: a random one keeps clients from choosing paths that
	// collide in it. Nothing that can be seen depends on it.
	Seed uint64
}

// Paths of the nodes that every tree begins with.
const (
	zookeeperPath = "/zookeeper"
	quotaPath     = "/zookeeper/quota"
	configPath    = "/zookeeper/config"
)

// Tree is a tree of znodes and the watches on it.
type Tree struct {
	mu   sync.RWMutex
	opts Options
	contents

	watches *watch.Manager
	sink    watch.Sink
	faults  Faults
	walks   walks
	largest largest
	reign   jute.Zxid // where the present one began
	scratch []byte    // the writer's, used again for each transaction
}

// contents are what a tree holds, behind the lock. They change hands whole: see Adopt.
type contents struct {
	nodes    *store.Store
	acls     *acl.Cache
	lists    owners
	quotas   quota.Trie
	lastZxid jute.Zxid
	dataSize int64 // UTF-16 units of paths plus bytes of data, as ZooKeeper counts them
	digest   digests
}

// New makes the tree that a new server starts with: the root, /zookeeper, its quota and its
// config, the last readable by all and writable by none.
func New(o Options) *Tree {
	t := &Tree{opts: o, watches: watch.NewManager()}
	t.nodes = store.New(o.Seed)
	t.Renew()
	return t
}

// Renew makes the tree again as New made it, for another attempt to load it. Watches and sink stay.
func (t *Tree) Renew() {
	t.clear()
	t.addBuiltin(store.Root, zookeeperPath)
	zk := t.nodes.Lookup([]byte(zookeeperPath))
	t.addBuiltin(zk, quotaPath)
	t.EnsureConfigNode()
	t.dataSize = t.measure()
}

// clear empties the tree but for a new root. Options, watches and sink stay.
func (t *Tree) clear() {
	t.nodes.Reset()
	t.acls = acl.New()
	t.lists = newOwners()
	t.quotas.Clear()
	t.lastZxid = 0
	t.dataSize = 0
	t.digest = digests{}
	t.faults = Faults{}
	t.walks.forget()
	t.largest.reset()
	t.addDigest(store.Root, nil)
}

func (t *Tree) addBuiltin(parent store.ID, path string) store.ID {
	_, name, _ := jute.SplitPath([]byte(path))
	id := t.nodes.Add(parent, []byte(path), name, []byte{})
	t.largest.raise(t, id)
	t.largest.raise(t, parent)
	t.addDigest(id, []byte(path))
	return id
}

// EnsureConfigNode makes /zookeeper/config when it is missing, as it is in snapshots of servers
// before 3.5.
func (t *Tree) EnsureConfigNode() {
	if t.nodes.Lookup([]byte(configPath)) != store.None {
		return
	}
	zk := t.nodes.Lookup([]byte(zookeeperPath))
	if zk == store.None {
		return
	}
	n := t.nodes.At(t.addBuiltin(zk, configPath))
	n.ACL = t.acls.Intern([]jute.ACL{
		{Perms: jute.PermRead, ID: jute.ID{Scheme: "world", ID: "anyone"}},
	})
	n.Aversion = -1
}

// SetConfig puts a configuration's text into /zookeeper/config, which it makes when it is missing.
// ZooKeeper's servers do so when a configuration takes effect: initConfigInZKDatabase. There is no
// transaction for it, so the last zxid and the digest stay. The version of the configuration
// becomes the node's mzxid, its own version -1, its mtime nowMillis (wall clock). Data watches fire
// with the configuration's version in place of a zxid. Under Lock. It keeps nothing of text.
func (t *Tree) SetConfig(text []byte, version, nowMillis int64) {
	t.EnsureConfigNode()
	var st jute.Stat
	t.setData(
		&jute.SetDataRequest{Path: []byte(configPath), Data: text, Version: -1},
		&jute.TxnHeader{Zxid: jute.Zxid(version), Time: nowMillis}, &st)
}

// Lock begins a batch of Apply.
func (t *Tree) Lock() { t.mu.Lock() }

// Unlock ends a batch of Apply.
func (t *Tree) Unlock() { t.mu.Unlock() }

// SetSink sets the receiver of events; with nil nobody gets them. Before the first Apply.
func (t *Tree) SetSink(s watch.Sink) { t.sink = s }

// Adopt takes over the contents of another tree: nodes, ACLs, owners, quotas, digests, sizes and
// the last zxid. It is called under Lock, and takes the same short time whatever the sizes of the
// two. The lock, the sink and the limit of watches stay; all watches are dropped without an event,
// and walks under way end with ErrWalkLost. Faults of built are added to those of t.
//
// Caveats: built was made with the options of t, but for Seed. Nobody else may use it, then or
// later: it holds nothing any more, so that the contents belong to t alone.
func (t *Tree) Adopt(built *Tree) {
	t.contents, built.contents = built.contents, contents{}
	t.faults.add(built.faults)
	t.watches.DropAll()
	t.walks.forget()
	t.walks.loaded = built.walks.loaded
	t.largest.set(&built.largest)
}

// SetLastZxid moves the last zxid without a transaction: a new leader's epoch begins. Under Lock.
func (t *Tree) SetLastZxid(z jute.Zxid) { t.lastZxid = z }

// Reign says where the reign began in which clients see the tree. It holds all that was committed
// before. Under Lock.
func (t *Tree) Reign(begin jute.Zxid) { t.reign = begin }

// DropWatches forgets all watches of a connection. Any goroutine may call it. The connection's
// number is free once dropped.Told(WatchesNow()) is true.
func (t *Tree) DropWatches(w watch.Watcher) (dropped watch.Moment) { return t.watches.Drop(w) }

// DropAllWatches forgets the watches of all connections, and nobody is told. Under Lock.
func (t *Tree) DropAllWatches() { t.watches.DropAll() }

// WatchesNow is the present moment for watches. Any goroutine may call it.
func (t *Tree) WatchesNow() watch.Moment { return t.watches.Now() }

// Options are those that the tree was made with.
func (t *Tree) Options() Options { return t.opts }

// Faults counts what cannot happen as long as all servers compute the same.
type Faults struct {
	Inconsistencies uint64 // transactions that could not be applied as Prep made them
	Inconsistency   Inconsistency
	Mismatches      uint64 // transactions after which the tree's digest was not theirs
	Mismatch        Mismatch
}

// add takes in the faults of a tree whose contents were taken over. Counters never go back.
func (f *Faults) add(more Faults) {
	f.Inconsistencies += more.Inconsistencies
	if more.Inconsistencies > 0 {
		f.Inconsistency = more.Inconsistency
	}
	f.Mismatches += more.Mismatches
	if more.Mismatches > 0 {
		f.Mismatch = more.Mismatch
	}
}

// Inconsistency is a transaction that did not fit the tree.
type Inconsistency struct {
	Zxid jute.Zxid
	Type jute.OpCode
	Path string
	Err  jute.ErrorCode
}

// Mismatch is a tree digest that is not the expected one.
type Mismatch struct {
	Zxid       jute.Zxid
	Want, Have uint64
}

// measure counts the size that ZooKeeper computes after a load; it has the root twice in its map,
// as "" and as "/".
func (t *Tree) measure() int64 {
	total := int64(1) + int64(max(0, t.nodes.DataLen(store.Root)))
	t.eachNode(store.Root, func(id store.ID, path []byte) {
		total += sizeOf(path, t.nodes.DataLen(id))
	})
	return total
}

// sizeOf is the length of a path as Java's String counts it, and of data (-1 when null).
func sizeOf(path []byte, dataLen int) int64 {
	units := 0
	for _, b := range path {
		switch {
		case b >= 0xf0:
			units += 2
		case b < 0x80 || b >= 0xc0:
			units++
		}
	}
	return int64(units + max(0, dataLen))
}

// eachNode visits id and everything below it, parents first. The path is valid during the call.
func (t *Tree) eachNode(id store.ID, visit func(id store.ID, path []byte)) {
	path := t.nodes.AppendPath(nil, id)
	t.descend(id, path, visit)
}

func (t *Tree) descend(id store.ID, path []byte, visit func(id store.ID, path []byte)) {
	visit(id, path)
	for from := 0; ; {
		kids := t.nodes.Children(id, from)
		if len(kids) == 0 {
			return
		}
		from += len(kids)
		for _, kid := range kids {
			below := append(append(path, '/'), t.nodes.Name(kid)...)
			t.descend(kid, below, visit)
			path = below[:len(path)]
		}
	}
}
