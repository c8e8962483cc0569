package arch

import (
	"go/ast"
	"go/scanner"
	"go/token"
	"strings"
	"unicode/utf8"
)

// The budgets of DESIGN.md. Lines are lines of code: a line that holds nothing
// but a comment or white space is free.
const (
	maxFileLines    = 500
	maxFuncLines    = 70
	maxPackageLines = 2000
	maxStructFields = 20
	maxColumns      = 100
	columnsOfOneTab = 4
	docFile         = "doc.go"
)

func (h *house) checkSizes() {
	packageLines := map[string]int{}
	documented := map[string]bool{}
	for _, s := range h.sources {
		if !s.counted() {
			continue
		}
		code := codeLines(s.text)
		packageLines[s.dir] += len(code)
		if len(code) > maxFileLines {
			h.report(s.path, 0, "file-length",
				"%d lines of code, at most %d", len(code), maxFileLines)
		}
		inDocFile := s.path == s.dir+"/"+docFile || s.ast.Name.Name == "main"
		if inDocFile && s.ast.Doc != nil {
			documented[s.dir] = true
		}
		h.checkColumns(s)
		h.checkFuncs(s, code)
		h.checkStructs(s)
	}
	for dir, n := range packageLines {
		if n > maxPackageLines {
			h.report(dir, 0, "package-length", "%d lines of code, at most %d", n, maxPackageLines)
		}
		if !documented[dir] {
			h.report(dir, 0, "package-doc", "no doc.go with a package comment")
		}
	}
}

// codeLines is the set of lines on which a token other than a comment stands.
func codeLines(text []byte) map[int]bool {
	lines := map[int]bool{}
	file := token.NewFileSet().AddFile("", -1, len(text))
	var s scanner.Scanner
	s.Init(file, text, nil, 0)
	for {
		pos, tok, lit := s.Scan()
		if tok == token.EOF {
			return lines
		}
		if tok == token.SEMICOLON && lit != ";" {
			continue // inserted by the scanner at the line's end
		}
		first := file.Line(pos)
		for i := 0; i <= strings.Count(lit, "\n"); i++ {
			lines[first+i] = true
		}
	}
}

func (h *house) checkColumns(s *source) {
	n := 0
	for line := range strings.Lines(string(s.text)) {
		n++
		line = strings.TrimRight(line, "\r\n")
		width := utf8.RuneCountInString(line) + strings.Count(line, "\t")*(columnsOfOneTab-1)
		if width > maxColumns {
			h.report(s.path, n, "columns", "%d columns, at most %d", width, maxColumns)
		}
	}
}

func (h *house) checkFuncs(s *source, code map[int]bool) {
	for _, decl := range s.ast.Decls {
		fn, ok := decl.(*ast.FuncDecl)
		if !ok {
			continue
		}
		n := 0
		for line := h.line(fn.Pos()); line <= h.line(fn.End()); line++ {
			if code[line] {
				n++
			}
		}
		if n > maxFuncLines {
			h.report(s.path, h.line(fn.Pos()), "function-length",
				"%s has %d lines of code, at most %d", fn.Name.Name, n, maxFuncLines)
		}
	}
}

func (h *house) checkStructs(s *source) {
	ast.Inspect(s.ast, func(n ast.Node) bool {
		st, ok := n.(*ast.StructType)
		if !ok {
			return true
		}
		fields := 0
		for _, f := range st.Fields.List {
			fields += max(1, len(f.Names))
		}
		if fields > maxStructFields {
			h.report(s.path, h.line(st.Pos()), "struct-fields",
				"%d fields, at most %d", fields, maxStructFields)
		}
		return true
	})
}
