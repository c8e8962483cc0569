package auth

import (
	"slices"

	"quoll/jute"
)

// Identity is the set of ids that a connection has shown. It is immutable.
type Identity struct {
	// ids are in the order in which Java's concurrent hash set yields them: "auth" in an ACL
	// expands in this order, and clients can see it.
	ids   []jute.ID
	super bool
}

// Nobody is a connection about which nothing is known.
func Nobody() *Identity { return &Identity{} }

// Server is the identity of the server's own requests: it may do everything.
func Server() *Identity { return &Identity{super: true} }

// With is the identity with one more id.
func (i *Identity) With(id jute.ID) *Identity {
	if slices.Contains(i.ids, id) {
		return i
	}
	ids := append(slices.Clone(i.ids), id)
	bins := uint32(16)
	for uint32(len(ids)) >= bins/4*3 {
		bins *= 2
	}
	slices.SortStableFunc(ids, func(a, b jute.ID) int {
		return int(javaBin(a, bins)) - int(javaBin(b, bins))
	})
	return &Identity{ids: ids, super: i.super || id.Scheme == "super"}
}

// IDs are the ids shown so far. The caller must not change them.
func (i *Identity) IDs() []jute.ID { return i.ids }

// Super identities skip every check.
func (i *Identity) Super() bool { return i.super }

// HasScheme says whether an id of the scheme was shown.
func (i *Identity) HasScheme(scheme string) bool {
	return slices.ContainsFunc(i.ids, func(id jute.ID) bool { return id.Scheme == scheme })
}

// javaBin is the bin of an id in a java.util.concurrent.ConcurrentHashMap with the given number of
// bins.
func javaBin(id jute.ID, bins uint32) uint32 {
	h := uint32(17)
	h = 37*h + javaHash(id.Scheme)
	h = 37*h + javaHash(id.ID)
	return (h ^ h>>16) & (bins - 1)
}

// javaHash is String.hashCode.
func javaHash(s string) uint32 {
	var h uint32
	for _, r := range s {
		if r >= 0x10000 {
			r -= 0x10000
			h = 31*h + uint32(0xd800+r>>10)
			r = 0xdc00 + r&0x3ff
		}
		h = 31*h + uint32(r)
	}
	return h
}
