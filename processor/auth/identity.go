package auth

import (
	"slices"

	"quoll/jute"
)

// Limits of what one connection may show. Each check of rights looks at every id, and "auth" in an
// ACL expands to all of them.
const (
	maxIDs     = 256
	maxIDBytes = 64 << 10
)

// Identity is the ids that a connection has shown. It is immutable.
type Identity struct {
	// "auth" in an ACL expands in the order of ids, and clients can see it. The ids of a connection
	// are in the order in which Java's concurrent hash set yields them. Ids that a learner has sent
	// with a request stay in the learner's order: it has the connection, and so the set.
	ids    []jute.ID
	hashes []uint32 // Java's hash of each of ids, or empty
	bytes  int      // of ids
	super  bool
}

// Nobody is the identity of a connection about which nothing is known.
func Nobody() *Identity { return &Identity{} }

// Server is the identity of the server's own requests: it may do everything.
func Server() *Identity { return &Identity{super: true} }

// Of is the identity of a request that a learner has forwarded. It copies the list, and keeps its
// order and an id that comes twice. It has no limit, because the learner has the connection.
func Of(ids []jute.ID) *Identity {
	i := &Identity{ids: slices.Clone(ids)}
	for _, id := range ids {
		i.bytes += len(id.Scheme) + len(id.ID)
		i.super = i.super || id.Scheme == superScheme
	}
	return i
}

// superScheme is the scheme of ids that may do everything.
const superScheme = "super"

// With is the identity with one more id, in the order of a connection that has shown them all. It
// is false when there would be too many.
func (i *Identity) With(id jute.ID) (*Identity, bool) {
	if slices.Contains(i.ids, id) {
		return i, true
	}
	n := len(i.ids) + 1
	bytes := i.bytes + len(id.Scheme) + len(id.ID)
	if n > maxIDs || bytes > maxIDBytes {
		return i, false
	}
	bins := uint32(16)
	for uint32(n) >= bins/4*3 {
		bins *= 2
	}
	hash := javaHashOf(id)
	order := make([]int, n) // of ids and, last, the new one
	hashes := slices.Clone(i.hashes)
	for _, id := range i.ids[len(hashes):] {
		hashes = append(hashes, javaHashOf(id))
	}
	hashes = append(hashes, hash)
	for k := range order {
		order[k] = k
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return int(hashes[a]&(bins-1)) - int(hashes[b]&(bins-1))
	})
	more := &Identity{bytes: bytes, super: i.super || id.Scheme == superScheme}
	for _, k := range order {
		next := id
		if k < n-1 {
			next = i.ids[k]
		}
		more.ids, more.hashes = append(more.ids, next), append(more.hashes, hashes[k])
	}
	return more, true
}

// IDs are the ids shown so far. The caller must not change them.
func (i *Identity) IDs() []jute.ID { return i.ids }

// Super says whether the identity skips every check.
func (i *Identity) Super() bool { return i.super }

// HasScheme says whether an id of the scheme was shown.
func (i *Identity) HasScheme(scheme string) bool {
	return slices.ContainsFunc(i.ids, func(id jute.ID) bool { return id.Scheme == scheme })
}

// javaHashOf is Id.hashCode, spread as a java.util.concurrent.ConcurrentHashMap does; its low bits
// are the bin.
func javaHashOf(id jute.ID) uint32 {
	h := uint32(17)
	h = 37*h + javaHash(id.Scheme)
	h = 37*h + javaHash(id.ID)
	return h ^ h>>16
}

// javaHash is String.hashCode of text as Java writes it: up to three bytes a UTF-16 unit.
func javaHash(s string) uint32 {
	var h uint32
	for i := 0; i < len(s); {
		unit, n := uint32(s[i]), 1
		switch {
		case unit >= 0xe0 && i+2 < len(s):
			unit, n = unit&0x0f<<12|uint32(s[i+1]&0x3f)<<6|uint32(s[i+2]&0x3f), 3
		case unit >= 0xc0 && i+1 < len(s):
			unit, n = unit&0x1f<<6|uint32(s[i+1]&0x3f), 2
		}
		h = 31*h + unit
		i += n
	}
	return h
}
