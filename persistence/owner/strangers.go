package owner

import (
	"path/filepath"
	"sync"

	"quoll/persistence"
	"quoll/persistence/names"
)

// Made is a file system that remembers the names of the files it made, so that Strangers can tell a
// log or a snapshot of another server from ours, and a look misses the log that is written.
type Made struct {
	persistence.FS
	mu    sync.Mutex
	names map[string]bool // paths
	log   string          // path of the log that was made last
	miss  int             // looks in a row that have not found it
}

// NewMade returns a Made that passes all calls on to disk.
func NewMade(disk persistence.FS) *Made {
	return &Made{FS: disk, names: make(map[string]bool)}
}

// LostLog returns the path of the log that is written if the last two looks have not found it, else
// "". Someone else has removed or renamed it. One look can come between its name and the file.
func (m *Made) LostLog() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.miss > 1 {
		return m.log
	}
	return ""
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
	defer m.mu.Unlock()
	m.names[name] = true
	if names.Parse(filepath.Base(name)).Kind == names.Log {
		m.log, m.miss = name, 0
	}
}

func (m *Made) forget(name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.names, name)
	if name == m.log {
		m.log, m.miss = "", 0
	}
}

// Strangers returns the logs and snapshots that are new since the look, or since the last call, and
// that made did not make.
func (s *Sight) Strangers(made *Made) ([]string, error) {
	found, _, err := s.list()
	if err != nil {
		return nil, err
	}
	made.mu.Lock()
	defer made.mu.Unlock()
	var strangers []string
	for path := range sorted(found) {
		if !s.names[path] && !made.names[path] {
			strangers = append(strangers, path)
		}
		delete(made.names, path) // s.names has it from now on
	}
	s.names = found
	made.miss++
	if made.log == "" || found[made.log] {
		made.miss = 0
	}
	return strangers, nil
}
