package model

import (
	"bytes"
	"hash/fnv"
	"maps"
	"slices"
	"strings"

	"quoll/jute"
)

// Options are what a configuration changes about answers.
type Options struct {
	ExtendedTypes bool // extendedTypesEnabled
	SuperDigest   string
	EnforceQuota  bool
	Reconfig      bool // reconfigEnabled
	// Config is the text of an ensemble's configuration; nil: the server is alone.
	Config      []byte
	MaxMultiOps int // quoll.maxMultiOps; 0: any number
}

// Node is a znode.
type Node struct {
	Data []byte // nil is null
	ACL  []jute.ACL
	Stat jute.StatPersisted
	kids map[string]bool
	sum  uint32 // what it adds to the digest
}

// Tree is the state after a transaction.
type Tree struct {
	Options  Options
	Zxid     jute.Zxid
	Sessions map[jute.SessionID]bool
	// Restricted are the paths whose events may have been withheld: their ACL once denied READ to
	// someone, or they changed without a transaction.
	Restricted map[string]bool

	nodes   map[string]*Node // the root is "/"
	digest  uint64
	watches Watches
	quotas  map[string][]quota // the states of each, in order
	fired   []Event            // by the transaction being carried out
}

// Names of the server's own nodes.
const (
	zookeeper  = "/zookeeper"
	configNode = "/zookeeper/config"
)

// New makes the tree that a new server starts with.
func New(o Options) *Tree {
	t := &Tree{
		Options: o, Sessions: map[jute.SessionID]bool{}, Restricted: map[string]bool{},
		quotas: map[string][]quota{},
		nodes:  map[string]*Node{"/": {Data: []byte{}, kids: map[string]bool{}}},
	}
	t.touch("/")
	for _, path := range []string{zookeeper, QuotaTop, configNode} {
		parent, name := Split(path)
		t.nodes[parent].kids[name] = true
		t.nodes[path] = &Node{Data: []byte{}, kids: map[string]bool{}}
		t.touch(path)
	}
	config := t.nodes[configNode]
	config.ACL = []jute.ACL{{Perms: jute.PermRead, ID: jute.ID{Scheme: "world", ID: "anyone"}}}
	config.Stat.Aversion = -1
	if o.Config != nil {
		config.Data, config.Stat.Version = o.Config, -1
	}
	return t
}

// key is a path as the map has it: the root has two names.
func key(path []byte) string {
	if len(path) == 0 {
		return "/"
	}
	return string(path)
}

// Find is the node at a path, nil when there is none.
func (t *Tree) Find(path []byte) *Node { return t.nodes[key(path)] }

// Paths lists every node, in order.
func (t *Tree) Paths() []string { return slices.Sorted(maps.Keys(t.nodes)) }

func (n *Node) children() []string { return slices.Sorted(maps.Keys(n.kids)) }

// below counts the nodes under a path.
func (t *Tree) below(path string) int {
	count := 0
	for p := range t.nodes {
		if p != path && strings.HasPrefix(p, strings.TrimSuffix(path, "/")+"/") {
			count++
		}
	}
	return count
}

func (t *Tree) isTTL(owner jute.SessionID) bool {
	return IsTTL(owner, t.Options.ExtendedTypes)
}

func (t *Tree) isEphemeral(owner jute.SessionID) bool {
	return IsEphemeral(owner, t.Options.ExtendedTypes)
}

// Ephemerals lists the paths of a session's ephemerals, in order.
func (t *Tree) Ephemerals(id jute.SessionID) []string {
	var paths []string
	for path, n := range t.nodes {
		if n.Stat.EphemeralOwner == id && t.isEphemeral(id) {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	return paths
}

// Orphans lists the ephemerals of sessions that do not exist.
func (t *Tree) Orphans() []string {
	var paths []string
	for path, n := range t.nodes {
		if owner := n.Stat.EphemeralOwner; t.isEphemeral(owner) && !t.Sessions[owner] {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	return paths
}

// stat is what a client is told about a node.
func (t *Tree) stat(n *Node) *jute.Stat {
	return Shown(&n.Stat, len(n.Data), len(n.kids), t.Options.ExtendedTypes)
}

// touch brings the digest up to date with a node that changed, came or went.
func (t *Tree) touch(path string) {
	n := t.nodes[path]
	if !Counts(path) {
		return
	}
	t.digest -= uint64(n.sum)
	n.sum = Sum(path, n.Data, &n.Stat)
	t.digest += uint64(n.sum)
}

// Digest is the digest of the whole tree, version 2.
func (t *Tree) Digest() uint64 { return t.digest }

// Fingerprint covers everything that the digest leaves out as well: ACLs and /zookeeper. The node
// of an ensemble's configuration is left out: each server writes it by itself.
func (t *Tree) Fingerprint() uint64 {
	var f Fingerprint
	for _, path := range t.Paths() {
		n := t.nodes[path]
		if path == "/" {
			path = ""
		}
		if path == configNode && t.Options.Config != nil {
			continue
		}
		f.Node(path, n.Data, n.ACL, &n.Stat)
	}
	return f.Sum()
}

// Fingerprint gathers a tree, node by node; the order does not matter.
type Fingerprint struct{ sum uint64 }

// Node adds a node; the root is "".
func (f *Fingerprint) Node(path string, data []byte, acl []jute.ACL, st *jute.StatPersisted) {
	b := jute.AppendBuffer(jute.AppendString(nil, path), data)
	if len(acl) > 0 && !isOpen(acl) {
		acl = slices.Clone(acl)
		sortACL(acl) // the ids that "auth" stands for have no order
		c := jute.Encoder(b)
		c.ACLs("acl", &acl)
		b = c.Bytes()
	}
	h := fnv.New64a()
	_, _ = h.Write(jute.Append(b, st))
	f.sum += h.Sum64()
}

// Sum is the fingerprint of what was added.
func (f *Fingerprint) Sum() uint64 { return f.sum }

// isOpen says whether world:anyone may do everything. Snapshots cannot tell that from a null list.
func isOpen(acl []jute.ACL) bool {
	return len(acl) == 1 && acl[0].Perms == jute.PermAll &&
		acl[0].ID == jute.ID{Scheme: "world", ID: "anyone"}
}

// add puts a node under its parent.
func (t *Tree) add(path string, n *Node, zxid jute.Zxid) {
	parent, name := Split(path)
	p := t.nodes[parent]
	n.kids = map[string]bool{}
	p.kids[name] = true
	p.Stat.Cversion++
	p.Stat.Pzxid = zxid
	t.nodes[path] = n
	t.touch(parent)
	t.touch(path)
}

// remove takes a node away from its parent.
func (t *Tree) remove(path string, zxid jute.Zxid) *Node {
	parent, name := Split(path)
	n, p := t.nodes[path], t.nodes[parent]
	delete(p.kids, name)
	p.Stat.Pzxid = zxid
	t.touch(parent)
	if Counts(path) {
		t.digest -= uint64(n.sum)
	}
	delete(t.nodes, path)
	return n
}

func hasNUL(path []byte) bool { return bytes.IndexByte(path, 0) >= 0 }

// Clone is a tree of its own in the same state.
func (t *Tree) Clone() *Tree {
	s := t.save()
	twin := *t
	twin.nodes, twin.watches = s.nodes, s.watches
	twin.Sessions, twin.Restricted = maps.Clone(t.Sessions), maps.Clone(t.Restricted)
	twin.quotas = map[string][]quota{}
	for of, list := range t.quotas {
		twin.quotas[of] = slices.Clone(list)
	}
	twin.fired = nil
	return &twin
}
