package applied

import (
	"slices"
	"strings"

	"quoll/jute"
)

// Heard is one event for one watcher.
type Heard struct {
	Watcher uint32
	Type    jute.EventType
	Path    string
	Zxid    jute.Zxid
	ACL     []jute.ACL
}

// Mode is how long and how far a watch listens.
type Mode uint8

// The modes.
const (
	Standard Mode = iota
	Persistent
	Recursive
)

type watch struct {
	child bool // in the table of child watches
	path  string
	who   uint32
	mode  Mode
}

// Watch sets a watch; child says in which table.
func (t *Tree) Watch(child bool, path string, who uint32, mode Mode) {
	w := watch{child, path, who, mode}
	if !slices.Contains(t.watches, w) {
		t.watches = append(t.watches, w)
	}
}

// AddWatch sets a persistent or recursive watch.
func (t *Tree) AddWatch(path string, who uint32, mode Mode) {
	t.Watch(false, path, who, mode)
	if mode == Persistent {
		t.Watch(true, path, who, mode)
	}
}

// DropWatches forgets those of a watcher.
func (t *Tree) DropWatches(who uint32) { t.cut(func(w watch) bool { return w.who == who }) }

func (t *Tree) cut(which func(watch) bool) bool {
	n := len(t.watches)
	t.watches = slices.DeleteFunc(t.watches, which)
	return len(t.watches) < n
}

// Unwatch removes watches of a type, and says whether there were any.
func (t *Tree) Unwatch(path string, typ jute.WatcherType, who uint32) bool {
	return t.cut(func(w watch) bool { return w.path == path && w.who == who && w.is(typ) })
}

// Watches says whether a watcher has watches of a type.
func (t *Tree) Watches(path string, typ jute.WatcherType, who uint32) bool {
	return slices.ContainsFunc(t.watches, func(w watch) bool {
		return w.path == path && w.who == who && w.is(typ)
	})
}

func (w watch) is(typ jute.WatcherType) bool {
	switch typ {
	case jute.WatcherChildren:
		return w.child && w.mode == Standard
	case jute.WatcherData:
		return !w.child && w.mode == Standard
	case jute.WatcherPersistent:
		return w.mode == Persistent
	case jute.WatcherPersistentRecursive:
		return w.mode == Recursive
	}
	return typ == jute.WatcherAny
}

// WatchCount counts pairs of watcher and path, in both tables.
func (t *Tree) WatchCount() int {
	seen := map[watch]bool{}
	for _, w := range t.watches {
		w.mode = Standard
		seen[w] = true
	}
	return len(seen)
}

// SetWatches brings back watches after a reconnect; what was missed comes back instead.
func (t *Tree) SetWatches(who uint32, s *jute.SetWatches) (missed []Heard) {
	miss := func(typ jute.EventType, path []byte) {
		missed = append(missed, Heard{Watcher: who, Type: typ, Path: string(path), Zxid: -1})
	}
	for _, p := range s.Data {
		if n := t.Get(string(p)); n == nil {
			miss(jute.EventDeleted, p)
		} else if n.Stat.Mzxid > s.RelativeZxid {
			miss(jute.EventDataChanged, p)
		} else {
			t.Watch(false, string(p), who, Standard)
		}
	}
	for _, p := range s.Exist {
		if t.Get(string(p)) != nil {
			miss(jute.EventCreated, p)
		} else {
			t.Watch(false, string(p), who, Standard)
		}
	}
	for _, p := range s.Child {
		if n := t.Get(string(p)); n == nil {
			miss(jute.EventDeleted, p)
		} else if n.Stat.Pzxid > s.RelativeZxid {
			miss(jute.EventChildrenChanged, p)
		} else {
			t.Watch(true, string(p), who, Standard)
		}
	}
	for _, p := range s.Persistent {
		t.AddWatch(string(p), who, Persistent)
	}
	for _, p := range s.PersistentRecursive {
		t.AddWatch(string(p), who, Recursive)
	}
	return missed
}

// fire tells one table of a change, but not those who have heard, and says who was told.
func (t *Tree) fire(
	child bool, typ jute.EventType, path string, zxid jute.Zxid, acl []jute.ACL, heard []uint32,
) (told []uint32) {
	if path == "" {
		path = "/"
	}
	for _, w := range t.watches {
		below := strings.HasPrefix(path, strings.TrimSuffix(w.path, "/")+"/")
		if w.child == child && (w.path == path || w.mode == Recursive && below) {
			told = append(told, w.who)
		}
	}
	t.cut(func(w watch) bool { return w.child == child && w.path == path && w.mode == Standard })
	slices.Sort(told)
	told = slices.Compact(told)
	for _, who := range told {
		if !slices.Contains(heard, who) {
			t.Heard = append(t.Heard, Heard{who, typ, path, zxid, acl})
		}
	}
	return told
}
