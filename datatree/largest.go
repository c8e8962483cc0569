package datatree

import (
	"sync/atomic"

	"quoll/datatree/internal/store"
)

// largest is what no node of the tree exceeds, for who decides without the tree's lock whether a
// node is worth a look. The writer raises it, anyone reads it; it falls when the tree is loaded
// anew, and not with deletes.
type largest struct {
	data, children, acl atomic.Int64
}

// LargestData is at least the bytes of data of any node, as far as transactions are applied.
func (t *Tree) LargestData() int { return int(t.largest.data.Load()) }

// MostChildren is at least the number of children of any node.
func (t *Tree) MostChildren() int { return int(t.largest.children.Load()) }

// LongestACL is at least the number of entries of any ACL.
func (t *Tree) LongestACL() int { return int(t.largest.acl.Load()) }

// raise takes in a node that has changed.
func (l *largest) raise(t *Tree, id store.ID) {
	raise(&l.data, t.nodes.DataLen(id))
	raise(&l.children, t.nodes.NumChildren(id))
	raise(&l.acl, len(t.acls.List(t.nodes.At(id).ACL)))
}

func raise(bound *atomic.Int64, n int) {
	if int64(n) > bound.Load() {
		bound.Store(int64(n))
	}
}

// set takes over the bounds of a tree whose contents are taken over.
func (l *largest) set(from *largest) {
	l.data.Store(from.data.Load())
	l.children.Store(from.children.Load())
	l.acl.Store(from.acl.Load())
}

func (l *largest) reset() {
	l.data.Store(0)
	l.children.Store(0)
	l.acl.Store(0)
}
