package store

import (
	"quoll/jute"
)

// ID names a live node. It may be given to another node after Remove.
type ID uint32

// None is no node; Root is the one that is always there.
const (
	None ID = 0
	Root ID = 1
)

// Node is what the tree knows of a znode, except its name, data and children. The caller may change
// every exported field but Parent.
type Node struct {
	Czxid, Mzxid, Pzxid jute.Zxid
	Ctime, Mtime        int64 // ms since 1970
	Owner               jute.SessionID
	Version             int32
	Cversion            int32 // creates of children: the counter behind sequential names
	Aversion            int32
	ACL                 uint32 // handle in the ACL cache
	Digest              uint32 // of path, data and stat, as they are now
	Parent              ID     // None for the root; in a free slot: the next free one
	below               uint32 // nodes under this one
	place               uint32 // in the parent's list of children
	cell                handle // name and data; 0 in a free slot
	kids                handle
}

// nodesShift: a chunk has 4,096 nodes.
const nodesShift = 12

// Store is a set of nodes that form a tree. It always has a root.
type Store struct {
	nodes slab[Node]
	count int
	cells cells
	kids  kids
	index index
}

// New makes a store with nothing but a root, whose data is empty. The seed keeps clients from
// choosing paths that collide in the index; nothing else depends on it.
func New(seed uint64) *Store {
	s := &Store{}
	s.reset(seed)
	return s
}

// Reset drops every node but the root, which becomes new.
func (s *Store) Reset() { s.reset(s.index.seed) }

func (s *Store) reset(seed uint64) {
	*s = Store{nodes: slab[Node]{size: 1, shift: nodesShift}, index: index{seed: seed}, count: 1}
	s.cells.init()
	s.kids.init()
	s.nodes.fresh() // None
	s.nodes.fresh() // Root
	root := s.At(Root)
	root.cell = s.cells.alloc(2)
	s.write(root, nil, []byte{})
}

// At is the record of a live node; it is valid until the next Add.
func (s *Store) At(id ID) *Node {
	return &s.nodes.chunks[id>>nodesShift][id&(1<<nodesShift-1)]
}

// Live says whether id names a node.
func (s *Store) Live(id ID) bool {
	return id != None && uint32(id) < s.nodes.next && s.At(id).cell != 0
}

// Len counts the nodes, the root included.
func (s *Store) Len() int { return s.count }

// Lookup finds a node by its path; "" and "/" are the root.
func (s *Store) Lookup(path []byte) ID {
	if len(path) == 0 || len(path) == 1 && path[0] == '/' {
		return Root
	}
	hash := s.index.hash(path)
	t := s.index.of(hash)
	if t.used == 0 {
		return None
	}
	tag := hash << 32
	for i := t.home(tag); t.slots[i] != 0; i = t.next(i) {
		if e := t.slots[i]; e^tag < 1<<32 && s.isAt(ID(e), path) {
			return ID(e)
		}
	}
	return None
}

// isAt compares a node's path, from its end up to the root.
func (s *Store) isAt(id ID, path []byte) bool {
	for id != Root {
		name := s.Name(id)
		slash := len(path) - len(name) - 1
		if slash < 0 || path[slash] != '/' || string(path[slash+1:]) != string(name) {
			return false
		}
		path = path[:slash]
		id = s.At(id).Parent
	}
	return len(path) == 0
}

// Add makes a node that does not exist yet, under a parent that does. Name is the last segment of
// path. It copies name and data; nil data is null.
func (s *Store) Add(parent ID, path, name, data []byte) ID {
	id := s.slot()
	n := s.At(id)
	*n = Node{Parent: parent}
	n.cell = s.cells.alloc(cellFor(len(name), data))
	s.write(n, name, data)
	p := s.At(parent)
	var place int
	p.kids, place = s.kids.add(p.kids, id)
	n.place = uint32(place)
	hash := s.index.hash(path)
	s.index.of(hash).add(hash, id)
	s.count++
	for up := parent; up != None; up = s.At(up).Parent {
		s.At(up).below++
	}
	return id
}

func (s *Store) slot() ID {
	if s.nodes.freed == 0 {
		return ID(s.nodes.fresh())
	}
	id := ID(s.nodes.freed - 1)
	s.nodes.freed = uint32(s.At(id).Parent)
	return id
}

// Remove drops a node that has no children, and takes it out of its parent's. Path is its path.
func (s *Store) Remove(id ID, path []byte) {
	hash := s.index.hash(path)
	s.index.of(hash).remove(hash, id)
	n := s.At(id)
	for up := n.Parent; up != None; up = s.At(up).Parent {
		s.At(up).below--
	}
	p := s.At(n.Parent)
	var moved ID
	p.kids, moved = s.kids.remove(p.kids, int(n.place))
	if moved != None {
		s.At(moved).place = n.place
	}
	s.cells.free(n.cell)
	*n = Node{Parent: ID(s.nodes.freed)}
	s.nodes.freed = uint32(id) + 1
	s.count--
}

// NumChildren counts the node's children.
func (s *Store) NumChildren(id ID) int { return s.kids.count(s.At(id).kids) }

// Below counts the nodes under a node, at any depth.
func (s *Store) Below(id ID) int { return int(s.At(id).below) }

// Children is a piece of the list of children, from the from-th on: as many as lie together. It is
// empty when none are left. The order changes with a removal only.
func (s *Store) Children(id ID, from int) []ID { return s.kids.from(s.At(id).kids, from) }

// AppendChildIDs appends the ids of all children.
func (s *Store) AppendChildIDs(dst []ID, id ID) []ID {
	for n := 0; ; {
		piece := s.Children(id, n)
		if len(piece) == 0 {
			return dst
		}
		dst = append(dst, piece...)
		n += len(piece)
	}
}

// AppendPath appends the node's full path, "" for the root.
func (s *Store) AppendPath(dst []byte, id ID) []byte {
	if id == Root {
		return dst
	}
	dst = s.AppendPath(dst, s.At(id).Parent)
	return append(append(dst, '/'), s.Name(id)...)
}
