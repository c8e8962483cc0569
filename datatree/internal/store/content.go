package store

import "encoding/binary"

// What a cell holds:
//
//	+---------+------+-----------------------------+------+
//	| varint  | name | varint, 1 + length; 0: null | data |
//	+---------+------+-----------------------------+------+

// cellFor is how large a cell must be.
func cellFor(name int, data []byte) int {
	return varintLen(uint64(name)) + name + varintLen(lengthOf(data)) + len(data)
}

func lengthOf(data []byte) uint64 {
	if data == nil {
		return 0
	}
	return 1 + uint64(len(data))
}

func varintLen(v uint64) int {
	n := 1
	for ; v >= 0x80; v >>= 7 {
		n++
	}
	return n
}

// varint reads a length at the front of b and says how many bytes it took.
func varint(b []byte) (v uint64, n int) {
	if b[0] < 0x80 {
		return uint64(b[0]), 1
	}
	return binary.Uvarint(b)
}

// split cuts a cell into name and what is behind it.
func split(cell []byte) (name, rest []byte) {
	n, head := varint(cell)
	end := head + int(n)
	return cell[head:end:end], cell[end:]
}

// write fills a node's cell, which is large enough.
func (s *Store) write(n *Node, name, data []byte) {
	cell := s.cells.at(n.cell)
	at := binary.PutUvarint(cell, uint64(len(name)))
	at += copy(cell[at:], name)
	writeData(cell[at:], data)
}

func writeData(rest, data []byte) {
	at := binary.PutUvarint(rest, lengthOf(data))
	copy(rest[at:], data)
}

// Name is the last segment of the node's path, "" for the root. It aliases the store.
func (s *Store) Name(id ID) []byte {
	name, _ := split(s.cells.at(s.At(id).cell))
	return name
}

// Data is the node's data, nil when null. It aliases the store until the next change.
func (s *Store) Data(id ID) []byte {
	_, rest := split(s.cells.at(s.At(id).cell))
	n, head := varint(rest)
	if n == 0 {
		return nil
	}
	end := head + int(n-1)
	return rest[head:end:end]
}

// DataLen is the length of the node's data, -1 when null.
func (s *Store) DataLen(id ID) int {
	_, rest := split(s.cells.at(s.At(id).cell))
	n, _ := varint(rest)
	return int(n) - 1
}

// SetData replaces the node's data by a copy of data; nil is null.
func (s *Store) SetData(id ID, data []byte) {
	n := s.At(id)
	old := n.cell
	name, rest := split(s.cells.at(old))
	size := cellFor(len(name), data)
	if s.cells.fits(old, size) {
		writeData(rest, data)
		return
	}
	// The name stays readable meanwhile: allocating may copy a small first chunk to another place,
	// but leaves the old one as it was.
	n.cell = s.cells.alloc(size)
	s.write(n, name, data)
	s.cells.free(old)
}
