package arch

import (
	"path"
	"regexp"
	"strings"
)

var (
	readingOrder = regexp.MustCompile(`# Reading order|\b[Rr]ead (in this order: )?[a-z_]+\.go\b`)
	goFile       = regexp.MustCompile(`[a-z0-9_*]+\.go\b`)
	platform     = regexp.MustCompile(`_(linux|notlinux|unix|other)\.go$`)
)

// checkReading: a doc.go that says in which order to read names every file there is, or whoever
// reads by it does not know of the rest. keys_*.go names a family, and disk.go or disk_linux.go
// stands for disk_other.go too.
func (h *house) checkReading() {
	for _, s := range h.sources {
		text := s.ast.Doc.Text()
		if path.Base(s.path) != "doc.go" || !readingOrder.MatchString(text) {
			continue
		}
		named := goFile.FindAllString(text, -1)
		var missing []string
		for _, o := range h.sources {
			name := path.Base(o.path)
			if o.dir == s.dir && o.counted() && o != s && !isNamed(named, name) {
				missing = append(missing, name)
			}
		}
		if len(missing) > 0 {
			h.report(s.path, 0, "reading", "the order of reading leaves out %s",
				strings.Join(missing, ", "))
		}
	}
}

// isNamed reports whether a file is one of those named, or the same for another system.
func isNamed(named []string, file string) bool {
	same := platform.ReplaceAllString(file, ".go")
	for _, pattern := range named {
		if ok, err := path.Match(pattern, file); err == nil && ok ||
			platform.ReplaceAllString(pattern, ".go") == same {
			return true
		}
	}
	return false
}
