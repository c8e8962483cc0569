package arch

import (
	"go/ast"
	"go/token"
)

const readOnly = "read-only"

// checkState: nothing happens before main, and no package has a memory. Values
// that never change are fine: sentinel errors, compiled patterns, interface
// assertions, embedded files, and tables that carry the mark.
func (h *house) checkState() {
	for _, s := range h.sources {
		for _, decl := range s.ast.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil && d.Name.Name == "init" && !s.generated {
					h.report(s.path, h.line(d.Pos()), "init", "no init functions")
				}
			case *ast.GenDecl:
				if d.Tok == token.VAR && s.counted() {
					h.checkVars(s, d)
				}
			}
		}
	}
}

func (h *house) checkVars(s *source, d *ast.GenDecl) {
	if h.marked(s, h.line(d.Pos()), readOnly) {
		return
	}
	names := s.importedAs()
	for _, spec := range d.Specs {
		v := spec.(*ast.ValueSpec)
		if h.marked(s, h.line(v.Pos()), readOnly) || embedded(d) || embedded(v) {
			continue
		}
		for i, name := range v.Names {
			if name.Name == "_" || i < len(v.Values) && constant(v.Values[i], names) {
				continue
			}
			h.report(s.path, h.line(name.Pos()), "global",
				"package-level variable %s; a table needs the mark // read-only: why", name.Name)
		}
	}
}

// constant reports whether an initial value is one that nobody changes by habit.
func constant(x ast.Expr, names map[string]string) bool {
	call, ok := x.(*ast.CallExpr)
	if !ok {
		return false
	}
	switch pkg, name := selector(call.Fun, names); pkg + "." + name {
	case "errors.New", "fmt.Errorf", "regexp.MustCompile", "strings.NewReplacer":
		return true
	}
	return false
}

func embedded(n ast.Node) bool {
	var doc *ast.CommentGroup
	switch d := n.(type) {
	case *ast.GenDecl:
		doc = d.Doc
	case *ast.ValueSpec:
		doc = d.Doc
	}
	if doc == nil {
		return false
	}
	for _, c := range doc.List {
		if len(c.Text) > len("//go:embed ") && c.Text[:len("//go:embed ")] == "//go:embed " {
			return true
		}
	}
	return false
}
