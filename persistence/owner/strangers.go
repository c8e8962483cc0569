package owner

import (
	"maps"
	"math"
	"path/filepath"
	"slices"
	"sync"

	"quoll/jute"
	"quoll/persistence"
	"quoll/persistence/names"
)

// Made is a file system that remembers the names of the files it made, so that Changes can tell a
// log or a snapshot of another server from ours, and one that others removed from one that we did.
type Made struct {
	persistence.FS
	mu    sync.Mutex
	names map[string]bool // paths
	// removed are the names that we take away, until a look does not find them.
	removed map[string]bool
}

// NewMade returns a Made that passes all calls on to disk.
func NewMade(disk persistence.FS) *Made {
	return &Made{FS: disk, names: make(map[string]bool), removed: make(map[string]bool)}
}

// Create implements persistence.FS.
func (m *Made) Create(name string) (persistence.File, error) {
	m.note(name)
	return m.FS.Create(name)
}

// Rename implements persistence.FS.
func (m *Made) Rename(from, to string) error {
	m.note(to)
	m.mark(from)
	err := m.FS.Rename(from, to)
	m.forget(from, err == nil)
	return err
}

// Remove implements persistence.FS.
func (m *Made) Remove(name string) error {
	m.mark(name)
	err := m.FS.Remove(name)
	m.forget(name, err == nil)
	return err
}

// mark notes that a name goes. It is called before the name is gone, as with note.
func (m *Made) mark(name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.removed[name] = true
}

// note remembers a name. It is called before the file has that name, so that Changes never sees
// the file without it.
func (m *Made) note(name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.names[name] = true
	delete(m.removed, name)
}

// forget forgets a name that is gone, or, if it is not, that it was to go.
func (m *Made) forget(name string, gone bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !gone {
		delete(m.removed, name)
		return
	}
	delete(m.names, name)
}

// Changes are what others have done in the directories.
type Changes struct {
	Strangers []string // logs and snapshots that are new, and that we did not make
	// Lost are those that were there, and without which a start would lack something. They are
	// told again until a snapshot makes them needless.
	Lost []string
}

// Changes returns what others have done since the look, or since the last call.
func (s *Sight) Changes(made *Made) (c Changes, err error) {
	found, _, err := s.list()
	if err != nil {
		return c, err
	}
	made.mu.Lock()
	defer made.mu.Unlock()
	for path := range sorted(found) {
		if !s.names[path] && !made.names[path] {
			c.Strangers = append(c.Strangers, path)
		}
		delete(made.names, path) // s.names has it from now on
	}
	for path := range s.names { // order-free: a set
		if !found[path] && !made.removed[path] {
			s.lost[path] = true
		}
	}
	maps.DeleteFunc(s.lost, func(path string, _ bool) bool {
		return found[path] || !needed(path, s.lost, found)
	})
	c.Lost = slices.Collect(sorted(s.lost))
	maps.DeleteFunc(made.removed, func(path string, _ bool) bool { return !found[path] })
	s.names = found
	return c, nil
}

// needed says whether a start needs a file that is not there any more: a snapshot if there is none
// now, a log if it reached above the newest snapshot that is there.
func needed(path string, lost, found map[string]bool) bool {
	snapshot, next := jute.Zxid(-1), jute.Zxid(math.MaxInt64)
	name := names.Parse(filepath.Base(path))
	for _, there := range []map[string]bool{lost, found} {
		for other := range there {
			switch o := names.Parse(filepath.Base(other)); {
			case o.Kind == names.Snapshot && found[other]:
				snapshot = max(snapshot, o.Zxid)
			case o.Kind == names.Log && o.Zxid > name.Zxid:
				next = min(next, o.Zxid)
			}
		}
	}
	if name.Kind == names.Snapshot {
		return snapshot < 0
	}
	return next > snapshot+1
}
