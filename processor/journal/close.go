package journal

import (
	"bytes"
	"slices"

	"quoll/datatree"
	"quoll/jute"
)

// CloseSession records the end of a session and returns the ephemerals that go with it, in order:
// those of the tree, less those whose delete is in flight, plus those whose create is.
//
// A session may have hundreds of thousands of ephemerals, and everybody waits meanwhile. So one
// change stands for all ephemerals that only the tree knows: Look finds them gone because their
// owner is closing. A parent changes once for each run of its children in the list.
func (j *Journal) CloseSession(session jute.SessionID, zxid jute.Zxid) [][]byte {
	paths, digest := j.untouched(session)
	for _, path := range j.changed(session) {
		paths = append(paths, path)
		n := j.Look(path)
		j.Put(path, zxid, Node{}, &n)
	}
	if !slices.IsSortedFunc(paths, bytes.Compare) {
		slices.SortFunc(paths, bytes.Compare)
	}
	c := j.take()
	c.zxid, c.closes, c.treeDigest = zxid, session, j.TreeDigest()-digest
	j.queue = append(j.queue, c)
	j.closing[session] = true
	for from := 0; from < len(paths); {
		parent, _, _ := jute.SplitPath(paths[from])
		to := from + 1
		for ; to < len(paths); to++ {
			if other, _, _ := jute.SplitPath(paths[to]); !bytes.Equal(parent, other) {
				break
			}
		}
		before := j.Look(parent)
		after := before
		after.Children -= to - from
		after.Stat.Pzxid = zxid
		j.Put(parent, zxid, after, &before)
		from = to
	}
	return paths
}

// untouched lists the session's ephemerals in the tree that no change in flight is about, and adds
// up their digests.
func (j *Journal) untouched(session jute.SessionID) (paths [][]byte, digest uint64) {
	v := j.tree.Peek()
	paths = [][]byte{} // an empty vector is not null
	if j.closing[session] {
		return paths, 0 // the change that is in flight stands for them
	}
	var memory []byte
	v.EachEphemeral(session, func(path []byte, n datatree.Ref) {
		if _, ok := j.byPath[string(path)]; ok {
			return
		}
		from := len(memory)
		memory = append(memory, path...)
		paths = append(paths, memory[from:len(memory):len(memory)])
		if j.withDigest {
			digest += v.DigestOf(n)
		}
	})
	return paths, digest
}

// changed lists the session's ephemerals that changes in flight leave behind.
func (j *Journal) changed(session jute.SessionID) (paths [][]byte) {
	for _, c := range j.owned[session] {
		if j.byPath[c.path] == c {
			paths = append(paths, []byte(c.path))
		}
	}
	return paths
}
