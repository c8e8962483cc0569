package arch

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"strings"
)

var unfinished = regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|XX` + `X|HA` + `CK)\b`)

// checkComments: a comment is a sentence. Work left to do belongs to an issue,
// and code that does not run belongs to history.
func (h *house) checkComments() {
	for _, s := range h.sources {
		if s.generated {
			continue
		}
		for _, group := range s.ast.Comments {
			for _, c := range group.List {
				if word := unfinished.FindString(c.Text); word != "" {
					h.report(s.path, h.line(c.Pos()), "unfinished", "%s in a comment", word)
				}
			}
			if s.test {
				continue
			}
			if line, ok := h.deadCode(group); ok {
				h.report(s.path, line, "dead-code", "this comment is code")
			}
		}
	}
}

// deadCode looks for comments that would compile. Indented lines are examples,
// as godoc has it. One line must call, return or declare to count as code; a
// lone "a = b" is as likely a formula.
func (h *house) deadCode(group *ast.CommentGroup) (line int, dead bool) {
	var code []string
	for _, c := range group.List {
		text, ok := strings.CutPrefix(c.Text, "//")
		if !ok || strings.HasPrefix(text, "go:") || strings.HasPrefix(text, "\t") ||
			strings.HasPrefix(text, "  ") {
			continue
		}
		code = append(code, strings.TrimSpace(text))
	}
	all := strings.Join(code, "\n")
	if strings.TrimSpace(all) == "" {
		return 0, false
	}
	if statements(all, len(code) > 1) {
		return h.line(group.Pos()), true
	}
	return 0, false
}

func statements(text string, several bool) bool {
	fset := token.NewFileSet()
	if _, err := parser.ParseFile(fset, "", "package p\n"+text, 0); err == nil {
		return true
	}
	f, err := parser.ParseFile(fset, "", "package p\nfunc _() {\n"+text+"\n}", 0)
	if err != nil {
		return false
	}
	fn, ok := f.Decls[0].(*ast.FuncDecl)
	if !ok || fn.Body == nil {
		return false
	}
	for _, st := range fn.Body.List {
		switch x := st.(type) {
		case *ast.ExprStmt:
			if _, ok := x.X.(*ast.CallExpr); ok {
				return true
			}
		case *ast.AssignStmt:
			if several || x.Tok == token.DEFINE {
				return true
			}
		case *ast.LabeledStmt, *ast.EmptyStmt:
			// "Note: word" parses as a label.
		case *ast.ReturnStmt:
			if len(x.Results) > 0 {
				return true
			}
		default:
			return true
		}
	}
	return false
}
