package store

import "slices"

// The ids of a node's children lie in a run of a size class, behind their count. When there are
// more than the largest run holds, they lie in pages, without a count.
const (
	kidBits   = 27
	bigKids   = 31
	pageShift = 10
	pageKids  = 1 << pageShift
	pageClass = 17

	// backToRun is how many children pages hold when they become a run again: well below the number
	// that made them pages.
	backToRun = pageKids / 2
)

// read-only: words in a run of each class, the count included
var kidSizes = [pageClass + 1]int{
	0, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, pageKids,
}

// kids is where the ids of children live.
type kids struct {
	classes [pageClass + 1]slab[ID]
	big     []pages
	freeBig []uint32
}

// pages are the children of one node with many; all are full but for the last.
type pages struct {
	count int
	runs  []uint32 // of the largest class
}

func (k *kids) init() {
	for i := 1; i <= pageClass; i++ {
		k.classes[i] = slab[ID]{size: kidSizes[i], shift: runsFor(4 * kidSizes[i])}
	}
}

func (k *kids) alloc(class int) uint32 {
	s := &k.classes[class]
	if s.freed == 0 {
		return s.fresh()
	}
	i := s.freed - 1
	s.freed = uint32(s.at(i)[0])
	return i
}

func (k *kids) free(class int, i uint32) {
	s := &k.classes[class]
	s.at(i)[0] = ID(s.freed)
	s.freed = i + 1
}

func (h handle) kidClass() int  { return int(h >> kidBits) }
func (h handle) kidRun() uint32 { return uint32(h & (1<<kidBits - 1)) }

func kidHandle(class int, i uint32) handle { return handle(class<<kidBits) | handle(i) }

// count is how many children h has.
func (k *kids) count(h handle) int {
	switch class := h.kidClass(); class {
	case 0:
		return 0
	case bigKids:
		return k.big[h.kidRun()].count
	default:
		return int(k.classes[class].at(h.kidRun())[0])
	}
}

// from is the longest piece of the list, from place on, that lies in one run.
func (k *kids) from(h handle, place int) []ID {
	switch class := h.kidClass(); class {
	case 0:
		return nil
	case bigKids:
		p := &k.big[h.kidRun()]
		if place >= p.count {
			return nil
		}
		page := place >> pageShift
		run := k.classes[pageClass].at(p.runs[page])
		return run[place&(pageKids-1) : min(pageKids, p.count-page<<pageShift)]
	default:
		run := k.classes[class].at(h.kidRun())
		return run[1+min(place, int(run[0])) : 1+run[0]]
	}
}

// add puts a child behind the others, and says how the list is found from now on.
func (k *kids) add(h handle, id ID) (now handle, place int) {
	n := k.count(h)
	switch class := h.kidClass(); {
	case class == 0:
		h = kidHandle(1, k.alloc(1))
	case class == bigKids:
		k.addToPages(&k.big[h.kidRun()], id)
		return h, n
	case n+1 == kidSizes[class] && class == pageClass:
		h = k.toPages(h)
		k.addToPages(&k.big[h.kidRun()], id)
		return h, n
	case n+1 == kidSizes[class]:
		h = k.move(h, class+1)
	}
	run := k.classes[h.kidClass()].at(h.kidRun())
	run[0] = ID(n + 1)
	run[1+n] = id
	return h, n
}

func (k *kids) addToPages(p *pages, id ID) {
	if p.count == len(p.runs)<<pageShift {
		p.runs = append(p.runs, k.alloc(pageClass))
	}
	k.classes[pageClass].at(p.runs[p.count>>pageShift])[p.count&(pageKids-1)] = id
	p.count++
}

// move copies a run into another class, and frees it.
func (k *kids) move(h handle, class int) handle {
	now := k.alloc(class)
	old := k.classes[h.kidClass()].at(h.kidRun())
	copy(k.classes[class].at(now), old[:1+old[0]])
	k.free(h.kidClass(), h.kidRun())
	return kidHandle(class, now)
}

// toPages makes a full run of the largest class pages.
func (k *kids) toPages(h handle) handle {
	run := k.classes[pageClass].at(h.kidRun())
	var p pages
	for _, id := range run[1 : 1+run[0]] {
		k.addToPages(&p, id)
	}
	k.free(pageClass, h.kidRun())
	if last := len(k.freeBig) - 1; last >= 0 {
		i := k.freeBig[last]
		k.freeBig = k.freeBig[:last]
		k.big[i] = p
		return kidHandle(bigKids, i)
	}
	k.big = append(k.big, p)
	return kidHandle(bigKids, uint32(len(k.big)-1))
}

// remove takes the child at a place away and puts the last child there. moved is that last child,
// or None when it was the one to remove.
func (k *kids) remove(h handle, place int) (now handle, moved ID) {
	last := k.count(h) - 1
	id := k.from(h, last)[0]
	if place != last {
		k.from(h, place)[0] = id
		moved = id
	}
	if h.kidClass() == bigKids {
		return k.shrinkPages(h, last), moved
	}
	class := h.kidClass()
	k.classes[class].at(h.kidRun())[0] = ID(last)
	switch {
	case last == 0:
		k.free(class, h.kidRun())
		h = 0
	case class > 1 && last < kidSizes[class-1]/2:
		h = k.move(h, class-1)
	}
	return h, moved
}

// shrinkPages gives back pages that left children do not need.
func (k *kids) shrinkPages(h handle, left int) handle {
	p := &k.big[h.kidRun()]
	p.count = left
	if end := len(p.runs) - 1; left <= end<<pageShift {
		k.free(pageClass, p.runs[end])
		p.runs = p.runs[:end]
	}
	if left > backToRun {
		return h
	}
	class, _ := slices.BinarySearch(kidSizes[:], left+1)
	now := k.alloc(class)
	run := k.classes[class].at(now)
	run[0] = ID(left)
	copy(run[1:], k.classes[pageClass].at(p.runs[0])[:left])
	k.free(pageClass, p.runs[0])
	k.big[h.kidRun()] = pages{}
	k.freeBig = append(k.freeBig, h.kidRun())
	return kidHandle(class, now)
}
