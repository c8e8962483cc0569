package watch

import (
	"sync"
	"sync/atomic"

	"quoll/jute"
)

// Watcher is a connection, by the handle that the processor gave it.
type Watcher uint32

// Mode is how long and how far a watch listens (WatcherMode).
type Mode uint8

// The modes.
const (
	Standard            Mode = iota // once
	Persistent                      // until removed
	PersistentRecursive             // until removed, for the whole subtree
)

// Event is one change of one node. Path aliases the transaction.
type Event struct {
	Type jute.EventType
	Path []byte
	Zxid jute.Zxid
}

// Sink takes events to their connections.
type Sink interface {
	// Deliver is called under the tree's write lock, in the order of changes. To has each watcher
	// once. Acl is that of the node that ev.Path names, as it was before a delete: a connection
	// that lacks READ must not hear of the event. A nil acl filters nobody.
	//
	// Caveats: to and ev.Path are on loan until Deliver returns: the next event overwrites to, and
	// Path lies in the transaction. Acl never changes and may be kept.
	Deliver(ev Event, acl []jute.ACL, to []Watcher)
}

// Limits are bytes of paths; 0 is no limit. A path that many watch is in memory once. It counts in
// Own for each of them, and in Total once.
type Limits struct {
	Own   int64 // of one watcher
	Total int64 // of all
}

// Manager has the watches of one tree.
type Manager struct {
	mu    sync.Mutex
	data  table
	child table
	limit Limits

	// told counts up when watchers are taken off the tables to be told of an event, and again when
	// they have been told. It is odd in between: then a watcher without a watch may still get an
	// event. The writer adds under mu, or outside of it to make it even.
	told atomic.Uint64

	// The writer's own, used by the Fire methods only.
	first, second []Watcher
}

// NewManager makes a Manager without watches.
func NewManager() *Manager { return &Manager{data: newTable(), child: newTable()} }

// Limit sets how many bytes of paths are allowed. Before the first watch.
func (m *Manager) Limit(l Limits) { m.limit = l }

// Exceeded says which of the limits a watcher that has just set watches has gone beyond: the field
// holds that limit, and the other is 0. Such a watcher must be dropped.
func (m *Manager) Exceeded(w Watcher) (beyond Limits) {
	m.mu.Lock()
	defer m.mu.Unlock()
	own := m.data.held[w].bytes + m.child.held[w].bytes
	switch l := m.limit; {
	case l.Own > 0 && own > l.Own:
		beyond.Own = l.Own
	case l.Total > 0 && m.data.bytes+m.child.bytes > l.Total:
		beyond.Total = l.Total
	}
	return beyond
}

// Bytes is the bytes of all watched paths, each counted once.
func (m *Manager) Bytes() int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.data.bytes + m.child.bytes
}

// WatchData sets a standard data watch (getData, exists).
func (m *Manager) WatchData(path []byte, w Watcher) {
	m.mu.Lock()
	m.data.add(path, w, Standard)
	m.mu.Unlock()
}

// WatchChildren sets a standard child watch (getChildren).
func (m *Manager) WatchChildren(path []byte, w Watcher) {
	m.mu.Lock()
	m.child.add(path, w, Standard)
	m.mu.Unlock()
}

// Add sets a persistent or recursive watch (addWatch).
func (m *Manager) Add(path []byte, w Watcher, mode Mode) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.data.add(path, w, mode)
	if mode != PersistentRecursive {
		m.child.add(path, w, mode)
	}
}

const every = modes(1<<Standard | 1<<Persistent | 1<<PersistentRecursive)

// Remove takes the watches of a type from a watcher at a path (removeWatches) and says whether
// there were any.
func (m *Manager) Remove(path []byte, typ jute.WatcherType, w Watcher) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch typ {
	case jute.WatcherChildren:
		return m.child.remove(path, w, Standard.bit())
	case jute.WatcherData:
		return m.data.remove(path, w, Standard.bit())
	case jute.WatcherPersistent:
		child := m.child.remove(path, w, Persistent.bit())
		return m.data.remove(path, w, Persistent.bit()) || child
	case jute.WatcherPersistentRecursive:
		return m.data.remove(path, w, PersistentRecursive.bit())
	case jute.WatcherAny:
		child := m.child.remove(path, w, every)
		return m.data.remove(path, w, every) || child
	}
	return false
}

// Has says whether a watcher has a watch of the type at a path (checkWatches).
func (m *Manager) Has(path []byte, typ jute.WatcherType, w Watcher) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch typ {
	case jute.WatcherChildren:
		return m.child.has(path, w, Standard.bit())
	case jute.WatcherData:
		return m.data.has(path, w, Standard.bit())
	case jute.WatcherPersistent:
		return m.data.has(path, w, Persistent.bit())
	case jute.WatcherPersistentRecursive:
		return m.data.has(path, w, PersistentRecursive.bit())
	case jute.WatcherAny:
		return m.child.has(path, w, every) || m.data.has(path, w, every)
	}
	return false
}

// Drop forgets all watches of a watcher. Any goroutine may call it. An event that was fired before
// may still be on its way: as long as dropped is not Told, the watcher's number must not become
// another's.
func (m *Manager) Drop(w Watcher) (dropped Moment) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.data.drop(w)
	m.child.drop(w)
	return Moment(m.told.Load())
}

// DropAll forgets all watches of all watchers. Nobody is told. Only the tree's writer may call it,
// between two events. Limits stay.
func (m *Manager) DropAll() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.data, m.child = newTable(), newTable()
}

// Moment is a point between the events of a Manager.
type Moment uint64

// Now is the present moment. Any goroutine may call it.
func (m *Manager) Now() Moment { return Moment(m.told.Load()) }

// Told says whether, at the moment now, every event that was fired before m has been delivered.
func (m Moment) Told(now Moment) bool { return m%2 == 0 || now != m }

// FireData tells the data watchers of a node. Only the tree's writer may call it.
func (m *Manager) FireData(s Sink, ev Event, acl []jute.ACL) {
	m.mu.Lock()
	m.first = m.data.fire(m.first[:0], ev.Path)
	m.tell(len(m.first))
	m.mu.Unlock()
	deliver(s, ev, acl, m.first)
	m.tell(len(m.first))
}

// FireChild tells the child watchers of a node. Only the tree's writer may call it.
func (m *Manager) FireChild(s Sink, ev Event, acl []jute.ACL) {
	m.mu.Lock()
	m.first = m.child.fire(m.first[:0], ev.Path)
	m.tell(len(m.first))
	m.mu.Unlock()
	deliver(s, ev, acl, m.first)
	m.tell(len(m.first))
}

// tell begins or ends the telling of some watchers.
func (m *Manager) tell(watchers int) {
	if watchers > 0 {
		m.told.Add(1)
	}
}

// FireDeleted tells the data watchers of a node that it is gone, and then its child watchers,
// except those that were told as data watchers. Only the tree's writer may call it.
func (m *Manager) FireDeleted(s Sink, ev Event, acl []jute.ACL) {
	m.mu.Lock()
	m.first = m.data.fire(m.first[:0], ev.Path)
	m.second = m.child.fire(m.second[:0], ev.Path)
	watchers := len(m.first) + len(m.second)
	m.tell(watchers)
	m.mu.Unlock()
	deliver(s, ev, acl, m.first)
	deliver(s, ev, acl, without(m.second, m.first))
	m.tell(watchers)
}

func deliver(s Sink, ev Event, acl []jute.ACL, to []Watcher) {
	if len(to) > 0 && s != nil {
		s.Deliver(ev, acl, to)
	}
}

// without removes from a the watchers that b has. Both are sorted.
func without(a, b []Watcher) []Watcher {
	left := a[:0]
	for _, w := range a {
		for len(b) > 0 && b[0] < w {
			b = b[1:]
		}
		if len(b) == 0 || b[0] != w {
			left = append(left, w)
		}
	}
	return left
}

// Count is the number of watches, where one watcher counts once per path and table.
func (m *Manager) Count() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.data.pairs) + len(m.child.pairs)
}

// Summary is what wchs tells.
type Summary struct {
	Watchers int
	Paths    int
	Total    int
}

// Summary counts the data watches; like ZooKeeper's, it leaves child watches out.
func (m *Manager) Summary() Summary {
	m.mu.Lock()
	defer m.mu.Unlock()
	return Summary{
		Watchers: len(m.data.held), Paths: len(m.data.numbers), Total: len(m.data.pairs),
	}
}
