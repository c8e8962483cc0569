package store

import (
	"bytes"

	"quoll/jute"
)

// ID names a live node. It may be given to another node after Remove.
type ID uint32

// None is no node; Root is the one that is always there.
const (
	None ID = 0
	Root ID = 1
)

// Node is what the tree knows of a znode besides its name, data and children. The caller may
// change every field but Parent.
type Node struct {
	Czxid, Mzxid, Pzxid jute.Zxid
	Ctime, Mtime        int64 // ms since 1970
	Owner               jute.SessionID
	Version             int32
	Cversion            int32 // creates of children: the counter behind sequential names
	Aversion            int32
	ACL                 uint32 // handle in the ACL cache
	Digest              uint32 // of path, data and stat, as they are now
	Parent              ID     // None for the root
}

type node struct {
	Node
	name  string
	data  []byte // nil is null
	kids  []ID
	place int // in the parent's kids
	path  string
}

// Store is a set of nodes that form a tree. It always has a root.
type Store struct {
	nodes []*node // by ID; nil where free
	free  []ID
	index map[string]ID
}

// New makes a store with nothing but a root, whose data is empty.
func New() *Store {
	s := &Store{}
	s.Reset()
	return s
}

// Reset drops every node but the root, which becomes new.
func (s *Store) Reset() {
	root := &node{data: []byte{}}
	*s = Store{nodes: []*node{nil, root}, index: map[string]ID{"": Root}}
}

// Lookup finds a node by its path; "" and "/" are the root.
func (s *Store) Lookup(path []byte) ID {
	if len(path) == 1 && path[0] == '/' {
		return Root
	}
	return s.index[string(path)]
}

// Live says whether id names a node.
func (s *Store) Live(id ID) bool { return int(id) < len(s.nodes) && s.nodes[id] != nil }

// At is the record of a live node; it stays where it is until the node is removed.
func (s *Store) At(id ID) *Node { return &s.nodes[id].Node }

// Len counts the nodes, the root included.
func (s *Store) Len() int { return len(s.index) }

// Add makes a node that does not exist yet, under a parent that does. Name is the last segment of
// path. It copies name and data; nil data is null.
func (s *Store) Add(parent ID, path, name, data []byte) ID {
	n := &node{name: string(name), path: string(path)}
	n.Parent = parent
	n.data = bytes.Clone(data)
	var id ID
	if last := len(s.free) - 1; last >= 0 {
		id = s.free[last]
		s.free = s.free[:last]
		s.nodes[id] = n
	} else {
		id = ID(len(s.nodes))
		s.nodes = append(s.nodes, n)
	}
	p := s.nodes[parent]
	n.place = len(p.kids)
	p.kids = append(p.kids, id)
	s.index[n.path] = id
	return id
}

// Remove drops a node, and takes it from its parent's children. Children that it still has become
// unreachable by their parent, as in ZooKeeper; a server never removes a node that has any.
func (s *Store) Remove(id ID) {
	n := s.nodes[id]
	p := s.nodes[n.Parent]
	last := p.kids[len(p.kids)-1]
	p.kids[n.place] = last
	s.nodes[last].place = n.place
	p.kids = p.kids[:len(p.kids)-1]
	delete(s.index, n.path)
	s.nodes[id] = nil
	s.free = append(s.free, id)
}

// Name is the last segment of the node's path, "" for the root. It aliases the store.
func (s *Store) Name(id ID) []byte { return []byte(s.nodes[id].name) }

// Data is the node's data, nil when null. It aliases the store until the next change.
func (s *Store) Data(id ID) []byte { return s.nodes[id].data }

// DataLen is the length of the node's data, -1 when null.
func (s *Store) DataLen(id ID) int {
	if s.nodes[id].data == nil {
		return -1
	}
	return len(s.nodes[id].data)
}

// SetData replaces the node's data by a copy of data; nil is null.
func (s *Store) SetData(id ID, data []byte) { s.nodes[id].data = bytes.Clone(data) }

// NumChildren counts the node's children.
func (s *Store) NumChildren(id ID) int { return len(s.nodes[id].kids) }

// Child is the i-th child; the order changes with every removal.
func (s *Store) Child(id ID, i int) ID { return s.nodes[id].kids[i] }

// AppendChildIDs appends the ids of all children.
func (s *Store) AppendChildIDs(dst []ID, id ID) []ID { return append(dst, s.nodes[id].kids...) }

// AppendPath appends the node's full path, "" for the root.
func (s *Store) AppendPath(dst []byte, id ID) []byte { return append(dst, s.nodes[id].path...) }
