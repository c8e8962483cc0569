package output

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"go.yaml.in/yaml/v3"
)

// Format is a format of output.
type Format string

// The formats.
const (
	Text  Format = "text"
	JSON  Format = "json"
	JSONL Format = "jsonl"
	YAML  Format = "yaml"
	Raw   Format = "raw"
	ZkCLI Format = "zkcli"
)

// Formats are all formats, in the order of their explanation.
func Formats() []string { return []string{"text", "json", "jsonl", "yaml", "raw", "zkcli"} }

// Valid reports whether it is a format.
func (f Format) Valid() bool {
	for _, name := range Formats() {
		if string(f) == name {
			return true
		}
	}
	return false
}

// Structured reports whether programs read it.
func (f Format) Structured() bool { return f == JSON || f == JSONL || f == YAML }

// A Result is one thing that a verb has found or done: a struct whose exported fields are those of
// json, and Text for people.
type Result interface {
	Text(p *Page)
}

// ZkCLIResult is a Result that zkCli.sh prints otherwise.
type ZkCLIResult interface{ ZkCLI(p *Page) }

// RawResult is a Result that has bytes of its own: the data of a node.
type RawResult interface{ Raw(w io.Writer) error }

// Style says how a Printer writes.
type Style struct {
	Format   Format
	Terminal bool // somebody looks at it
	Color    bool
	Width    int              // columns of the terminal; 0: 80
	Now      func() time.Time // nil: time.Now
}

// Printer writes the results of one run of a verb.
type Printer struct {
	style Style
	page  *Page
	list  bool // the document is an array
	items int
}

// NewPrinter makes a printer that writes to w.
func NewPrinter(w io.Writer, s Style) *Printer {
	if s.Now == nil {
		s.Now = time.Now
	}
	if s.Width <= 0 {
		s.Width = 80
	}
	page := &Page{
		w: bufio.NewWriterSize(w, 32<<10), now: s.Now, width: s.Width,
		terminal: s.Terminal && s.Format != Raw, color: s.Color && s.Format == Text,
	}
	return &Printer{style: s, page: page}
}

// Format is the format.
func (p *Printer) Format() Format { return p.style.Format }

// Terminal reports whether somebody looks at the output.
func (p *Printer) Terminal() bool { return p.style.Terminal }

// List says that there may be any number of results: a json document is an array then. It must come
// before the first result.
func (p *Printer) List() { p.list = true }

// Zero ends names with NUL instead of a newline, for names with newlines in them.
func (p *Printer) Zero() { p.page.zero = true }

// Item writes a result. Formats that are read line by line are written out at once.
func (p *Printer) Item(r Result) error {
	p.items++
	if err := p.item(r); err != nil {
		return err
	}
	if p.style.Format == JSONL || p.style.Terminal {
		return p.Flush()
	}
	return nil
}

func (p *Printer) item(r Result) error {
	switch p.style.Format {
	case JSON:
		return p.json(r)
	case JSONL:
		text, err := marshal(r, "")
		if err != nil {
			return err
		}
		_, err = p.page.w.Write(append(text, '\n'))
		return err
	case YAML:
		return p.yaml(r)
	case Raw:
		if raw, ok := r.(RawResult); ok {
			return raw.Raw(p.page.w)
		}
	case ZkCLI:
		if z, ok := r.(ZkCLIResult); ok {
			z.ZkCLI(p.page)
			return nil
		}
	}
	r.Text(p.page)
	return nil
}

// json writes an element of the document.
func (p *Printer) json(r Result) error {
	if !p.list {
		text, err := marshal(r, "  ")
		if err != nil {
			return err
		}
		p.page.Line(string(text))
		return nil
	}
	before := "[\n  "
	if p.items > 1 {
		before = ",\n  "
	}
	text, err := marshal(r, "")
	if err != nil {
		return err
	}
	_, err = p.page.w.WriteString(before + string(text))
	return err
}

// marshal is JSON without the escapes that HTML needs.
func marshal(r Result, indent string) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", indent)
	if err := enc.Encode(r); err != nil {
		return nil, fmt.Errorf("json: %w", err)
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}

// yaml writes the fields of json, in their order. JSON is YAML too: it is read as that.
func (p *Printer) yaml(r Result) error {
	text, err := marshal(r, "")
	if err != nil {
		return err
	}
	var node yaml.Node
	if err := yaml.Unmarshal(text, &node); err != nil {
		return fmt.Errorf("yaml: %w", err)
	}
	block(&node)
	var v any = &node
	if p.list {
		v = []*yaml.Node{node.Content[0]}
	}
	if text, err = yaml.Marshal(v); err != nil {
		return fmt.Errorf("yaml: %w", err)
	}
	_, err = p.page.w.Write(text)
	return err
}

// block takes the braces and quotes of JSON away, where YAML does not need them.
func block(n *yaml.Node) {
	n.Style = 0
	for _, c := range n.Content {
		block(c)
	}
}

// End ends the document and writes out what is left.
func (p *Printer) End() error {
	if p.list && p.style.Format == JSON {
		end := "\n]\n"
		if p.items == 0 {
			end = "[]\n"
		}
		_, _ = p.page.w.WriteString(end) // a bufio.Writer keeps its error for Flush
	}
	if p.list && p.style.Format == YAML && p.items == 0 {
		_, _ = p.page.w.WriteString("[]\n")
	}
	return p.Flush()
}

// Flush writes out what is buffered.
func (p *Printer) Flush() error { return p.page.w.Flush() }
