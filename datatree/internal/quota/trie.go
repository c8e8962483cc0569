package quota

// Trie is the set of paths that have a quota (PathTrie). A path is a list of segments; blank ones
// do not count. The zero Trie is empty.
type Trie struct {
	root trieNode
	n    int
}

type trieNode struct {
	kids  map[string]*trieNode
	quota bool
}

// Add puts a path into the set. A path without segments is ignored: the root has no quota.
func (t *Trie) Add(path []byte) {
	n := &t.root
	for s := (segments{path: path}); s.next(); {
		kid := n.kids[string(s.seg)]
		if kid == nil {
			if n.kids == nil {
				n.kids = map[string]*trieNode{}
			}
			kid = &trieNode{}
			n.kids[string(s.seg)] = kid
		}
		n = kid
	}
	if n != &t.root && !n.quota {
		n.quota = true
		t.n++
	}
}

// Remove takes a path out of the set.
func (t *Trie) Remove(path []byte) {
	n, above, name := &t.root, (*trieNode)(nil), ""
	for s := (segments{path: path}); s.next(); {
		kid := n.kids[string(s.seg)]
		if kid == nil {
			return
		}
		above, name, n = n, string(s.seg), kid
	}
	if above == nil {
		return
	}
	if n.quota {
		t.n--
	}
	n.quota = false
	if len(n.kids) == 0 {
		delete(above.kids, name)
	}
}

// Len counts the paths in the set.
func (t *Trie) Len() int { return t.n }

// Clear empties the set.
func (t *Trie) Clear() { *t = Trie{} }

// Longest appends the longest path of the set that is path itself or above it. ok is false when
// there is none.
func (t *Trie) Longest(dst, path []byte) (prefix []byte, ok bool) {
	if t.n == 0 {
		return dst, false
	}
	n, from, best := &t.root, len(dst), len(dst)
	for s := (segments{path: path}); s.next(); {
		if n = n.kids[string(s.seg)]; n == nil {
			break
		}
		dst = append(append(dst, '/'), s.seg...)
		if n.quota {
			best = len(dst)
		}
	}
	return dst[:best], best > from
}

// segments walks over the segments of a path that are not blank.
type segments struct {
	path []byte
	seg  []byte
}

func (s *segments) next() bool {
	for len(s.path) > 0 {
		end := 0
		for end < len(s.path) && s.path[end] != '/' {
			end++
		}
		s.seg = s.path[:end]
		s.path = s.path[min(end+1, len(s.path)):]
		if !blank(s.seg) {
			return true
		}
	}
	return false
}

// blank is Java's trim().isEmpty(): nothing above a space.
func blank(b []byte) bool {
	for _, x := range b {
		if x > ' ' {
			return false
		}
	}
	return true
}

// HasSegments says that a path names anything but the root of a Trie.
func HasSegments(path []byte) bool {
	s := segments{path: path}
	return s.next()
}

// Clean appends a path without its blank segments: Longest returns paths in this form.
func Clean(dst, path []byte) []byte {
	for s := (segments{path: path}); s.next(); {
		dst = append(append(dst, '/'), s.seg...)
	}
	return dst
}
