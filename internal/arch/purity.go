package arch

import (
	"go/ast"
	"strings"
)

// clockFuncs are the functions of package time that read the clock or wait.
//
// read-only: the table of the house.
var clockFuncs = map[string]bool{
	"Now": true, "Since": true, "Until": true, "After": true, "AfterFunc": true,
	"Sleep": true, "NewTimer": true, "NewTicker": true, "Tick": true,
}

// checkPurity: in a pure room time and chance come in as events, and whoever
// called in is the only goroutine.
func (h *house) checkPurity() {
	for _, s := range h.sources {
		if !s.counted() || !within(s.dir, pureRooms) {
			continue
		}
		names := s.importedAs()
		ast.Inspect(s.ast, func(n ast.Node) bool {
			if g, ok := n.(*ast.GoStmt); ok {
				h.report(s.path, h.line(g.Pos()), "goroutine", "%s starts no goroutine", s.dir)
			}
			pkg, name := selector(n, names)
			switch {
			case pkg == "time" && clockFuncs[name]:
				h.report(s.path, h.line(n.Pos()), "clock",
					"time.%s: time comes in as an event", name)
			case strings.HasPrefix(pkg, "math/rand") && globalChance(name):
				h.report(s.path, h.line(n.Pos()), "chance",
					"rand.%s: randomness comes in as an event", name)
			}
			return true
		})
	}
}

// globalChance reports whether a function of math/rand draws from the process's
// own source. Types and constructors of seeded sources are fine.
func globalChance(name string) bool {
	switch name {
	case "Rand", "Source", "Source64", "PCG", "ChaCha8", "Zipf":
		return false
	}
	return !strings.HasPrefix(name, "New")
}
