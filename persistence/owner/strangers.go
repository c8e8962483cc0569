package owner

import (
	"sync"

	"quoll/persistence"
)

// Made is a file system that remembers the names of the files it made, so that Strangers can tell a
// log or a snapshot of another server from ours.
type Made struct {
	persistence.FS
	mu    sync.Mutex
	names map[string]bool // paths
}

// NewMade returns a Made that passes all calls on to disk.
func NewMade(disk persistence.FS) *Made {
	return &Made{FS: disk, names: make(map[string]bool)}
}

// Create implements persistence.FS.
func (m *Made) Create(name string) (persistence.File, error) {
	m.note(name)
	return m.FS.Create(name)
}

// Rename implements persistence.FS.
func (m *Made) Rename(from, to string) error {
	m.note(to)
	err := m.FS.Rename(from, to)
	if err == nil {
		m.forget(from)
	}
	return err
}

// Remove implements persistence.FS.
func (m *Made) Remove(name string) error {
	err := m.FS.Remove(name)
	if err == nil {
		m.forget(name)
	}
	return err
}

// note remembers a name. It is called before the file has that name, so that Strangers never sees
// the file without it.
func (m *Made) note(name string) {
	m.mu.Lock()
	m.names[name] = true
	m.mu.Unlock()
}

func (m *Made) forget(name string) {
	m.mu.Lock()
	delete(m.names, name)
	m.mu.Unlock()
}

// Strangers returns the logs and snapshots that are new since the look, or since the last call, and
// that made did not make.
func (s *Sight) Strangers(made *Made) ([]string, error) {
	names, _, err := s.list()
	if err != nil {
		return nil, err
	}
	made.mu.Lock()
	defer made.mu.Unlock()
	var strangers []string
	for path := range sorted(names) {
		if !s.names[path] && !made.names[path] {
			strangers = append(strangers, path)
		}
		delete(made.names, path) // s.names has it from now on
	}
	s.names = names
	return strangers, nil
}
