package arch

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"sort"
	"strings"
)

// A Finding is one place that breaks one rule.
type Finding struct {
	File string // path from the repository's root
	Line int    // 1-based; 0 when the finding is about the whole file or package
	Rule string // short and stable, for example "function-length"
	Text string // what is wrong, with the figures
}

func (f Finding) String() string {
	if f.Line == 0 {
		return fmt.Sprintf("%s: %s: %s", f.File, f.Rule, f.Text)
	}
	return fmt.Sprintf("%s:%d: %s: %s", f.File, f.Line, f.Rule, f.Text)
}

// source is one parsed Go file.
type source struct {
	path      string // from the repository's root, with slashes
	dir       string // path.Dir(path): the room
	text      []byte
	ast       *ast.File
	test      bool // _test.go
	generated bool // carries the standard "Code generated" line
}

// counted reports whether the budgets and most rules apply to the file.
func (s *source) counted() bool { return !s.test && !s.generated }

// house is the whole repository as the checker sees it.
type house struct {
	module  string // from go.mod
	fset    *token.FileSet
	sources []*source // by path
	docs    map[string]string
	paths   map[string]bool // every file and directory, for the names in docs
	found   []Finding
}

// Check reads the repository rooted at fsys and returns what breaks its rules,
// by file and line. An error means that the tree could not be read or parsed.
func Check(fsys fs.FS) ([]Finding, error) {
	h, err := load(fsys)
	if err != nil {
		return nil, err
	}
	h.checkSizes()
	h.checkImports()
	h.checkPurity()
	h.checkMapOrder()
	h.checkState()
	h.checkComments()
	h.checkDocs()
	h.checkReading()
	sort.Slice(h.found, func(i, j int) bool {
		a, b := h.found[i], h.found[j]
		if a.File != b.File {
			return a.File < b.File
		}
		if a.Line != b.Line {
			return a.Line < b.Line
		}
		return a.Text < b.Text
	})
	return h.found, nil
}

func (h *house) report(file string, line int, rule, format string, args ...any) {
	h.found = append(h.found, Finding{file, line, rule, fmt.Sprintf(format, args...)})
}

func (h *house) line(pos token.Pos) int { return h.fset.Position(pos).Line }

func load(fsys fs.FS) (*house, error) {
	h := &house{
		module: moduleOf(fsys),
		fset:   token.NewFileSet(),
		docs:   map[string]string{},
		paths:  map[string]bool{},
	}
	err := fs.WalkDir(fsys, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if p != "." && foreign(fsys, p) {
				return fs.SkipDir
			}
			h.paths[p] = true
			return nil
		}
		h.paths[p] = true
		return h.read(fsys, p)
	})
	return h, err
}

// foreign directories are not ours to judge: version control, build output,
// fixtures, and other modules.
func foreign(fsys fs.FS, dir string) bool {
	switch base := path.Base(dir); {
	case base == ".git", base == "testdata", base == "node_modules", base == "vendor":
		return true
	case dir == "bin", dir == "quoll-data":
		return true
	}
	_, err := fs.Stat(fsys, path.Join(dir, "go.mod"))
	return err == nil
}

func (h *house) read(fsys fs.FS, p string) error {
	isDoc := p == "README.md" || strings.HasPrefix(p, "docs/") && strings.HasSuffix(p, ".md")
	isGo := strings.HasSuffix(p, ".go")
	if !isDoc && !isGo {
		return nil
	}
	text, err := fs.ReadFile(fsys, p)
	if err != nil {
		return err
	}
	if isDoc {
		h.docs[p] = string(text)
		return nil
	}
	file, err := parser.ParseFile(h.fset, p, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		h.report(p, 0, "syntax", "%v", err)
		return nil
	}
	h.sources = append(h.sources, &source{
		path: p, dir: path.Dir(p), text: text, ast: file,
		test:      strings.HasSuffix(p, "_test.go"),
		generated: ast.IsGenerated(file),
	})
	return nil
}

func moduleOf(fsys fs.FS) string {
	text, _ := fs.ReadFile(fsys, "go.mod")
	for line := range strings.Lines(string(text)) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "module "); ok {
			return strings.TrimSpace(name)
		}
	}
	return ""
}

// marked reports whether the line, or the one above it, carries the given mark
// with a reason behind it.
func (h *house) marked(s *source, line int, mark string) bool {
	for _, group := range s.ast.Comments {
		for _, c := range group.List {
			at := h.line(c.Pos())
			if at != line && at != line-1 {
				continue
			}
			text := strings.TrimSpace(strings.TrimPrefix(c.Text, "//"))
			if why, ok := strings.CutPrefix(text, mark+":"); ok && strings.TrimSpace(why) != "" {
				return true
			}
		}
	}
	return false
}

// importedAs maps the names by which a file knows its imports to their paths.
func (s *source) importedAs() map[string]string {
	names := map[string]string{}
	for _, spec := range s.ast.Imports {
		p := strings.Trim(spec.Path.Value, `"`)
		name := path.Base(p)
		if len(name) > 1 && name[0] == 'v' && name[1] >= '2' && name[1] <= '9' {
			name = path.Base(path.Dir(p))
		}
		if spec.Name != nil {
			name = spec.Name.Name
		}
		names[name] = p
	}
	return names
}
