package output

import (
	"bufio"
	"time"
)

// Page is where a Result writes its text.
type Page struct {
	w        *bufio.Writer
	terminal bool
	color    bool
	width    int  // columns of the terminal
	zero     bool // names end with NUL, -0
	now      func() time.Time
}

// Terminal reports whether somebody looks at the page.
func (p *Page) Terminal() bool { return p.terminal }

// Line writes parts as one line.
func (p *Page) Line(parts ...string) {
	for _, part := range parts {
		_, _ = p.w.WriteString(part) // a bufio.Writer keeps its error for Flush
	}
	_ = p.w.WriteByte('\n')
}

// Name is a name or a path as it may be shown.
func (p *Page) Name(name string) string {
	if p.terminal {
		return Escape(name, false)
	}
	return name
}

// NameLine writes a name or a path in a line of its own; with -0 it ends with NUL instead.
func (p *Page) NameLine(name string) {
	if p.zero {
		_, _ = p.w.WriteString(name)
		_ = p.w.WriteByte(0)
		return
	}
	p.Line(p.Name(name))
}

// Bytes writes data. On a terminal it is shown so that it cannot do harm, and ends with a newline.
func (p *Page) Bytes(data []byte) {
	if !p.terminal {
		_, _ = p.w.Write(data)
		return
	}
	text := Escape(string(data), true)
	_, _ = p.w.WriteString(text)
	if len(text) == 0 || text[len(text)-1] != '\n' {
		_ = p.w.WriteByte('\n')
	}
}

// The colours of a page.
const (
	Dim   = "2"
	Red   = "31"
	Green = "32"
	Blue  = "34"
)

// Color is text in a colour, if the page has colours. The text must be safe already.
func (p *Page) Color(color, text string) string {
	if !p.color {
		return text
	}
	return "\x1b[" + color + "m" + text + "\x1b[0m"
}
