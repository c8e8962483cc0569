package jute

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// Format shows a record on one line, without its type:
//
//	path="/a" data=0x00ff acl=[{perms=31 id={scheme="world" id="anyone"}}] flags=0
//
// Bytes are quoted when they are printable text and hexadecimal otherwise; null is null.
func Format(r Record) string { return string(AppendFormat(nil, r)) }

// AppendFormat appends what Format returns.
func AppendFormat(dst []byte, r Record) []byte {
	p := printer{out: dst, first: true}
	Visit(r, &p)
	return p.out
}

// printer is a Visitor.
type printer struct {
	out   []byte
	first bool   // nothing was written at this level
	close []byte // the brackets that are open, by what closes them
}

func (p *printer) Field(name string, value any) {
	p.name(name)
	switch v := value.(type) {
	case []byte:
		p.out = appendBytes(p.out, v)
	case string:
		p.out = strconv.AppendQuote(p.out, v)
	case ErrorCode:
		p.out = append(p.out, v.String()...)
	default:
		p.out = fmt.Append(p.out, v)
	}
}

func (p *printer) Enter(name string, n int) {
	p.name(name)
	p.out, p.close = open(p.out, p.close, n)
	p.first = true
}

func (p *printer) Leave() {
	p.out, p.close = leave(p.out, p.close)
	p.first = false
}

// open begins what Visitor.Enter announces, and remembers in brackets how it ends: with no byte
// when it is null.
func open(out, brackets []byte, n int) ([]byte, []byte) {
	switch n {
	case NestedRecord:
		return append(out, '{'), append(brackets, '}')
	case NullVector:
		return append(out, "null"...), append(brackets, 0)
	}
	return append(out, '['), append(brackets, ']')
}

func leave(out, brackets []byte) ([]byte, []byte) {
	last := len(brackets) - 1
	if end := brackets[last]; end != 0 {
		out = append(out, end)
	}
	return out, brackets[:last]
}

func (p *printer) name(name string) {
	if !p.first {
		p.out = append(p.out, ' ')
	}
	p.first = false
	if name != "" && !p.inVector() {
		p.out = append(p.out, name...)
		p.out = append(p.out, '=')
	}
}

func (p *printer) inVector() bool {
	return len(p.close) > 0 && p.close[len(p.close)-1] == ']'
}

func appendBytes(dst, b []byte) []byte {
	switch {
	case b == nil:
		return append(dst, "null"...)
	case printable(b):
		return strconv.AppendQuote(dst, string(b))
	}
	return hex.AppendEncode(append(dst, "0x"...), b)
}

func printable(b []byte) bool {
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError || !strconv.IsPrint(r) {
			return false
		}
		b = b[n:]
	}
	return true
}

// AppendJSON appends a record as a JSON object, without its type. Buffers are base64, zxids and
// session ids hexadecimal strings, since they do not fit in the numbers of JavaScript.
func AppendJSON(dst []byte, r Record) []byte {
	p := jsonPrinter{out: append(dst, '{'), close: []byte{'}'}, first: true}
	Visit(r, &p)
	return append(p.out, '}')
}

// jsonPrinter is a Visitor.
type jsonPrinter struct {
	out   []byte
	first bool
	close []byte // as printer's
}

func (p *jsonPrinter) Field(name string, value any) {
	p.name(name)
	switch v := value.(type) {
	case []byte:
		if v == nil {
			p.out = append(p.out, "null"...)
			return
		}
		p.out = append(p.out, '"')
		p.out = base64.StdEncoding.AppendEncode(p.out, v)
		p.out = append(p.out, '"')
	case string:
		p.quote(v)
	case ErrorCode:
		p.out = strconv.AppendInt(p.out, int64(v), 10)
	case fmt.Stringer:
		p.quote(v.String())
	default:
		p.out = fmt.Append(p.out, v)
	}
}

func (p *jsonPrinter) quote(s string) {
	// A string always encodes.
	b, _ := json.Marshal(s)
	p.out = append(p.out, b...)
}

func (p *jsonPrinter) Enter(name string, n int) {
	p.name(name)
	p.out, p.close = open(p.out, p.close, n)
	p.first = true
}

func (p *jsonPrinter) Leave() {
	p.out, p.close = leave(p.out, p.close)
	p.first = false
}

func (p *jsonPrinter) name(name string) {
	if !p.first {
		p.out = append(p.out, ',')
	}
	p.first = false
	if p.close[len(p.close)-1] != ']' {
		p.quote(name)
		p.out = append(p.out, ':')
	}
}
