package journal

import (
	"quoll/datatree"
	"quoll/jute"
)

// Journal is the changes in flight.
type Journal struct {
	tree       *datatree.Tree
	withDigest bool
	digester   datatree.Digester
	byPath     map[string]*change
	owned      map[jute.SessionID][]*change // those with an owner, in the order of queue
	closing    map[jute.SessionID]bool      // sessions whose end is in flight
	queue      []*change                    // from head on
	head       int
	free       []*change
}

// keepChanges is the most changes whose room an empty journal keeps.
const keepChanges = 4096

// change is what one transaction does to one node.
type change struct {
	path string
	zxid jute.Zxid
	Node
	treeDigest uint64
	prev       *change        // what byPath held before; for the undo of a multi only
	closes     jute.SessionID // the session that the change ends; it has no path then; 0: none
}

// Node is a node as it will be.
type Node struct {
	Exists   bool
	Stat     jute.StatPersisted
	Children int
	ACL      []jute.ACL
	// Data is what a change in flight gives the node. If no change does (HasData is false), the
	// data is the one at ref in the tree.
	Data    []byte
	HasData bool
	ref     datatree.Ref
	digest  uint64 // of the node
}

// New makes the journal of a tree; withDigest keeps digests too.
func New(tree *datatree.Tree, withDigest bool) *Journal {
	return &Journal{
		tree: tree, withDigest: withDigest,
		byPath: make(map[string]*change), owned: make(map[jute.SessionID][]*change),
		closing: make(map[jute.SessionID]bool),
	}
}

// normal names the root as ZooKeeper does in memory: "".
func normal(path []byte) []byte {
	if len(path) == 1 && path[0] == '/' {
		return path[:0]
	}
	return path
}

// Look is the node at path as it will be.
func (j *Journal) Look(path []byte) Node {
	path = normal(path)
	if c := j.byPath[string(path)]; c != nil {
		return c.Node
	}
	v := j.tree.Peek()
	ref, ok := v.Find(path)
	if !ok {
		return Node{}
	}
	n := Node{Exists: true, ref: ref, Children: v.NumChildren(ref), ACL: v.ACL(ref)}
	v.Persisted(ref, &n.Stat)
	if len(j.closing) > 0 && j.closing[n.Stat.EphemeralOwner] {
		return Node{}
	}
	if j.withDigest {
		n.digest = v.DigestOf(ref)
	}
	return n
}

// DataLen is how many bytes of data the node has; null counts as none.
func (j *Journal) DataLen(n *Node) int {
	if n.HasData {
		return len(n.Data)
	}
	return max(j.tree.Peek().DataLen(n.ref), 0)
}

// Put records that the node at path will be n, and works out the digests.
func (j *Journal) Put(path []byte, zxid jute.Zxid, n Node, before *Node) {
	path = normal(path)
	tree := j.TreeDigest()
	if j.withDigest {
		tree -= before.digest
		n.digest = 0
		if n.Exists {
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
	c.zxid, c.Node, c.treeDigest, c.prev = zxid, n, tree, prev
	j.byPath[c.path] = c
	j.queue = append(j.queue, c)
	if owner := c.owner(); owner != 0 {
		j.owned[owner] = append(j.owned[owner], c)
	}
}

func (j *Journal) digestOf(path []byte, n *Node) uint64 {
	if n.HasData {
		return j.digester.Node(path, n.Data, &n.Stat)
	}
	return j.tree.Peek().DigestWith(n.ref, path, &n.Stat)
}

// TreeDigest is the digest of the tree after everything in flight.
func (j *Journal) TreeDigest() uint64 {
	if len(j.queue) > j.head {
		return j.queue[len(j.queue)-1].treeDigest
	}
	return j.tree.Peek().TreeDigest()
}

// Mark is where undo goes back to.
func (j *Journal) Mark() int { return len(j.queue) }

// Undo forgets every change since the mark: a multi has failed.
func (j *Journal) Undo(mark int) {
	for i := len(j.queue) - 1; i >= mark; i-- {
		c := j.queue[i]
		if c.prev != nil {
			j.byPath[c.path] = c.prev
		} else {
			delete(j.byPath, c.path)
		}
		if owner := c.owner(); owner != 0 {
			j.setOwned(owner, j.owned[owner][:len(j.owned[owner])-1])
		}
		j.give(c)
	}
	j.queue = j.queue[:mark]
}

// Settle forgets how to undo the changes since the mark.
func (j *Journal) Settle(mark int) {
	for _, c := range j.queue[mark:] {
		c.prev = nil
	}
}

// Applied drops the changes up to zxid: the tree has them now.
func (j *Journal) Applied(zxid jute.Zxid) {
	for j.head < len(j.queue) && j.queue[j.head].zxid <= zxid {
		c := j.queue[j.head]
		switch {
		case c.closes != 0:
			delete(j.closing, c.closes)
		case j.byPath[c.path] == c:
			delete(j.byPath, c.path)
		}
		if owner := c.owner(); owner != 0 {
			j.setOwned(owner, j.owned[owner][1:])
		}
		j.give(c)
		j.queue[j.head] = nil
		j.head++
	}
	switch {
	case j.head == len(j.queue) && cap(j.queue) > keepChanges:
		j.queue, j.head = nil, 0
	case j.head == len(j.queue):
		j.queue, j.head = j.queue[:0], 0
	case j.head > 1024 && j.head > len(j.queue)/2:
		n := copy(j.queue, j.queue[j.head:])
		clear(j.queue[n:])
		j.queue, j.head = j.queue[:n], 0
	}
}

// owner is the owner of the node that the change leaves behind: a session, or the number that marks
// a container or TTL node; 0 is none.
func (c *change) owner() jute.SessionID {
	if !c.Exists {
		return 0
	}
	return c.Stat.EphemeralOwner
}

func (j *Journal) setOwned(owner jute.SessionID, changes []*change) {
	if len(changes) == 0 {
		delete(j.owned, owner)
		return
	}
	j.owned[owner] = changes
}

const journalFreeMax = 4096

func (j *Journal) take() *change {
	if n := len(j.free); n > 0 {
		c := j.free[n-1]
		j.free = j.free[:n-1]
		return c
	}
	return new(change)
}

func (j *Journal) give(c *change) {
	*c = change{}
	if len(j.free) < journalFreeMax {
		j.free = append(j.free, c)
	}
}
