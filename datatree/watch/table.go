package watch

import (
	"maps"
	"slices"
)

// modes is the set of modes that one watcher has at one path (WatchStats).
type modes uint8

func (m Mode) bit() modes { return 1 << m }

// table is one of the two (WatchManager). A path without watchers has no entry; a watcher whose
// watches have all fired keeps its empty entry until it is dropped, and counts as watching: so it
// is in ZooKeeper, and wchs shows it.
type table struct {
	byPath    map[string]map[Watcher]modes
	byWatcher map[Watcher]map[string]struct{}
	recursive int // pairs of path and watcher with a recursive watch
}

func newTable() table {
	return table{
		byPath:    map[string]map[Watcher]modes{},
		byWatcher: map[Watcher]map[string]struct{}{},
	}
}

func (t *table) add(path []byte, w Watcher, mode Mode) {
	at := t.byPath[string(path)]
	if at == nil {
		at = map[Watcher]modes{}
		t.byPath[string(path)] = at
	}
	had := at[w]
	if had&mode.bit() != 0 {
		return
	}
	at[w] = had | mode.bit()
	if mode == PersistentRecursive {
		t.recursive++
	}
	if had != 0 {
		return
	}
	paths := t.byWatcher[w]
	if paths == nil {
		paths = map[string]struct{}{}
		t.byWatcher[w] = paths
	}
	paths[string(path)] = struct{}{}
}

// remove takes modes from a watcher at a path and says whether it had any of them.
func (t *table) remove(path []byte, w Watcher, which modes) bool {
	at := t.byPath[string(path)]
	had := at[w]
	if had&which == 0 {
		return false
	}
	t.set(path, at, w, had&^which)
	if len(t.byWatcher[w]) == 0 {
		delete(t.byWatcher, w)
	}
	return true
}

// set changes the modes that a watcher has at a path, and drops what became empty but for the
// watcher's own entry.
func (t *table) set(path []byte, at map[Watcher]modes, w Watcher, left modes) {
	if at[w]&^left&PersistentRecursive.bit() != 0 {
		t.recursive--
	}
	if left != 0 {
		at[w] = left
		return
	}
	delete(at, w)
	delete(t.byWatcher[w], string(path))
	if len(at) == 0 {
		delete(t.byPath, string(path))
	}
}

func (t *table) drop(w Watcher) {
	// order-free: each path is forgotten by itself
	for path := range t.byWatcher[w] {
		at := t.byPath[path]
		if at[w]&PersistentRecursive.bit() != 0 {
			t.recursive--
		}
		delete(at, w)
		if len(at) == 0 {
			delete(t.byPath, path)
		}
	}
	delete(t.byWatcher, w)
}

func (t *table) has(path []byte, w Watcher, which modes) bool {
	return t.byPath[string(path)][w]&which != 0
}

// fire appends, in order and once each, the watchers that a change at path concerns, and takes
// the standard watches that it uses up.
func (t *table) fire(dst []Watcher, path []byte) []Watcher {
	if len(t.byPath) == 0 {
		return dst
	}
	from := len(dst)
	at := t.byPath[string(path)]
	// order-free: what is appended is sorted below
	for w, m := range at {
		dst = append(dst, w)
		if m&Standard.bit() != 0 {
			t.set(path, at, w, m&^Standard.bit())
		}
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
		// order-free: fire sorts
		for w, m := range t.byPath[string(path)] {
			if m&PersistentRecursive.bit() != 0 {
				dst = append(dst, w)
			}
		}
	}
	return dst
}

// read-only: the root's path
var root = []byte("/")

func (t *table) size() int {
	n := 0
	// order-free: a sum
	for _, at := range t.byPath {
		n += len(at)
	}
	return n
}

func (t *table) eachPath(visit func(path string, to []Watcher)) {
	for _, path := range slices.Sorted(maps.Keys(t.byPath)) { // order-free: sorted
		visit(path, slices.Sorted(maps.Keys(t.byPath[path]))) // order-free: sorted
	}
}

func (t *table) eachWatcher(visit func(w Watcher, paths []string)) {
	for _, w := range slices.Sorted(maps.Keys(t.byWatcher)) { // order-free: sorted
		visit(w, slices.Sorted(maps.Keys(t.byWatcher[w]))) // order-free: sorted
	}
}
