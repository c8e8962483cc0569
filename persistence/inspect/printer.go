package inspect

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"

	"quoll/jute"
)

// Format is how results are printed.
type Format uint8

const (
	// Text is one line a thing, for people.
	Text Format = iota
	// JSON is one object a line, for programs.
	JSON
)

// Printer writes objects, field by field, in one of the formats. Flush returns the errors of the
// writer.
type Printer struct {
	w      *bufio.Writer
	format Format
	levels []level
}

// level is an object or a list that is open.
type level struct {
	list  bool
	count int
}

// NewPrinter returns a Printer on w. The caller must call Flush at the end.
func NewPrinter(w io.Writer, format Format) *Printer {
	return &Printer{w: bufio.NewWriter(w), format: format}
}

// Flush writes what is buffered.
func (p *Printer) Flush() error { return p.w.Flush() }

// begin starts an object that is a line of its own.
func (p *Printer) begin() { p.open("", false) }

// end ends the object that begin started.
func (p *Printer) end() {
	p.close()
	_ = p.w.WriteByte('\n')
}

func (p *Printer) open(name string, list bool) {
	top := len(p.levels) == 0
	if !top {
		p.key(name)
	}
	p.levels = append(p.levels, level{list: list})
	if p.format == JSON || !top {
		p.bracket(list, '{', '[')
	}
}

func (p *Printer) close() {
	last := p.levels[len(p.levels)-1]
	p.levels = p.levels[:len(p.levels)-1]
	if p.format == JSON || len(p.levels) > 0 {
		p.bracket(last.list, '}', ']')
	}
}

func (p *Printer) bracket(list bool, ofObject, ofList byte) {
	if list {
		ofObject = ofList
	}
	_ = p.w.WriteByte(ofObject)
}

// key separates a field from the one before it and names it; in a list there are no names.
func (p *Printer) key(name string) {
	at := &p.levels[len(p.levels)-1]
	if at.count > 0 {
		if p.format == Text {
			_ = p.w.WriteByte(' ')
		} else {
			_ = p.w.WriteByte(',')
		}
	}
	at.count++
	if at.list || name == "" {
		return
	}
	if p.format == Text {
		_, _ = p.w.WriteString(name + "=")
		return
	}
	_, _ = p.w.WriteString(strconv.Quote(name) + ":")
}

// field prints a value. A type without a case of its own prints as a string.
func (p *Printer) field(name string, value any) {
	p.key(name)
	var text string
	switch v := value.(type) {
	case int32, int64, int, uint64, bool:
		text = fmt.Sprint(v)
	case []byte:
		text = p.bytes(v)
	case string:
		text = p.quote(v)
	case jute.Perms:
		text = strconv.Itoa(int(v))
	case fmt.Stringer:
		if text = v.String(); p.format == JSON {
			text = p.quote(text)
		}
	default:
		text = p.quote(fmt.Sprint(v))
	}
	_, _ = p.w.WriteString(text)
}

// word prints a value without quotes in the text format, and as a string in JSON.
func (p *Printer) word(name, value string) {
	p.key(name)
	if p.format == JSON {
		value = p.quote(value)
	}
	_, _ = p.w.WriteString(value)
}

func (p *Printer) quote(s string) string {
	if p.format == Text {
		return strconv.Quote(s)
	}
	quoted, err := json.Marshal(s)
	if err != nil {
		return `""`
	}
	return string(quoted)
}

// bytes formats data. In JSON it is base64. In the text format valid UTF-8 is a quoted string, and
// other data is hexadecimal.
func (p *Printer) bytes(b []byte) string {
	switch {
	case b == nil:
		return "null"
	case p.format == JSON:
		return strconv.Quote(base64.StdEncoding.EncodeToString(b))
	case utf8.Valid(b):
		return strconv.Quote(string(b))
	}
	return fmt.Sprintf("0x%x", b)
}

// Field implements jute.Visitor.
func (p *Printer) Field(name string, value any) { p.field(name, value) }

// Enter implements jute.Visitor.
func (p *Printer) Enter(name string, n int) { p.open(name, n >= 0) }

// Leave implements jute.Visitor.
func (p *Printer) Leave() { p.close() }

// record prints a transaction's record. For a multi it prints the record of each operation.
func (p *Printer) record(name string, rec jute.Record) {
	p.open(name, false)
	defer p.close()
	multi, ok := rec.(*jute.MultiTxn)
	if !ok {
		jute.Visit(rec, p)
		return
	}
	p.open("txns", true)
	defer p.close()
	for _, txn := range multi.Txns {
		p.open("", false)
		p.word("type", txn.Type.String())
		sub := jute.NewTxn(txn.Type)
		if sub == nil {
			p.field("data", txn.Data)
		} else if _, err := jute.Decode(txn.Data, sub); err != nil {
			p.field("data", txn.Data)
		} else {
			p.record("txn", sub)
		}
		p.close()
	}
}

// failure prints an error as a line.
func (p *Printer) failure(file string, err error) {
	p.begin()
	p.word("file", file)
	p.field("error", err.Error())
	p.end()
}
