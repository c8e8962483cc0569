package main

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// model is a disk that keeps only what was flushed. Places are lines of the trace; 0 is before it.
type model struct {
	base    string                     // what is not below it is no matter
	files   map[string]*file           // those that are dirty
	names   map[string]map[string]bool // directory -> kinds of names that are not flushed
	flushed map[string]int             // path -> begin of its last flush
	kept    []string                   // snapshots that stay when the purge comes
	logging bool                       // a log was written to: an answer may promise it
	purged  bool                       // the purge has begun
	counts  map[string]int             // flushes of something dirty, by kind
	wrong   []string
}

// file is a file that is not flushed.
type file struct {
	since int
	back  bool   // written back: the next flush of a neighbour will do
	kind  string // of flush that it waits for
}

func newModel(base string) *model {
	return &model{
		base: base, files: map[string]*file{}, names: map[string]map[string]bool{},
		flushed: map[string]int{}, counts: map[string]int{},
	}
}

func (m *model) ours(path string) bool {
	return (path == m.base || strings.HasPrefix(path, m.base+"/")) &&
		!strings.HasSuffix(path, "/quoll.lock")
}

func (m *model) short(path string) string { return strings.TrimPrefix(path, m.base) }

func (m *model) complain(at int, what, format string, args ...any) {
	why := fmt.Sprintf(format, args...)
	m.wrong = append(m.wrong, fmt.Sprintf("line %d, %s: %s", at, what, why))
}

// cutLog is a log that lost its end and is not flushed since.
const cutLog = "cut log"

// kindOf says what a file is.
func kindOf(path string) string {
	base := filepath.Base(path)
	switch {
	case strings.HasPrefix(base, "log."):
		return "log"
	case strings.HasPrefix(base, "snapshot."), strings.HasPrefix(base, "tmp.snapshot."):
		return "snapshot"
	case strings.Contains(base, "walmeta"):
		return "sidecar"
	case strings.Contains(base, "snapmeta"):
		return "mark"
	}
	return "file"
}

// soil makes a name in a directory wait for a flush.
func (m *model) soil(path, kind string) {
	dir := filepath.Dir(path)
	if m.names[dir] == nil {
		m.names[dir] = map[string]bool{}
	}
	m.names[dir][kind] = true
}

// begin judges what must be clean before a call.
func (m *model) begin(c *call) {
	if c.name == "write" && c.path == "socket" {
		if m.logging {
			m.everything(c.begun, "an answer", promised)
		}
		return
	}
	if !m.ours(c.path) {
		return
	}
	what := c.name + " " + m.short(c.path)
	switch c.name {
	case "rename", "renameat", "renameat2":
		m.file(c.begun, what, c.path)
		if kindOf(c.to) == "log" { // a tail gets its name when the sidecar knows of it
			m.directory(c.begun, what, filepath.Dir(c.to))
		}
		if kindOf(c.to) == "sidecar" && m.names[filepath.Dir(c.to)]["removed log"] {
			m.directory(c.begun, what, filepath.Dir(c.to)) // it counts on that
		}
	case "ftruncate":
		if m.names[filepath.Dir(c.path)]["renamed log"] { // what it loses has a name elsewhere
			m.directory(c.begun, what, filepath.Dir(c.path))
		}
	case "pwrite64":
		kind := kindOf(c.path)
		for path, f := range m.files {
			if (kind == "sidecar" || kind == "mark") && f.kind == kind && path != c.path {
				m.file(c.begun, what, path) // one of the twins is whole at any time
			}
		}
	case "close":
		if f := m.files[c.path]; f != nil && f.since > 0 && kindOf(c.path) == "log" {
			m.file(c.begun, what, c.path)
		}
	case "mkdir", "mkdirat":
		m.directory(c.begun, what, filepath.Dir(filepath.Dir(c.path)))
	case "openat":
		if makes(c) {
			m.directory(c.begun, what, filepath.Dir(c.path))
			m.directory(c.begun, what, filepath.Dir(filepath.Dir(c.path)))
		}
	case "unlink", "unlinkat":
		if m.kept != nil && (kindOf(c.path) == "snapshot" || kindOf(c.path) == "log") {
			m.purge(c)
		}
	}
}

// promised says what an answer depends on: not on snapshots, on what a purge takes, on the twins of
// the sidecar and of the mark beside the snapshots (each is judged when the other is written), on
// the end of a log that was left (judged when it is closed).
func promised(file bool, kind string) bool {
	switch kind {
	case "snapshot", "renamed snapshot", "removed snapshot", "removed log", cutLog:
		return false
	case "sidecar", "mark":
		return !file
	}
	return true
}

// makes says whether a call makes a log or a snapshot: what was made or removed before is flushed.
func makes(c *call) bool {
	kind := kindOf(c.path)
	return strings.Contains(c.flags, "O_CREAT") && (kind == "log" || kind == "snapshot")
}

// purge judges the first removal: what stays is flushed, with its name, in this order.
func (m *model) purge(c *call) {
	if m.purged {
		return
	}
	m.purged = true
	for _, path := range m.kept {
		dir := filepath.Dir(path)
		switch at := m.flushed[path]; {
		case at == 0:
			m.complain(c.begun, "a purge", "%s stays and is not flushed", m.short(path))
		case m.flushed[dir] < at:
			m.complain(c.begun, "a purge", "the name of %s is not flushed", m.short(path))
		default:
			m.counts["kept snapshot"]++
		}
	}
}

func (m *model) file(at int, what, path string) {
	if f := m.files[path]; f != nil {
		m.complain(at, what, "%s is not flushed since line %d", m.short(path), f.since)
	}
}

func (m *model) directory(at int, what, dir string) {
	if kinds := m.names[dir]; len(kinds) > 0 {
		m.complain(at, what, "the names in %s are not flushed: %v", m.short(dir),
			slices.Sorted(maps.Keys(kinds)))
	}
}

// everything must be clean, of the kinds that matter.
func (m *model) everything(at int, what string, matters func(file bool, kind string) bool) {
	for _, path := range slices.Sorted(maps.Keys(m.files)) {
		if matters(true, m.files[path].kind) {
			m.file(at, what, path)
		}
	}
	for _, dir := range slices.Sorted(maps.Keys(m.names)) {
		for kind := range m.names[dir] {
			if matters(false, kind) {
				m.directory(at, what, dir)
				break
			}
		}
	}
}

// end notes what a call that succeeded has done.
func (m *model) end(c *call, at int) {
	if !m.ours(c.path) {
		return
	}
	switch c.name {
	case "write", "writev", "pwrite64", "pwritev", "pwritev2", "ftruncate", "fallocate",
		"copy_file_range":
		m.write(c, at)
	case "openat":
		if strings.Contains(c.flags, "O_CREAT") {
			m.soil(c.path, kindOf(c.path))
		}
	case "mkdir", "mkdirat":
		m.soil(c.path, "directory")
	case "unlink", "unlinkat":
		delete(m.files, c.path)
		m.soil(c.path, "removed "+kindOf(c.path))
	case "rename", "renameat", "renameat2":
		m.soil(c.path, kindOf(c.path))
		m.soil(c.to, "renamed "+kindOf(c.to))
	case "sync_file_range":
		if f := m.files[c.path]; f != nil && f.since < c.begun &&
			strings.Contains(c.flags, "WAIT_BEFORE") {
			f.back = true
		}
	case "fsync", "fdatasync":
		m.flush(c)
	}
}

func (m *model) write(c *call, at int) {
	f := m.files[c.path]
	if f == nil {
		f = &file{}
		m.files[c.path] = f
	}
	f.since, f.back, f.kind = at, false, kindOf(c.path)
	if c.name == "ftruncate" && f.kind == "log" {
		f.kind = cutLog
	}
	if f.kind == "log" {
		m.logging = true
	}
}

// flush cleans what was done before it began.
func (m *model) flush(c *call) {
	m.flushed[c.path] = c.begun
	for kind := range m.names[c.path] {
		m.counts["name of a "+kind]++
	}
	if c.name == "fsync" {
		delete(m.names, c.path)
	}
	for path, f := range m.files {
		if f.since < c.begun && (path == c.path || f.back) {
			m.counts[f.kind]++
			delete(m.files, path)
		}
	}
}
