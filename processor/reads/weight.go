package reads

import (
	"quoll/datatree"
	"quoll/jute"
	"quoll/processor/op"
)

// About how many bytes a name, and an entry of an ACL, add to a reply.
const (
	nameBytes  = 32
	entryBytes = 48
)

// LightBytes is the longest reply that counts as short: a thousand of them may wait. A write of no
// more bytes makes no reply long.
const LightBytes = 4 << 10

// Light says, without the tree's lock, whether no reply to such a read is long: it weighs nothing
// then.
func Light(t *datatree.Tree, by op.Weight) bool {
	switch by {
	case op.ByData:
		return t.LargestData() <= LightBytes
	case op.ByACL:
		return t.LongestACL()*entryBytes <= LightBytes
	case op.ByChildren:
		return t.MostChildren()*nameBytes <= LightBytes
	}
	return by == op.Short
}

// Weight is about how many bytes the reply to a read will have, or 0 where that is never much more
// than the request. Its user decides how many replies may wait at once. unknown is the result for a
// read that would be too much work to look at.
func Weight(v datatree.View, by op.Weight, body []byte, unknown int) int {
	switch by {
	case op.ByReads, op.BySession:
		return unknown
	case op.Short:
		return 0
	}
	var in jute.PathOnly
	c := jute.Decoder(body)
	in.Fields(&c)
	if c.Failed() {
		return 0
	}
	n, ok := v.Find(in.Path)
	switch {
	case !ok:
		return 0
	case by == op.ByData:
		return max(v.DataLen(n), 0)
	case by == op.ByACL:
		return len(v.ACL(n)) * entryBytes
	}
	return v.NumChildren(n) * nameBytes
}
