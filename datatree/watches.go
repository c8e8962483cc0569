package datatree

import (
	"quoll/datatree/watch"
	"quoll/jute"
)

// WatchData sets a standard data watch, in the same hold as the read that it belongs to.
func (v View) WatchData(path []byte, w watch.Watcher) { v.t.watches.WatchData(path, w) }

// WatchChildren sets a standard child watch, in the same hold as the listing it belongs to.
func (v View) WatchChildren(path []byte, w watch.Watcher) { v.t.watches.WatchChildren(path, w) }

// AddWatch sets a persistent or recursive watch (addWatch). The caller has refused any other mode.
func (v View) AddWatch(path []byte, w watch.Watcher, mode jute.AddWatchMode) {
	m := watch.Persistent
	if mode == jute.AddWatchRecursive {
		m = watch.PersistentRecursive
	}
	v.t.watches.Add(path, w, m)
}

// RemoveWatch removes watches of a type (removeWatches) and says whether there were any.
func (v View) RemoveWatch(path []byte, typ jute.WatcherType, w watch.Watcher) bool {
	return v.t.watches.Remove(path, typ, w)
}

// HasWatch says whether there are watches of a type (checkWatches).
func (v View) HasWatch(path []byte, typ jute.WatcherType, w watch.Watcher) bool {
	return v.t.watches.Has(path, typ, w)
}

// SetWatches brings back the watches of a client that reconnected (setWatches, setWatches2). A
// change that it missed since RelativeZxid goes to replay, in order, and its watch is not set
// again.
func (v View) SetWatches(
	w watch.Watcher, s *jute.SetWatches, replay func(typ jute.EventType, path []byte),
) {
	for _, path := range s.Data {
		switch n, ok := v.Find(path); {
		case !ok:
			replay(jute.EventDeleted, path)
		case v.t.nodes.At(n.id).Mzxid > s.RelativeZxid:
			replay(jute.EventDataChanged, path)
		default:
			v.t.watches.WatchData(path, w)
		}
	}
	for _, path := range s.Exist {
		if _, ok := v.Find(path); ok {
			replay(jute.EventCreated, path)
		} else {
			v.t.watches.WatchData(path, w)
		}
	}
	for _, path := range s.Child {
		switch n, ok := v.Find(path); {
		case !ok:
			replay(jute.EventDeleted, path)
		case v.t.nodes.At(n.id).Pzxid > s.RelativeZxid:
			replay(jute.EventChildrenChanged, path)
		default:
			v.t.watches.WatchChildren(path, w)
		}
	}
	for _, path := range s.Persistent {
		v.t.watches.Add(path, w, watch.Persistent)
	}
	for _, path := range s.PersistentRecursive {
		v.t.watches.Add(path, w, watch.PersistentRecursive)
	}
}

// LimitWatches bounds the bytes of watched paths. Before the first watch.
func (t *Tree) LimitWatches(l watch.Limits) { t.watches.Limit(l) }

// WatchesExceed says which limit a connection that has just set watches has gone beyond.
func (v View) WatchesExceed(w watch.Watcher) (beyond watch.Limits) {
	return v.t.watches.Exceeded(w)
}

// WatchBytes is the bytes of all watched paths.
func (v View) WatchBytes() int64 { return v.t.watches.Bytes() }

// WatchCount is the number of watches (zk_watch_count).
func (v View) WatchCount() int { return v.t.watches.Count() }

// WatchSummary counts data watches, for wchs.
func (v View) WatchSummary() watch.Summary { return v.t.watches.Summary() }

// WalkWatches visits data watches, max of them at a time; see watch.Manager. It needs no hold of
// the tree's lock: any goroutine may call it, and a walk stops nobody for longer than max watches.
func (t *Tree) WalkWatches(
	c *watch.Cursor, max int, visit func(path string, w watch.Watcher),
) (more bool) {
	return t.watches.WalkData(c, max, visit)
}

// Watches says whether a connection counts as one that has data watches. Any goroutine.
func (t *Tree) Watches(w watch.Watcher) bool { return t.watches.HasData(w) }
