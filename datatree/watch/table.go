package watch

import "slices"

// modes is the set of modes that one watcher has at one path (WatchStats).
type modes uint8

func (m Mode) bit() modes { return 1 << m }

// entry is what one watcher has at one path. It is in two lists: that of the path and that of the
// watcher. Numbers of entries begin at 1.
type entry struct {
	who    Watcher
	path   uint32 // its number
	at, of links  // the neighbours at the path, and those of the watcher
	modes  modes
}

type links struct{ prev, next uint32 }

// pair finds an entry.
type pair struct {
	path uint32
	who  Watcher
}

// table is one of the two tables of watches (WatchManager). A path without watchers is forgotten. A
// watcher whose watches have all fired keeps its empty list until it is dropped, and counts as
// watching, as in ZooKeeper: wchs shows it.
type table struct {
	numbers   map[string]uint32 // of paths
	paths     chunks[watched]   // by number
	freePath  uint32            // the number freed last, chained through first
	entries   chunks[entry]     // by number
	freeEntry uint32            // the number freed last, chained through at.next
	pairs     map[pair]uint32
	held      map[Watcher]held
	recursive int   // entries with a recursive watch
	bytes     int64 // of all paths, each once
}

// held is the watches of one watcher.
type held struct {
	first uint32 // of its list; 0: the list is empty
	bytes int64  // of the paths of its list
}

// watched is a path that somebody watches.
type watched struct {
	path  string
	first uint32
}

// chunks is a list that grows without being moved. Number 0 exists, is zero, and means none.
type chunks[T any] struct {
	list [][]T
	made uint32 // numbers given
}

const chunkBits = 10

func (c *chunks[T]) at(n uint32) *T { return &c.list[n>>chunkBits][n&(1<<chunkBits-1)] }

func (c *chunks[T]) grow() uint32 {
	n := c.made
	if int(n>>chunkBits) == len(c.list) {
		c.list = append(c.list, make([]T, 1<<chunkBits))
	}
	c.made++
	return n
}

func newTable() table {
	t := table{
		numbers: map[string]uint32{}, pairs: map[pair]uint32{}, held: map[Watcher]held{},
	}
	t.paths.grow()
	t.entries.grow()
	return t
}

func (t *table) entry(n uint32) *entry { return t.entries.at(n) }

// head is the first entry in the list of a path; 0 when nobody watches the path.
func (t *table) head(path []byte) uint32 { return t.paths.at(t.numbers[string(path)]).first }

// find is the number of an entry, 0 when there is none.
func (t *table) find(path []byte, w Watcher) uint32 {
	number := t.numbers[string(path)]
	if number == 0 {
		return 0
	}
	return t.pairs[pair{number, w}]
}

func (t *table) has(path []byte, w Watcher, which modes) bool {
	n := t.find(path, w)
	return n != 0 && t.entry(n).modes&which != 0
}

func (t *table) add(path []byte, w Watcher, mode Mode) {
	n := t.find(path, w)
	if n == 0 {
		n = t.link(path, w)
	}
	e := t.entry(n)
	if mode == PersistentRecursive && e.modes&mode.bit() == 0 {
		t.recursive++
	}
	e.modes |= mode.bit()
}

// link makes an entry, first in both lists.
func (t *table) link(path []byte, w Watcher) uint32 {
	number := t.numbers[string(path)]
	if number == 0 {
		number = t.number(string(path))
	}
	n, mine := t.slot(), t.held[w]
	head := &t.paths.at(number).first
	*t.entry(n) = entry{
		who: w, path: number, at: links{next: *head}, of: links{next: mine.first},
	}
	if next := *head; next != 0 {
		t.entry(next).at.prev = n
	}
	if next := mine.first; next != 0 {
		t.entry(next).of.prev = n
	}
	*head = n
	t.held[w] = held{first: n, bytes: mine.bytes + int64(len(path))}
	t.pairs[pair{number, w}] = n
	return n
}

func (t *table) number(path string) uint32 {
	n := t.freePath
	if n != 0 {
		t.freePath = t.paths.at(n).first
	} else {
		n = t.paths.grow()
	}
	*t.paths.at(n) = watched{path: path}
	t.numbers[path] = n
	t.bytes += int64(len(path))
	return n
}

func (t *table) slot() uint32 {
	n := t.freeEntry
	if n == 0 {
		return t.entries.grow()
	}
	t.freeEntry = t.entry(n).at.next
	return n
}

// remove takes modes from a watcher at a path and says whether it had any of them.
func (t *table) remove(path []byte, w Watcher, which modes) bool {
	n := t.find(path, w)
	if n == 0 || t.entry(n).modes&which == 0 {
		return false
	}
	t.take(n, which)
	if t.held[w].first == 0 {
		delete(t.held, w)
	}
	return true
}

// take removes modes from an entry, and the entry when none is left. The watcher's list may be
// empty then, but is not forgotten.
func (t *table) take(n uint32, which modes) {
	e := t.entry(n)
	if e.modes&which&PersistentRecursive.bit() != 0 {
		t.recursive--
	}
	if e.modes &^= which; e.modes == 0 {
		t.unlink(n, e)
	}
}

func (t *table) unlink(n uint32, e *entry) {
	if e.at.next != 0 {
		t.entry(e.at.next).at.prev = e.at.prev
	}
	if e.of.next != 0 {
		t.entry(e.of.next).of.prev = e.of.prev
	}
	mine := t.held[e.who]
	mine.bytes -= int64(len(t.paths.at(e.path).path))
	if e.of.prev != 0 {
		t.entry(e.of.prev).of.next = e.of.next
	} else {
		mine.first = e.of.next
	}
	t.held[e.who] = mine
	if e.at.prev != 0 {
		t.entry(e.at.prev).at.next = e.at.next
	} else {
		t.paths.at(e.path).first = e.at.next
	}
	delete(t.pairs, pair{e.path, e.who})
	if p := t.paths.at(e.path); p.first == 0 {
		t.bytes -= int64(len(p.path))
		delete(t.numbers, p.path)
		*p = watched{first: t.freePath}
		t.freePath = e.path
	}
	*e = entry{at: links{next: t.freeEntry}}
	t.freeEntry = n
}

func (t *table) drop(w Watcher) {
	for n := t.held[w].first; n != 0; n = t.held[w].first {
		t.take(n, every)
	}
	delete(t.held, w)
}

// fire appends, in order and once each, the watchers that a change at path concerns, and takes
// the standard watches that it uses up.
func (t *table) fire(dst []Watcher, path []byte) []Watcher {
	if len(t.pairs) == 0 {
		return dst
	}
	from := len(dst)
	for n := t.head(path); n != 0; {
		e := t.entry(n)
		dst = append(dst, e.who)
		next := e.at.next
		t.take(n, Standard.bit())
		n = next
	}
	if t.recursive > 0 {
		dst = t.above(dst, path)
	}
	mine := dst[from:]
	slices.Sort(mine)
	return dst[:from+len(slices.Compact(mine))]
}

// above appends the recursive watchers of all paths above path.
func (t *table) above(dst []Watcher, path []byte) []Watcher {
	for len(path) > 1 {
		end := len(path) - 1
		for end > 0 && path[end] != '/' {
			end--
		}
		if path = path[:end]; end == 0 {
			path = root
		}
		for n := t.head(path); n != 0; n = t.entry(n).at.next {
			if e := t.entry(n); e.modes&PersistentRecursive.bit() != 0 {
				dst = append(dst, e.who)
			}
		}
	}
	return dst
}

// read-only: the root's path
var root = []byte("/")
