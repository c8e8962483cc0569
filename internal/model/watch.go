package model

import (
	"maps"
	"slices"

	"quoll/jute"
)

// Conn names a connection; watches are a connection's.
type Conn int

// Event is a notification for one connection.
type Event struct {
	To   Conn
	Type jute.EventType
	Path string
	Zxid jute.Zxid
	ACL  []jute.ACL // who may not read this must not hear of it
}

// Bytes is the frame's content: header and body.
func (e *Event) Bytes() []byte {
	return jute.AppendWatcherEvent(nil, e.Zxid, e.Type, []byte(e.Path))[4:]
}

// Seen says whether the event may be shown.
func (e *Event) Seen(by *Who) bool { return e.ACL == nil || allowed(e.ACL, jute.PermRead, by) }

type mode uint8

const (
	standard mode = 1 << iota
	persistent
	recursive
)

// table is who watches which path in which modes.
type table map[string]map[Conn]mode

// watches are the two tables: of nodes, and of their lists of children.
type watches struct{ data, child table }

func (w *watches) set(t *table, path string, conn Conn, m mode) {
	if *t == nil {
		*t = table{}
	}
	if (*t)[path] == nil {
		(*t)[path] = map[Conn]mode{}
	}
	(*t)[path][conn] |= m
}

func (t table) clear(path string, conn Conn, m mode) bool {
	had := t[path][conn]
	if had&m == 0 {
		return false
	}
	t[path][conn] = had &^ m
	if had&^m == 0 {
		delete(t[path], conn)
	}
	return true
}

func (w *watches) addWatch(path string, conn Conn, how jute.AddWatchMode) {
	if how == jute.AddWatchRecursive {
		w.set(&w.data, path, conn, recursive)
		return
	}
	w.set(&w.data, path, conn, persistent)
	w.set(&w.child, path, conn, persistent)
}

func (w watches) clone() watches { return watches{data: w.data.clone(), child: w.child.clone()} }

func (t table) clone() table {
	twin := make(table, len(t))
	for path, at := range t {
		twin[path] = maps.Clone(at)
	}
	return twin
}

// Forget drops the watches of a connection that is gone.
func (t *Tree) Forget(conn Conn) {
	for _, table := range []table{t.watches.data, t.watches.child} {
		for _, at := range table {
			delete(at, conn)
		}
	}
}

// take lists who hears of a change at a path, in order, and uses up what fires once.
func (t table) take(path string) []Conn {
	hear := map[Conn]bool{}
	for conn, m := range t[path] {
		hear[conn] = true
		if m&standard != 0 {
			t.clear(path, conn, standard)
		}
	}
	for above := path; above != "/"; {
		above, _ = split(above)
		for conn, m := range t[above] {
			if m&recursive != 0 {
				hear[conn] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(hear))
}

func (t *Tree) fire(to []Conn, typ jute.EventType, path string, zxid jute.Zxid, acl []jute.ACL) {
	for _, conn := range to {
		t.fired = append(t.fired, Event{To: conn, Type: typ, Path: path, Zxid: zxid, ACL: acl})
	}
}

// fireParent tells of a change of the children of a path's parent.
func (t *Tree) fireParent(path string, zxid jute.Zxid) {
	parent, _ := split(path)
	t.fire(t.watches.child.take(parent), jute.EventChildrenChanged, parent, zxid,
		t.nodes[parent].ACL)
}

func (t *Tree) fireCreated(path string, zxid jute.Zxid) {
	t.fire(t.watches.data.take(path), jute.EventCreated, path, zxid, t.nodes[path].ACL)
	t.fireParent(path, zxid)
}

func (t *Tree) fireChanged(path string, zxid jute.Zxid) {
	t.fire(t.watches.data.take(path), jute.EventDataChanged, path, zxid, t.nodes[path].ACL)
}

func (t *Tree) fireDeleted(path string, acl []jute.ACL, zxid jute.Zxid) {
	heard := t.watches.data.take(path)
	t.fire(heard, jute.EventDeleted, path, zxid, acl)
	others := slices.DeleteFunc(t.watches.child.take(path), func(c Conn) bool {
		return slices.Contains(heard, c)
	})
	t.fire(others, jute.EventDeleted, path, zxid, acl)
	t.fireParent(path, zxid)
}

// watchKey tells a null path from the empty one, where only watches are looked at.
func watchKey(path []byte) string {
	if path == nil {
		return "\xff"
	}
	return string(path)
}

// watcher answers checkWatches and removeWatches.
func (t *Tree) watcher(r *Request, conn Conn) jute.ErrorCode {
	var in jute.PathWatcher
	if _, err := jute.Decode(r.Body, &in); err != nil || in.Type < 1 || in.Type > 5 {
		return jute.MarshallingError
	}
	var data, child mode
	switch in.Type {
	case jute.WatcherChildren:
		child = standard
	case jute.WatcherData:
		data = standard
	case jute.WatcherAny:
		data, child = standard|persistent|recursive, standard|persistent|recursive
	case jute.WatcherPersistent:
		data, child = persistent, persistent
	case jute.WatcherPersistentRecursive:
		data = recursive
	}
	path := watchKey(in.Path)
	found := t.watches.data[path][conn]&data != 0 || t.watches.child[path][conn]&child != 0
	if !found {
		return jute.NoWatcher
	}
	if r.Op == jute.OpRemoveWatches {
		t.watches.data.clear(path, conn, data)
		t.watches.child.clear(path, conn, child)
	}
	return jute.OK
}

// setWatches tells what was missed since the client's last zxid, and watches what was not.
func (t *Tree) setWatches(r *Request, conn Conn) (missed []Event, code jute.ErrorCode) {
	in := jute.SetWatches{Two: r.Op == jute.OpSetWatches2}
	if _, err := jute.Decode(r.Body, &in); err != nil {
		return nil, jute.MarshallingError
	}
	tell := func(typ jute.EventType, path []byte) {
		missed = append(missed, Event{To: conn, Type: typ, Path: string(path), Zxid: -1})
	}
	for _, path := range in.Data {
		switch n := t.Find(path); {
		case path == nil: // ZooKeeper's own trip over it; what stands before it has happened
			return missed, jute.MarshallingError
		case n == nil:
			tell(jute.EventDeleted, path)
		case n.Stat.Mzxid > in.RelativeZxid:
			tell(jute.EventDataChanged, path)
		default:
			t.watches.set(&t.watches.data, string(path), conn, standard)
		}
	}
	if in.Data == nil || in.Exist == nil {
		return missed, jute.MarshallingError
	}
	for _, path := range in.Exist {
		switch {
		case path == nil:
			return missed, jute.MarshallingError
		case t.Find(path) != nil:
			tell(jute.EventCreated, path)
		default:
			t.watches.set(&t.watches.data, string(path), conn, standard)
		}
	}
	if in.Child == nil {
		return missed, jute.MarshallingError
	}
	for _, path := range in.Child {
		switch n := t.Find(path); {
		case path == nil:
			return missed, jute.MarshallingError
		case n == nil:
			tell(jute.EventDeleted, path)
		case n.Stat.Pzxid > in.RelativeZxid:
			tell(jute.EventChildrenChanged, path)
		default:
			t.watches.set(&t.watches.child, string(path), conn, standard)
		}
	}
	if in.Two && in.Persistent == nil {
		return missed, jute.MarshallingError
	}
	for _, path := range in.Persistent {
		t.watches.addWatch(watchKey(path), conn, jute.AddWatchPersistent)
	}
	if in.Two && in.PersistentRecursive == nil {
		return missed, jute.MarshallingError
	}
	for _, path := range in.PersistentRecursive {
		t.watches.addWatch(watchKey(path), conn, jute.AddWatchRecursive)
	}
	return missed, jute.OK
}
