package applied

import (
	"quoll/internal/model"
	"quoll/jute"
)

// Watch sets a watch that fires once; with child it is on the list of children.
func (t *Tree) Watch(child bool, path string, who model.Conn) { t.watches.Set(child, path, who) }

// AddWatch sets a persistent or recursive watch.
func (t *Tree) AddWatch(path string, who model.Conn, how jute.AddWatchMode) {
	t.watches.Add(path, who, how)
}

// DropWatches forgets the watches of a watcher.
func (t *Tree) DropWatches(who model.Conn) { t.watches.Forget(who) }

// Unwatch removes watches of a type, and says whether there were any.
func (t *Tree) Unwatch(path string, typ jute.WatcherType, who model.Conn) bool {
	had := t.watches.Has(path, typ, who)
	t.watches.Remove(path, typ, who)
	return had
}

// Watches says whether a watcher has watches of a type.
func (t *Tree) Watches(path string, typ jute.WatcherType, who model.Conn) bool {
	return t.watches.Has(path, typ, who)
}

// WatchCount counts pairs of watcher and path, in both tables.
func (t *Tree) WatchCount() int { return t.watches.Count() }

// SetWatches brings back watches after a reconnect, and returns the events that were missed.
func (t *Tree) SetWatches(who model.Conn, s *jute.SetWatches) []model.Event {
	missed, _ := t.watches.Bring(who, s, func(path []byte) *jute.StatPersisted {
		if n := t.Get(string(path)); n != nil {
			return &n.Stat
		}
		return nil
	})
	return missed
}

// tell keeps the events of watches.
func (t *Tree) tell(events []model.Event) { t.Heard = append(t.Heard, events...) }
