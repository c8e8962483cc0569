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
