package reads

import (
	"quoll/datatree"
	"quoll/jute"
)

// What a name and an entry of an ACL add to a reply, about.
const (
	nameBytes  = 32
	entryBytes = 48
)

// LightBytes is a short reply, and a write that makes no reply long: a thousand of them may wait.
const LightBytes = 4 << 10

// Long says that an answer may give the tree's lock back on the way.
func Long(op jute.OpCode) bool {
	switch op {
	case jute.OpGetChildren, jute.OpGetChildren2, jute.OpMultiRead:
		return true
	}
	return false
}

// Light says, without the tree's lock, that no reply to such a read is long: it weighs nothing.
func Light(t *datatree.Tree, op jute.OpCode) bool {
	switch op {
	case jute.OpGetData:
		return t.LargestData() <= LightBytes
	case jute.OpGetACL:
		return t.LongestACL()*entryBytes <= LightBytes
	case jute.OpGetChildren, jute.OpGetChildren2:
		return t.MostChildren()*nameBytes <= LightBytes
	case jute.OpMultiRead, jute.OpGetEphemerals, jute.OpWhoAmI:
		return false
	}
	return true
}

// Weight is about how many bytes the reply to a read will have, for who must decide how many of
// them may wait at once; 0 where it is never much more than the request. unknown is the weight of
// what it would be too much work to look at.
func Weight(v datatree.View, op jute.OpCode, body []byte, unknown int) int {
	switch op {
	case jute.OpMultiRead, jute.OpGetEphemerals, jute.OpWhoAmI:
		return unknown
	case jute.OpGetData, jute.OpGetACL, jute.OpGetChildren, jute.OpGetChildren2:
	default:
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
	case op == jute.OpGetData:
		return max(v.DataLen(n), 0)
	case op == jute.OpGetACL:
		return len(v.ACL(n)) * entryBytes
	}
	return v.NumChildren(n) * nameBytes
}
