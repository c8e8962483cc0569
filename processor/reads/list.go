package reads

import (
	"encoding/binary"

	"quoll/datatree"
	"quoll/jute"
)

// listAttempts is how often a listing is begun at most.
const listAttempts = 3

// list appends the names of a node's children. A long list is encoded in chunks, between which
// writes go on. When the set of children changes meanwhile the list is begun again. The last
// attempt holds the lock to the end. The node is looked up anew after each pause: the Ref that is
// returned is where it is now.
func (rd *Reader) list(
	a *Asking, path []byte, n datatree.Ref,
) (datatree.Ref, jute.ErrorCode) {
	from := len(a.Out)
	for attempt := 1; a.Breathe != nil && attempt < listAttempts; attempt++ {
		if a.View.NumChildren(n) <= rd.ChunkNames {
			break
		}
		found, whole, code := rd.listInChunks(a, path, n)
		if whole || code != jute.OK {
			return found, code
		}
		n, a.Out = found, a.Out[:from]
	}
	a.Out = a.View.AppendChildren(a.Out, n)
	return n, jute.OK
}

// listInChunks is one attempt; whole is false when the children changed on the way.
func (rd *Reader) listInChunks(
	a *Asking, path []byte, n datatree.Ref,
) (_ datatree.Ref, whole bool, _ jute.ErrorCode) {
	var was, is jute.StatPersisted
	a.View.Persisted(n, &was)
	count := a.View.NumChildren(n)
	a.Out = binary.BigEndian.AppendUint32(a.Out, uint32(count))
	for next := 0; ; {
		a.Out, next = a.View.AppendNames(a.Out, n, next, rd.ChunkNames)
		if next == count {
			return n, true, jute.OK
		}
		a.View = a.Breathe()
		var ok bool
		if n, ok = a.View.Find(path); !ok {
			return n, false, jute.NoNode
		}
		if !rd.Auth.Allowed(a.View.ACL(n), jute.PermRead, a.Identity) {
			return n, false, jute.NoAuth
		}
		a.View.Persisted(n, &is)
		if is.Czxid != was.Czxid || is.Pzxid != was.Pzxid {
			return n, false, jute.OK
		}
	}
}
