package arch

import (
	"go/ast"
	"path"
	"regexp"
	"strings"
	"unicode"
)

var (
	backticked = regexp.MustCompile("`([^`\n]+)`")
	pathLike   = regexp.MustCompile(`^[A-Za-z0-9_.*\-]+(/[A-Za-z0-9_.*\-]+)*/?(:\d+)?$`)
	nameLike   = regexp.MustCompile(`^[A-Za-z]\w*(\.\w+){1,2}(\(\))?$`)
)

// checkDocs: a page that names a function, a method or a file names one that is
// there. Only what is surely meant as ours is checked: a path below a folder of
// this repository, and a name behind one of its packages or types.
func (h *house) checkDocs() {
	names := h.names()
	for page, text := range h.docs {
		line, fenced := 0, false
		for l := range strings.Lines(text) {
			line++
			if strings.HasPrefix(strings.TrimSpace(l), "```") {
				fenced = !fenced
			}
			if fenced {
				continue
			}
			for _, m := range backticked.FindAllStringSubmatch(l, -1) {
				if why := h.unknown(names, m[1]); why != "" {
					h.report(page, line, "docs", "`%s`: %s", m[1], why)
				}
			}
		}
	}
}

// symbols are the declared names of one package, and for each of its types the
// methods and fields, those of embedded types included.
type symbols struct {
	declared map[string]bool
	members  map[string]map[string]bool
	embeds   map[string][]string
}

func (s *symbols) has(typ, member string, depth int) bool {
	if s.members[typ][member] {
		return true
	}
	for _, e := range s.embeds[typ] {
		if depth < 4 && s.has(e, member, depth+1) {
			return true
		}
	}
	return false
}

// names maps a package's name to its symbols; two rooms may share one.
func (h *house) names() map[string][]*symbols {
	byDir := map[string]*symbols{}
	all := map[string][]*symbols{}
	for _, s := range h.sources {
		if s.test {
			continue
		}
		y := byDir[s.dir]
		if y == nil {
			y = &symbols{map[string]bool{}, map[string]map[string]bool{}, map[string][]string{}}
			byDir[s.dir] = y
			all[s.ast.Name.Name] = append(all[s.ast.Name.Name], y)
		}
		for _, decl := range s.ast.Decls {
			y.add(decl)
		}
	}
	return all
}

func (s *symbols) add(decl ast.Decl) {
	if fn, ok := decl.(*ast.FuncDecl); ok {
		if fn.Recv == nil {
			s.declared[fn.Name.Name] = true
		} else {
			s.member(baseName(fn.Recv.List[0].Type), fn.Name.Name)
		}
		return
	}
	for _, spec := range decl.(*ast.GenDecl).Specs {
		switch d := spec.(type) {
		case *ast.ValueSpec:
			for _, n := range d.Names {
				s.declared[n.Name] = true
			}
		case *ast.TypeSpec:
			s.declared[d.Name.Name] = true
			s.addType(d)
		}
	}
}

func (s *symbols) addType(d *ast.TypeSpec) {
	var fields *ast.FieldList
	switch t := d.Type.(type) {
	case *ast.StructType:
		fields = t.Fields
	case *ast.InterfaceType:
		fields = t.Methods
	default:
		return
	}
	for _, f := range fields.List {
		for _, n := range f.Names {
			s.member(d.Name.Name, n.Name)
		}
		if len(f.Names) == 0 {
			s.embeds[d.Name.Name] = append(s.embeds[d.Name.Name], baseName(f.Type))
		}
	}
}

func (s *symbols) member(typ, name string) {
	if s.members[typ] == nil {
		s.members[typ] = map[string]bool{}
	}
	s.members[typ][name] = true
}

// baseName is T in T, *T, T[P] and p.T.
func baseName(x ast.Expr) string {
	switch t := x.(type) {
	case *ast.Ident:
		return t.Name
	case *ast.StarExpr:
		return baseName(t.X)
	case *ast.IndexExpr:
		return baseName(t.X)
	case *ast.IndexListExpr:
		return baseName(t.X)
	case *ast.SelectorExpr:
		return t.Sel.Name
	}
	return ""
}

// unknown says why a backticked word is wrong, or "" when it is right or not
// about this repository.
func (h *house) unknown(names map[string][]*symbols, word string) string {
	if strings.Contains(word, "/") {
		return h.unknownPath(word)
	}
	if strings.HasSuffix(word, ".go") && pathLike.MatchString(word) {
		return h.unknownFile(word)
	}
	if !nameLike.MatchString(word) {
		return ""
	}
	bare, called := strings.CutSuffix(word, "()")
	parts := strings.Split(bare, ".")
	if packages, ok := names[parts[0]]; ok {
		return unknownSymbol(packages, parts[1:], called)
	}
	if len(parts) == 2 && upper(parts[0]) {
		return unknownMember(names, parts[0], parts[1], called)
	}
	return ""
}

func (h *house) unknownPath(word string) string {
	if !pathLike.MatchString(word) {
		return ""
	}
	word, _, _ = strings.Cut(strings.TrimSuffix(word, "/"), ":")
	top := strings.Split(word, "/")[0]
	if !h.paths[top] || top == "." {
		return ""
	}
	if pkg, name, ok := strings.Cut(path.Base(word), "."); ok && upper(name) {
		word = path.Join(path.Dir(word), pkg) // room/pkg.Name: judge the room
	}
	for p := range h.paths {
		if ok, err := path.Match(word, p); err == nil && ok {
			return ""
		}
	}
	return "no such path"
}

func (h *house) unknownFile(word string) string {
	for p := range h.paths {
		if ok, err := path.Match(word, path.Base(p)); err == nil && ok {
			return ""
		}
	}
	return "no such file"
}

// unknownSymbol judges pkg.Name and pkg.Type.Member. Settings of ZooKeeper look
// alike (client.portUnification, server.N), so a small name counts only when
// called.
func unknownSymbol(packages []*symbols, rest []string, called bool) string {
	if !called && (!upper(rest[0]) || len(rest[0]) == 1) {
		return ""
	}
	for _, y := range packages {
		if y.declared[rest[0]] && (len(rest) == 1 || y.has(rest[0], rest[1], 0)) {
			return ""
		}
	}
	return "no such name in the package"
}

// unknownMember judges Type.Member. A type that is nobody's here may be Java's;
// its methods start small.
func unknownMember(names map[string][]*symbols, typ, member string, called bool) string {
	ours := false
	for _, packages := range names {
		for _, y := range packages {
			if !y.declared[typ] {
				continue
			}
			ours = true
			if y.has(typ, member, 0) {
				return ""
			}
		}
	}
	if ours && upper(member) || !ours && called && upper(member) {
		return "no such method or field"
	}
	return ""
}

func upper(s string) bool { return s != "" && unicode.IsUpper(rune(s[0])) }
