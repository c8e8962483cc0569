package datatree

import (
	"bytes"
	"encoding/binary"
	"slices"

	"quoll/datatree/internal/store"
	"quoll/jute"
)

// NodeCount is the number of nodes as ZooKeeper prints it: the root counts twice, because its map
// holds it as "" and as "/".
func (v View) NodeCount() int { return v.t.nodes.Len() + 1 }

// EphemeralCount is the number of ephemeral nodes.
func (v View) EphemeralCount() int { return v.t.lists.ephemeral }

// ApproximateDataSize is the bytes of data plus the characters of paths, as ZooKeeper keeps it:
// the root twice after a load, and quota stats as they were written by clients.
func (v View) ApproximateDataSize() int64 { return v.t.dataSize }

// ACLCount is the number of different ACLs in use.
func (v View) ACLCount() int { return v.t.acls.Len() }

// AllChildrenNumber counts the nodes below path (getAllChildrenNumber): NodeCount - 2 for "/".
func (v View) AllChildrenNumber(path []byte) int {
	id := v.t.nodes.Lookup(path)
	switch {
	case id == store.None:
		return 0
	case id == store.Root && len(path) == 0:
		// Every key of ZooKeeper's map but "" itself begins with "/".
		return v.t.nodes.Len()
	}
	return v.t.nodes.Below(id)
}

// EphemeralsOf lists the paths of a session's ephemerals, in order, as copies.
func (v View) EphemeralsOf(session jute.SessionID) [][]byte {
	set := v.t.lists.ephemerals[session]
	if set == nil || len(set.ids) == 0 {
		return nil
	}
	paths := make([][]byte, len(set.ids))
	for i, id := range set.ids {
		paths[i] = v.t.nodes.AppendPath(nil, id)
	}
	slices.SortFunc(paths, bytes.Compare)
	return paths
}

// AppendEphemerals appends the paths of a session's ephemerals that begin with prefix, or all of
// them, as a jute vector (getEphemerals).
func (v View) AppendEphemerals(
	dst []byte, session jute.SessionID, prefix []byte, all bool,
) []byte {
	at, n := len(dst), 0
	dst = append(dst, 0, 0, 0, 0)
	for _, p := range v.EphemeralsOf(session) {
		if all || bytes.HasPrefix(p, prefix) {
			dst = jute.AppendBuffer(dst, p)
			n++
		}
	}
	binary.BigEndian.PutUint32(dst[at:], uint32(n))
	return dst
}

// EachEphemeral visits a session's ephemerals, in no order. The path is valid during the visit.
func (v View) EachEphemeral(session jute.SessionID, visit func(path []byte, n Ref)) {
	set := v.t.lists.ephemerals[session]
	if set == nil {
		return
	}
	var path []byte
	for _, id := range set.ids {
		path = v.t.nodes.AppendPath(path[:0], id)
		visit(path, Ref{id})
	}
}

// EphemeralsFrom appends the paths of a session's ephemerals, at most max of them, in no order.
// from is how many are left to list, -1 at the beginning; left is how many are left afterwards. If
// writes come between two calls, a node that stays is listed, perhaps twice.
func (v View) EphemeralsFrom(
	dst [][]byte, session jute.SessionID, from, max int,
) (_ [][]byte, left int) {
	set := v.t.lists.ephemerals[session]
	if set == nil {
		return dst, 0
	}
	if left = len(set.ids); from >= 0 {
		left = min(from, left)
	}
	// Backwards: when a node is removed, the last one takes its place, and that was listed already.
	for ; left > 0 && max > 0; max-- {
		left--
		dst = append(dst, v.t.nodes.AppendPath(nil, set.ids[left]))
	}
	return dst, left
}

// Sessions lists, in order, the sessions that have had an ephemeral and are not closed; they may
// have none left (ZooKeeper's dump counts them too).
func (v View) Sessions() []jute.SessionID {
	ids := v.sessions()
	slices.Sort(ids)
	return ids
}

// Sessions is View.Sessions in its own hold of the lock. It sorts after the hold.
func (t *Tree) Sessions() []jute.SessionID {
	v := t.Read()
	ids := v.sessions()
	v.Release()
	slices.Sort(ids)
	return ids
}

func (v View) sessions() []jute.SessionID {
	ids := make([]jute.SessionID, 0, len(v.t.lists.ephemerals))
	for id := range v.t.lists.ephemerals { // order-free: sorted by the callers
		ids = append(ids, id)
	}
	return ids
}
