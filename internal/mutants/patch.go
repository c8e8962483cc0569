package mutants

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Mutant is one patch.
type Mutant struct {
	Name   string // of its file, without .patch
	Broken string // what is broken, in plain words
	Test   Test
	Edits  []Edit
}

// Test is a command that must fail.
type Test struct {
	Package string   // from the repository's root, as ./quorum/zab
	Run     string   // the pattern of -run
	Flags   []string // the flags of the test itself
}

// String is the command as it is typed.
func (t Test) String() string {
	words := []string{"go test", t.Package, "-run", t.Run}
	return strings.Join(append(words, t.Flags...), " ")
}

// Edit is what a patch does to one file.
type Edit struct {
	File  string // from the repository's root
	hunks []hunk
}

// hunk replaces lines of a file by others. Both have the lines of context.
type hunk struct{ old, new []byte }

// ErrPatch: a patch cannot be read.
var ErrPatch = errors.New("not a patch")

// ErrMoved: a file does not have the lines that a patch names, or has them twice.
var ErrMoved = errors.New("the code has moved away from the patch")

// Load reads the patches of a directory.
func Load(dir fs.FS) ([]Mutant, error) {
	names, err := fs.Glob(dir, "*.patch")
	if err != nil {
		return nil, err
	}
	var all []Mutant
	for _, name := range names {
		text, err := fs.ReadFile(dir, name)
		if err != nil {
			return nil, err
		}
		m, err := parse(string(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		m.Name = strings.TrimSuffix(name, path.Ext(name))
		all = append(all, m)
	}
	return all, nil
}

func parse(text string) (m Mutant, err error) {
	broken, rest, _ := strings.Cut(text, "\n")
	command, diff, _ := strings.Cut(rest, "\n")
	if m.Broken = broken; broken == "" || strings.HasPrefix(broken, "---") {
		return m, fmt.Errorf("%w: its first line must say what is broken", ErrPatch)
	}
	words := strings.Fields(command)
	if len(words) < 5 || words[0] != "go" || words[1] != "test" || words[3] != "-run" {
		return m, fmt.Errorf("%w: its second line must be: go test PACKAGE -run PATTERN [FLAGS]",
			ErrPatch)
	}
	m.Test = Test{Package: words[2], Run: words[4], Flags: words[5:]}
	var last *hunk
	for line := range strings.Lines(diff) {
		switch {
		case strings.HasPrefix(line, "--- "):
			last = nil
		case strings.HasPrefix(line, "+++ b/"):
			m.Edits = append(m.Edits, Edit{File: strings.TrimSpace(line[len("+++ b/"):])})
		case strings.HasPrefix(line, "@@ ") && len(m.Edits) > 0:
			e := &m.Edits[len(m.Edits)-1]
			e.hunks = append(e.hunks, hunk{})
			last = &e.hunks[len(e.hunks)-1]
		case last == nil || !last.add(line):
			return m, fmt.Errorf("%w: the line %q belongs to no hunk", ErrPatch, line)
		}
	}
	return m, m.check()
}

// add takes a line of a hunk. An empty one is a line of context whose blank was lost.
func (h *hunk) add(line string) bool {
	switch text := line[min(1, len(line)-1):]; line[0] {
	case ' ', '\n':
		h.old, h.new = append(h.old, text...), append(h.new, text...)
	case '-':
		h.old = append(h.old, text...)
	case '+':
		h.new = append(h.new, text...)
	default:
		return false
	}
	return true
}

func (m *Mutant) check() error {
	if len(m.Edits) == 0 {
		return fmt.Errorf("%w: it edits no file", ErrPatch)
	}
	for _, e := range m.Edits {
		if len(e.hunks) == 0 {
			return fmt.Errorf("%w: it has no hunk for %s", ErrPatch, e.File)
		}
		for _, h := range e.hunks {
			if len(h.old) == 0 || bytes.Equal(h.old, h.new) {
				return fmt.Errorf("%w: a hunk for %s has no place or changes nothing", ErrPatch,
					e.File)
			}
		}
	}
	return nil
}

// Apply returns what the patch makes of its file.
func (e Edit) Apply(source []byte) ([]byte, error) {
	for _, h := range e.hunks {
		// Whole lines are looked for: those of the file, with a line break in front of the first.
		text, old := append([]byte("\n"), source...), append([]byte("\n"), h.old...)
		at := bytes.Index(text, old)
		if at < 0 || at != bytes.LastIndex(text, old) {
			return nil, fmt.Errorf("%w: %s must have these lines once:\n%s", ErrMoved, e.File,
				h.old)
		}
		source = slices.Concat(source[:at], h.new, source[at+len(h.old):])
	}
	return source, nil
}
