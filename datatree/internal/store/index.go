package store

import (
	"encoding/binary"
	"math/bits"
)

// The index is 1,024 tables, each of which grows alone. The high bits of a path's hash select the
// table. An entry is the low half of the hash, and the id.
const (
	tableBits  = 10
	firstSlots = 8
)

// table is open addressing with linear probing. A removal shifts the following entries back, so
// that no slots need to be marked as deleted.
type table struct {
	slots []uint64 // tag<<32 | id; 0 is free
	used  int
}

type index struct {
	seed   uint64
	tables [1 << tableBits]table
}

func (x *index) of(hash uint64) *table { return &x.tables[hash>>(64-tableBits)] }

// home is the slot where an entry would lie if nothing collided. It rises with the tag, so that
// growing a table moves nothing far.
func (t *table) home(entry uint64) int {
	hi, _ := bits.Mul64(entry&^(1<<32-1), uint64(len(t.slots)))
	return int(hi)
}

// next is the slot after i.
func (t *table) next(i int) int {
	if i++; i == len(t.slots) {
		return 0
	}
	return i
}

func (t *table) add(hash uint64, id ID) {
	// At most 7 of 8 slots are used: probes stay short, and there is always a free one.
	if t.used+1 > len(t.slots)-len(t.slots)/8-1 {
		t.grow()
	}
	t.used++
	t.insert(hash<<32 | uint64(id))
}

func (t *table) insert(entry uint64) {
	i := t.home(entry)
	for t.slots[i] != 0 {
		i = t.next(i)
	}
	t.slots[i] = entry
}

// grow makes a table a quarter larger: all tables fill at the same pace, so doubling them would
// leave the whole index half empty.
func (t *table) grow() {
	old := t.slots
	t.slots = make([]uint64, max(firstSlots, len(old)+len(old)/4+1))
	for _, entry := range old {
		if entry != 0 {
			t.insert(entry)
		}
	}
}

// remove takes out the entry of a hash and an id that are there.
func (t *table) remove(hash uint64, id ID) {
	entry := hash<<32 | uint64(id)
	hole := t.home(entry)
	for t.slots[hole] != entry {
		hole = t.next(hole)
	}
	t.used--
	for i := t.next(hole); t.slots[i] != 0; i = t.next(i) {
		// An entry may fill the hole unless the hole lies before its home.
		if t.distance(t.home(t.slots[i]), i) >= t.distance(hole, i) {
			t.slots[hole] = t.slots[i]
			hole = i
		}
	}
	t.slots[hole] = 0
}

// distance is how many slots lie from one to another, wrapping around.
func (t *table) distance(from, to int) int {
	if to < from {
		return to + len(t.slots) - from
	}
	return to - from
}

// hash mixes eight bytes at a time (as wyhash does). The seed keeps clients from choosing paths
// that collide.
func (x *index) hash(path []byte) uint64 {
	const k0, k1 = 0x9e3779b97f4a7c15, 0xd6e8feb86659fd93
	h := x.seed ^ k0 ^ uint64(len(path))
	for len(path) >= 8 {
		h = fold(h^binary.LittleEndian.Uint64(path), k1)
		path = path[8:]
	}
	var rest uint64
	for i, b := range path {
		rest |= uint64(b) << (8 * i)
	}
	return fold(h^rest^k0, k1^x.seed|1)
}

func fold(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}
