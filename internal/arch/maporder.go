package arch

import (
	"go/ast"
	"go/importer"
	"go/token"
	"go/types"
	"strings"
)

const orderFree = "order-free"

// checkMapOrder: a pure room never depends on the order of a map, because a run
// must replay exactly. A range whose result is the same in any order says so
// with a mark.
func (h *house) checkMapOrder() {
	t := newTyping(h)
	for _, s := range h.sources {
		if !s.counted() || !within(s.dir, pureRooms) {
			continue
		}
		info := t.infoOf(s.dir)
		names := s.importedAs()
		ast.Inspect(s.ast, func(n ast.Node) bool {
			if pkg, name := selector(n, names); pkg == "sync" && name == "Map" {
				h.report(s.path, h.line(n.Pos()), "map-order", "sync.Map has no order")
			}
			r, ok := n.(*ast.RangeStmt)
			if ok && overMap(r.X, info, names) && !h.marked(s, h.line(r.Pos()), orderFree) {
				h.report(s.path, h.line(r.Pos()), "map-order",
					"range over a map without the mark // order-free: why")
			}
			return true
		})
	}
}

func overMap(x ast.Expr, info *types.Info, names map[string]string) bool {
	if call, ok := x.(*ast.CallExpr); ok {
		pkg, name := selector(call.Fun, names)
		if pkg == "maps" && (name == "Keys" || name == "Values" || name == "All") {
			return true
		}
	}
	t := info.TypeOf(x)
	if t == nil {
		return false
	}
	if p, ok := t.Underlying().(*types.TypeParam); ok {
		t = p.Constraint()
	}
	_, ok := t.Underlying().(*types.Map)
	return ok
}

// typing finds the types of expressions as far as this repository's own sources
// tell them. Packages from outside are empty shells, but for the few small ones
// that hand maps on; the errors that follow from that are ignored.
type typing struct {
	h      *house
	real   types.ImporterFrom
	infos  map[string]*types.Info
	pkgs   map[string]*types.Package
	inside map[string]bool // being checked: guards against a cycle in broken sources
}

func newTyping(h *house) *typing {
	real, _ := importer.ForCompiler(token.NewFileSet(), "source", nil).(types.ImporterFrom)
	return &typing{
		h: h, real: real,
		infos:  map[string]*types.Info{},
		pkgs:   map[string]*types.Package{},
		inside: map[string]bool{},
	}
}

func (t *typing) infoOf(dir string) *types.Info {
	t.check(dir)
	return t.infos[dir]
}

func (t *typing) check(dir string) *types.Package {
	if pkg := t.pkgs[dir]; pkg != nil {
		return pkg
	}
	t.inside[dir] = true
	defer delete(t.inside, dir)
	var files []*ast.File
	for _, s := range t.h.sources {
		if s.dir == dir && !s.test {
			files = append(files, s.ast)
		}
	}
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{},
		Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{}}
	conf := types.Config{Importer: t, Error: func(error) {}, IgnoreFuncBodies: false}
	// The error repeats what the callback ignored: shells have no members.
	pkg, _ := conf.Check(t.h.module+"/"+dir, t.h.fset, files, info)
	t.infos[dir], t.pkgs[dir] = info, pkg
	return pkg
}

// Import makes typing the importer of its own packages.
func (t *typing) Import(p string) (*types.Package, error) {
	if dir, ok := strings.CutPrefix(p, t.h.module+"/"); ok && !t.inside[dir] {
		return t.check(dir), nil
	}
	switch p {
	case "maps", "slices", "cmp", "iter":
		if pkg, err := t.real.ImportFrom(p, "", 0); err == nil {
			return pkg, nil
		}
	}
	shell := types.NewPackage(p, p[strings.LastIndex(p, "/")+1:])
	shell.MarkComplete()
	return shell, nil
}
