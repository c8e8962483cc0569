package store

import (
	"encoding/binary"
	"math/bits"
)

// handle names a cell or a run of ids: the size class, from 1 on, in the high bits, its number
// within the class in the low ones. 0 is none.
type handle uint32

// A cell is a length, a name and data, in a size class:
//
//	class   1 ..  32   8, 16, .. 256 bytes
//	class  33 ..  88   eight to each doubling, up to 32 KiB
//	class 127          larger: a slice of its own
const (
	cellBits    = 25
	cellClasses = 89
	bigCell     = 127
	evenUpTo    = 256
	maxCell     = 32 << 10
)

// cells is where names and data live.
type cells struct {
	classes [cellClasses]slab[byte]
	big     [][]byte // by number; nil where free
	freeBig []uint32
}

// init makes all classes ready, empty.
func (c *cells) init() {
	for i := 1; i < cellClasses; i++ {
		size := cellSize(i)
		c.classes[i] = slab[byte]{size: size, shift: runsFor(size)}
	}
}

// cellClass is the smallest class that size bytes fit in.
func cellClass(size int) int {
	if size <= evenUpTo {
		return (size + 7) / 8
	}
	e := bits.Len(uint(size-1)) - 1
	step := 1 << (e - 3)
	return 32 + (e-8)*8 + (size-1<<e+step-1)/step
}

func cellSize(class int) int {
	if class <= 32 {
		return class * 8
	}
	e := 8 + (class-33)/8
	return 1<<e + ((class-33)%8+1)<<(e-3)
}

// alloc gives a cell of at least size bytes. The bytes in it are arbitrary.
func (c *cells) alloc(size int) handle {
	if size <= maxCell {
		for class := cellClass(size); class < cellClasses; class++ {
			s := &c.classes[class]
			if s.freed != 0 {
				i := s.freed - 1
				s.freed = binary.LittleEndian.Uint32(s.at(i))
				return handle(class<<cellBits) | handle(i)
			}
			if s.next < 1<<cellBits {
				return handle(class<<cellBits) | handle(s.fresh())
			}
			// Every number of the class is given: a cell of the next class serves as well.
		}
	}
	cell := make([]byte, size)
	if last := len(c.freeBig) - 1; last >= 0 {
		i := c.freeBig[last]
		c.freeBig = c.freeBig[:last]
		c.big[i] = cell
		return bigCell<<cellBits | handle(i)
	}
	c.big = append(c.big, cell)
	return bigCell<<cellBits | handle(len(c.big)-1)
}

func (c *cells) free(h handle) {
	class, i := h>>cellBits, uint32(h&(1<<cellBits-1))
	if class == bigCell {
		c.big[i] = nil
		c.freeBig = append(c.freeBig, i)
		return
	}
	s := &c.classes[class]
	binary.LittleEndian.PutUint32(s.at(i), s.freed)
	s.freed = i + 1
}

func (c *cells) at(h handle) []byte {
	class, i := h>>cellBits, uint32(h&(1<<cellBits-1))
	if class == bigCell {
		return c.big[i]
	}
	return c.classes[class].at(i)
}

// fits says whether size bytes would get a cell like h.
func (c *cells) fits(h handle, size int) bool {
	class := int(h >> cellBits)
	if class == bigCell {
		return size == len(c.at(h))
	}
	return size <= maxCell && cellClass(size) == class
}
