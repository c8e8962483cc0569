package datatree

import (
	"encoding/binary"

	"quoll/datatree/internal/acl"
	"quoll/datatree/internal/store"
	"quoll/jute"
)

// View reads the tree. It is a value; copies are the same view.
//
// Caveats: a View returns copies, or things that never change, with two exceptions. A Ref means
// nothing after Release. The visitors of ACLTable and of SetWatches run in the hold of the lock: a
// visitor that waits makes every writer wait.
type View struct {
	t      *Tree
	locked bool
}

// Ref is a node found by a View. It means nothing after the View is released.
type Ref struct{ id store.ID }

// Read takes the read lock until Release.
func (t *Tree) Read() View {
	t.mu.RLock()
	return View{t: t, locked: true}
}

// Peek reads without a lock. Only the one goroutine that applies may use it, inside or outside its
// own Lock: nobody else changes the tree. A Ref from it is valid until the next Apply.
func (t *Tree) Peek() View { return View{t: t} }

// Release gives the read lock back.
func (v View) Release() {
	if v.locked {
		v.t.mu.RUnlock()
	}
}

// Find looks a node up; "" and "/" are the root.
func (v View) Find(path []byte) (Ref, bool) {
	id := v.t.nodes.Lookup(path)
	return Ref{id}, id != store.None
}

// Stat is what a client is told about a node.
func (v View) Stat(n Ref, s *jute.Stat) { v.t.stat(n.id, s) }

func (t *Tree) stat(id store.ID, s *jute.Stat) {
	n := t.nodes.At(id)
	kids := int32(t.nodes.NumChildren(id))
	*s = jute.Stat{
		Czxid: n.Czxid, Mzxid: n.Mzxid, Ctime: n.Ctime, Mtime: n.Mtime, Version: n.Version,
		// Creates plus deletes of children: each create whose child is not there any more had a
		// delete.
		Cversion: n.Cversion*2 - kids,
		Aversion: n.Aversion, DataLength: int32(max(0, t.nodes.DataLen(id))), NumChildren: kids,
		Pzxid: n.Pzxid,
	}
	if t.opts.Kind(n.Owner) == KindEphemeral {
		s.EphemeralOwner = n.Owner
	}
}

// AppendStat appends Stat as it is on the wire.
func (v View) AppendStat(dst []byte, n Ref) []byte {
	var s jute.Stat
	v.t.stat(n.id, &s)
	return jute.AppendStat(dst, &s)
}

// Persisted is the node's stat as snapshots hold it.
func (v View) Persisted(n Ref, s *jute.StatPersisted) { persisted(v.t.nodes.At(n.id), s) }

func persisted(n *store.Node, s *jute.StatPersisted) {
	*s = jute.StatPersisted{
		Czxid: n.Czxid, Mzxid: n.Mzxid, Ctime: n.Ctime, Mtime: n.Mtime, Version: n.Version,
		Cversion: n.Cversion, Aversion: n.Aversion, EphemeralOwner: n.Owner, Pzxid: n.Pzxid,
	}
}

// DataLen is the length of the node's data, -1 when it is null.
func (v View) DataLen(n Ref) int { return v.t.nodes.DataLen(n.id) }

// AppendData appends the node's data as a jute buffer.
func (v View) AppendData(dst []byte, n Ref) []byte {
	return jute.AppendBuffer(dst, v.t.nodes.Data(n.id))
}

// ACL is the node's list. It is interned and never changes, even after the View is released.
func (v View) ACL(n Ref) []jute.ACL { return v.t.acls.List(v.t.nodes.At(n.id).ACL) }

// ACLKey is the number of the node's list in snapshots, -1 for a null list.
func (v View) ACLKey(n Ref) int64 { return v.t.acls.Key(v.t.nodes.At(n.id).ACL) }

// IsUnknownACL says that the snapshot lacked the list of this node.
func (v View) IsUnknownACL(n Ref) bool { return v.t.nodes.At(n.id).ACL == acl.Unknown }

// Parent is the node above, and false for the root.
func (v View) Parent(n Ref) (Ref, bool) {
	id := v.t.nodes.At(n.id).Parent
	return Ref{id}, id != store.None
}

// AppendPath appends the node's full path, "" for the root.
func (v View) AppendPath(dst []byte, n Ref) []byte { return v.t.nodes.AppendPath(dst, n.id) }

// NumChildren counts the node's children.
func (v View) NumChildren(n Ref) int { return v.t.nodes.NumChildren(n.id) }

// AppendChildren appends the names of all children as a jute vector.
func (v View) AppendChildren(dst []byte, n Ref) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(v.NumChildren(n)))
	dst, _ = v.AppendNames(dst, n, 0, v.NumChildren(n))
	return dst
}

// AppendNames appends at most limit names of children as ustrings, from the from-th on, and says
// where to go on; all are appended when next == NumChildren. The order stays the same while the
// node's pzxid does. So a listing may be spread over several views, if it starts again when czxid
// or pzxid has moved.
func (v View) AppendNames(dst []byte, n Ref, from, limit int) (out []byte, next int) {
	end := min(from+limit, v.NumChildren(n))
	for from < end {
		for _, kid := range v.t.nodes.Children(n.id, from) {
			if from == end {
				break
			}
			dst = jute.AppendBuffer(dst, v.t.nodes.Name(kid))
			from++
		}
	}
	return dst, end
}

// LastZxid is the zxid of the last transaction applied.
func (v View) LastZxid() jute.Zxid { return v.t.lastZxid }

// Shown is the zxid that clients are told: the last transaction applied, or the beginning of the
// reign, which no transaction has. Clients of a leader have seen it, and may move to a learner.
func (v View) Shown() jute.Zxid { return max(v.t.lastZxid, v.t.reign) }

// Quotas says whether any path has a quota.
func (v View) Quotas() bool { return v.t.quotas.Len() > 0 }

// Options are those that the tree was made with.
func (v View) Options() Options { return v.t.opts }
