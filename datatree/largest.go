package datatree

import (
	"sync/atomic"

	"quoll/datatree/internal/store"
)

// largest holds upper bounds: no node of the tree has more bytes of data, more children or a longer
// ACL. The reply to a read is weighed before it is made. Where the bounds are small the reply is
// small whichever node is asked for. No node is looked up then, which would take the tree's lock.
//
// The writer raises a bound when a node passes it; any goroutine reads it. A delete lowers nothing,
// because the next largest node is not known. A load begins with bounds of 0.
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
