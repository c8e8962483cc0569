package datatree

import "quoll/datatree/internal/store"

// ReapCursor is a place in a scan for nodes that have outlived their use. The zero cursor begins
// one.
type ReapCursor struct {
	inTTLs bool
	left   int // members of the present set that are still to be looked at
	begun  bool
}

// More says that the scan has not come to its end.
func (c *ReapCursor) More() bool { return c.begun }

// Expired goes on with a scan, looks at no more than max nodes, and lists those that may be
// deleted: containers that had a child once and have none, or never had one for maxNeverUsed ms
// (0: for ever), and TTL nodes without children whose last change is longer ago than their time
// to live. When it ends, More is false and the cursor begins anew (ContainerManager).
func (v View) Expired(
	c *ReapCursor, nowMillis, maxNeverUsed int64, max int,
) (paths [][]byte) {
	if !c.begun {
		*c = ReapCursor{begun: true, left: len(v.t.lists.containers.ids)}
	}
	for ; max > 0; max-- {
		ids := v.t.lists.containers.ids
		if c.inTTLs {
			ids = v.t.lists.ttls.ids
		}
		// From the end, because a removal fills the hole from there: nothing is passed over.
		if c.left = min(c.left, len(ids)); c.left == 0 {
			if c.inTTLs {
				*c = ReapCursor{}
				return paths
			}
			c.inTTLs, c.left = true, len(v.t.lists.ttls.ids)
			continue
		}
		c.left--
		if id := ids[c.left]; v.t.expired(id, nowMillis, maxNeverUsed) {
			paths = append(paths, v.t.nodes.AppendPath(nil, id))
		}
	}
	return paths
}

func (t *Tree) expired(id store.ID, now, maxNeverUsed int64) bool {
	if t.nodes.NumChildren(id) > 0 {
		return false
	}
	n := t.nodes.At(id)
	idle := now - n.Mtime
	if t.opts.Kind(n.Owner) == KindTTL {
		ttl := TTLOf(n.Owner)
		return ttl != 0 && idle > ttl
	}
	// A container that is new has no child yet, and must live until it gets one.
	return n.Cversion > 0 || maxNeverUsed != 0 && idle > maxNeverUsed
}
