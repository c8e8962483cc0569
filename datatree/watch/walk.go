package watch

// Cursor is how far a walk over the watches has come. The zero Cursor begins.
type Cursor struct{ next uint32 }

// WalkData visits data watches, max of them at a time under the lock. Child watches are left out,
// as in ZooKeeper's wchp and wchc. more is false when there are no more. A watch that is set or
// removed meanwhile may be missed; one that stays is visited once.
func (m *Manager) WalkData(c *Cursor, max int, visit func(path string, w Watcher)) (more bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	t := &m.data
	for end := c.next + uint32(max); c.next < end; {
		c.next++ // numbers begin at 1
		if c.next >= t.entries.made {
			return false
		}
		if e := t.entry(c.next); e.modes != 0 {
			visit(t.paths.at(e.path).path, e.who)
		}
	}
	return true
}

// HasData says whether a watcher counts as one in ZooKeeper's wchs and wchc: it has data watches,
// or has had some that have fired.
func (m *Manager) HasData(w Watcher) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, ok := m.data.held[w]
	return ok
}
