package processor

import (
	"quoll/datatree"
	"quoll/jute"
)

// journal is the changes that Prep has decided on and Final has not applied yet: what the tree
// will be when all of them are. A check looks here first and at the tree for the rest.
//
//	queue   [z5 /a] [z5 /a/b] [z6 /a] [z7 /c]     in zxid order; applied ones leave at the front
//	byPath  /a -> [z6 /a]  /a/b -> [z5 /a/b]  /c -> [z7 /c]
//
// Invariants: byPath holds the newest change of each path in queue; a change's digest is the tree's
// after it and all before it.
type journal struct {
	tree       *datatree.Tree
	withDigest bool
	byPath     map[string]*change
	queue      []*change // from head on
	head       int
	free       []*change
}

// change is what one transaction does to one node.
type change struct {
	path string
	zxid jute.Zxid
	node
	treeDigest uint64
	prev       *change // what byPath held before; for the undo of a multi only
}

// node is a node as it will be.
type node struct {
	exists   bool
	stat     jute.StatPersisted
	children int
	acl      []jute.ACL
	// data is what a change in flight gives the node; where there is none (hasData is false) the
	// data is the one at ref in the tree.
	data    []byte
	hasData bool
	ref     datatree.Ref
	digest  uint64 // of the node
}

func newJournal(tree *datatree.Tree, withDigest bool) *journal {
	return &journal{tree: tree, withDigest: withDigest, byPath: make(map[string]*change)}
}

// root is the path of the root as ZooKeeper names it in memory.
func normal(path []byte) []byte {
	if len(path) == 1 && path[0] == '/' {
		return path[:0]
	}
	return path
}

// look is the node at path as it will be.
func (j *journal) look(path []byte) node {
	path = normal(path)
	if c := j.byPath[string(path)]; c != nil {
		return c.node
	}
	v := j.tree.Peek()
	ref, ok := v.Find(path)
	if !ok {
		return node{}
	}
	n := node{exists: true, ref: ref, children: v.NumChildren(ref), acl: v.ACL(ref)}
	v.Persisted(ref, &n.stat)
	if j.withDigest {
		n.digest = v.DigestOf(ref)
	}
	return n
}

// dataLen is how many bytes of data the node has; null has none.
func (j *journal) dataLen(n *node) int {
	if n.hasData {
		return len(n.data)
	}
	return max(j.tree.Peek().DataLen(n.ref), 0)
}

// put records that the node at path will be n, and works out the digests.
func (j *journal) put(path []byte, zxid jute.Zxid, n node, before *node) {
	path = normal(path)
	tree := j.treeDigest()
	if j.withDigest {
		tree -= before.digest
		n.digest = 0
		if n.exists {
			n.digest = j.digestOf(path, &n)
		}
		tree += n.digest
	}
	c := j.take()
	prev := j.byPath[string(path)]
	if prev != nil {
		c.path = prev.path
	} else {
		c.path = string(path)
	}
	c.zxid, c.node, c.treeDigest, c.prev = zxid, n, tree, prev
	j.byPath[c.path] = c
	j.queue = append(j.queue, c)
}

func (j *journal) digestOf(path []byte, n *node) uint64 {
	if n.hasData {
		return datatree.NodeDigest(path, n.data, &n.stat)
	}
	return j.tree.Peek().DigestWith(n.ref, path, &n.stat)
}

// treeDigest is the digest of the tree after everything in flight.
func (j *journal) treeDigest() uint64 {
	if len(j.queue) > j.head {
		return j.queue[len(j.queue)-1].treeDigest
	}
	return j.tree.Peek().TreeDigest()
}

// mark is where undo goes back to.
func (j *journal) mark() int { return len(j.queue) }

// undo forgets every change since the mark: a multi has failed.
func (j *journal) undo(mark int) {
	for i := len(j.queue) - 1; i >= mark; i-- {
		c := j.queue[i]
		if c.prev != nil {
			j.byPath[c.path] = c.prev
		} else {
			delete(j.byPath, c.path)
		}
		j.give(c)
	}
	j.queue = j.queue[:mark]
}

// settle forgets how to undo the changes since the mark.
func (j *journal) settle(mark int) {
	for _, c := range j.queue[mark:] {
		c.prev = nil
	}
}

// applied drops the changes up to zxid: the tree has them now.
func (j *journal) applied(zxid jute.Zxid) {
	for j.head < len(j.queue) && j.queue[j.head].zxid <= zxid {
		c := j.queue[j.head]
		if j.byPath[c.path] == c {
			delete(j.byPath, c.path)
		}
		j.give(c)
		j.queue[j.head] = nil
		j.head++
	}
	switch {
	case j.head == len(j.queue):
		j.queue, j.head = j.queue[:0], 0
	case j.head > 1024 && j.head > len(j.queue)/2:
		n := copy(j.queue, j.queue[j.head:])
		clear(j.queue[n:])
		j.queue, j.head = j.queue[:n], 0
	}
}

// each visits the changes in flight in order.
func (j *journal) each(visit func(*change)) {
	for _, c := range j.queue[j.head:] {
		visit(c)
	}
}

const journalFreeMax = 4096

func (j *journal) take() *change {
	if n := len(j.free); n > 0 {
		c := j.free[n-1]
		j.free = j.free[:n-1]
		return c
	}
	return new(change)
}

func (j *journal) give(c *change) {
	*c = change{}
	if len(j.free) < journalFreeMax {
		j.free = append(j.free, c)
	}
}
