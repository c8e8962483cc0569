package model

import (
	"maps"
	"slices"

	"quoll/jute"
)

// Conn names a connection. Watches belong to a connection.
type Conn int

// Event is a notification for one connection.
type Event struct {
	To   Conn
	Type jute.EventType
	Path string
	Zxid jute.Zxid
	ACL  []jute.ACL // an identity that may not read this must not hear of the event
}

// Bytes is the frame's content: header and body.
func (e *Event) Bytes() []byte {
	return jute.AppendWatcherEvent(nil, e.Zxid, e.Type, []byte(e.Path))[4:]
}

// Seen says whether the event may be shown to an identity.
func (e *Event) Seen(by *Who) bool { return e.ACL == nil || allowed(e.ACL, jute.PermRead, by) }

type mode uint8

const (
	standard mode = 1 << iota
	persistent
	recursive
)

// table says which connections watch which path, and in which modes.
type table map[string]map[Conn]mode

// Watches are the two tables: of nodes, and of their lists of children. The path of a watch is kept
// as it was asked for: "" is not "/".
type Watches struct{ data, child table }

// Set sets a watch that fires once, on a node or on its list of children.
func (w *Watches) Set(child bool, path string, conn Conn) {
	if child {
		w.child.set(path, conn, standard)
	} else {
		w.data.set(path, conn, standard)
	}
}

// Add sets a watch that stays.
func (w *Watches) Add(path string, conn Conn, how jute.AddWatchMode) {
	if how == jute.AddWatchRecursive {
		w.data.set(path, conn, recursive)
		return
	}
	w.data.set(path, conn, persistent)
	w.child.set(path, conn, persistent)
}

// Has says whether a connection has watches of a type.
func (w *Watches) Has(path string, typ jute.WatcherType, conn Conn) bool {
	data, child := modesOf(typ)
	return w.data[path][conn]&data != 0 || w.child[path][conn]&child != 0
}

// Remove takes a connection's watches of a type away.
func (w *Watches) Remove(path string, typ jute.WatcherType, conn Conn) {
	data, child := modesOf(typ)
	w.data.clear(path, conn, data)
	w.child.clear(path, conn, child)
}

// Forget takes all watches of a connection away.
func (w *Watches) Forget(conn Conn) {
	for _, table := range []table{w.data, w.child} {
		for path := range table {
			table.clear(path, conn, standard|persistent|recursive)
		}
	}
}

// Count counts the pairs of a connection and a path in both tables.
func (w *Watches) Count() (n int) {
	for _, table := range []table{w.data, w.child} {
		for _, at := range table {
			n += len(at)
		}
	}
	return n
}

// modesOf are the modes that a type means, in each table.
func modesOf(typ jute.WatcherType) (data, child mode) {
	switch typ {
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
	return data, child
}

// A Change is what watches hear of. The ACLs say who may hear of it.
type Change struct {
	Path   string // the root is "/"
	Zxid   jute.Zxid
	ACL    []jute.ACL // of the node
	Parent []jute.ACL // of its parent
}

// Created uses up the watches that a create fires, and lists their events, in order.
func (w *Watches) Created(c Change) []Event {
	return append(c.tell(w.data.take(c.Path), jute.EventCreated), w.parent(c)...)
}

// Changed is Created for new data.
func (w *Watches) Changed(c Change) []Event {
	return c.tell(w.data.take(c.Path), jute.EventDataChanged)
}

// Deleted is Created for a delete: nobody hears of it twice.
func (w *Watches) Deleted(c Change) []Event {
	heard := w.data.take(c.Path)
	others := slices.DeleteFunc(w.child.take(c.Path), func(conn Conn) bool {
		return slices.Contains(heard, conn)
	})
	events := append(c.tell(heard, jute.EventDeleted), c.tell(others, jute.EventDeleted)...)
	return append(events, w.parent(c)...)
}

// parent tells of a change of the children of a path's parent.
func (w *Watches) parent(c Change) []Event {
	above, _ := Split(c.Path)
	p := Change{Path: above, Zxid: c.Zxid, ACL: c.Parent}
	return p.tell(w.child.take(above), jute.EventChildrenChanged)
}

func (c *Change) tell(to []Conn, typ jute.EventType) (events []Event) {
	for _, conn := range to {
		events = append(events, Event{To: conn, Type: typ, Path: c.Path, Zxid: c.Zxid, ACL: c.ACL})
	}
	return events
}

func (w Watches) clone() Watches { return Watches{data: w.data.clone(), child: w.child.clone()} }

func (t *table) set(path string, conn Conn, m mode) {
	if *t == nil {
		*t = table{}
	}
	if (*t)[path] == nil {
		(*t)[path] = map[Conn]mode{}
	}
	(*t)[path][conn] |= m
}

func (t table) clear(path string, conn Conn, m mode) {
	had, has := t[path][conn]
	switch {
	case !has:
	case had&^m == 0:
		delete(t[path], conn)
	default:
		t[path][conn] = had &^ m
	}
}

func (t table) clone() table {
	twin := make(table, len(t))
	for path, at := range t {
		twin[path] = maps.Clone(at)
	}
	return twin
}

// take lists the connections that hear of a change at a path, in order, and uses up the watches
// that fire once.
func (t table) take(path string) []Conn {
	hear := map[Conn]bool{}
	for conn, m := range t[path] {
		hear[conn] = true
		if m&standard != 0 {
			t.clear(path, conn, standard)
		}
	}
	for above := path; above != "/"; {
		above, _ = Split(above)
		for conn, m := range t[above] {
			if m&recursive != 0 {
				hear[conn] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(hear))
}

// Bring carries out a setWatches. It returns the events that were missed since the client's last
// zxid, and sets the watches that missed nothing. find is the stat of a node, nil when there is
// none.
func (w *Watches) Bring(
	conn Conn, in *jute.SetWatches, find func(path []byte) *jute.StatPersisted,
) (missed []Event, code jute.ErrorCode) {
	tell := func(typ jute.EventType, path []byte) {
		missed = append(missed, Event{To: conn, Type: typ, Path: string(path), Zxid: -1})
	}
	for _, path := range in.Data {
		switch st := find(path); {
		case path == nil: // ZooKeeper itself trips over it; the paths before it are done
			return missed, jute.MarshallingError
		case st == nil:
			tell(jute.EventDeleted, path)
		case st.Mzxid > in.RelativeZxid:
			tell(jute.EventDataChanged, path)
		default:
			w.Set(false, string(path), conn)
		}
	}
	if in.Data == nil || in.Exist == nil {
		return missed, jute.MarshallingError
	}
	for _, path := range in.Exist {
		switch {
		case path == nil:
			return missed, jute.MarshallingError
		case find(path) != nil:
			tell(jute.EventCreated, path)
		default:
			w.Set(false, string(path), conn)
		}
	}
	if in.Child == nil {
		return missed, jute.MarshallingError
	}
	for _, path := range in.Child {
		switch st := find(path); {
		case path == nil:
			return missed, jute.MarshallingError
		case st == nil:
			tell(jute.EventDeleted, path)
		case st.Pzxid > in.RelativeZxid:
			tell(jute.EventChildrenChanged, path)
		default:
			w.Set(true, string(path), conn)
		}
	}
	return missed, w.bringLasting(conn, in)
}

func (w *Watches) bringLasting(conn Conn, in *jute.SetWatches) jute.ErrorCode {
	if in.Two && in.Persistent == nil {
		return jute.MarshallingError
	}
	for _, path := range in.Persistent {
		w.Add(watchKey(path), conn, jute.AddWatchPersistent)
	}
	if in.Two && in.PersistentRecursive == nil {
		return jute.MarshallingError
	}
	for _, path := range in.PersistentRecursive {
		w.Add(watchKey(path), conn, jute.AddWatchRecursive)
	}
	return jute.OK
}

// watchKey tells a null path from the empty one, where nothing but watches is looked at.
func watchKey(path []byte) string {
	if path == nil {
		return "\xff"
	}
	return string(path)
}
