package reads

import (
	"quoll/datatree"
	"quoll/jute"
	"quoll/processor/op"
)

// What a name and an entry of an ACL add to a reply, about.
const (
	nameBytes  = 32
	entryBytes = 48
)

// LightBytes is a short reply, and a write that makes no reply long: a thousand of them may wait.
const LightBytes = 4 << 10

// Light says, without the tree's lock, that no reply to such a read is long: it weighs nothing.
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

// Weight is about how many bytes the reply to a read will have, for who must decide how many of
// them may wait at once; 0 where it is never much more than the request. unknown is the weight of
// what it would be too much work to look at.
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
