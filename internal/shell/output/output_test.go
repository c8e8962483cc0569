package output

import (
	"bytes"
	"strings"
	"testing"
	"time"
	"unicode"

	"pgregory.net/rapid"
)

// Whatever a node holds, a terminal gets no control character of it but newlines and tabs, where
// they are allowed.
func TestEscape(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.Map(rapid.SliceOf(rapid.Byte()),
			func(b []byte) string { return string(b) })).Draw(t, "text")
		lines := rapid.Bool().Draw(t, "lines")
		for _, r := range Escape(text, lines) {
			if lines && (r == '\n' || r == '\t') {
				continue
			}
			if unicode.IsControl(r) || r == '\u202e' {
				t.Fatalf("%q -> %q", text, Escape(text, lines))
			}
		}
	})
	for text, want := range map[string]string{
		"plain":         "plain",
		"\x1b[31mred":   `\x1b[31mred`,
		"a\nb":          `a\x0ab`,
		"caf\u00e9":     "caf\u00e9",
		"\xff\x00":      `\xff\x00`,
		"\u009b31m":     `\xc2\x9b31m`, // CSI in one character
		"user\u202etxt": `user\xe2\x80\xaetxt`,
	} {
		if got := Escape(text, false); got != want {
			t.Errorf("%q -> %q, want %q", text, got, want)
		}
	}
}

// names is a Result of names.
type names struct {
	Names []string `json:"names"`
}

func (n names) Text(p *Page) { p.Grid(n.Names) }

func TestGrid(t *testing.T) {
	for _, tc := range []struct {
		style Style
		zero  bool
		want  string
	}{
		{Style{Format: Text}, false, "a\nbb\nccc\n\u4e16\u754c\n"},
		{Style{Format: Text}, true, "a\x00bb\x00ccc\x00\u4e16\u754c\x00"},
		{Style{Format: Text, Terminal: true, Width: 12}, false, "a     ccc\nbb    \u4e16\u754c\n"},
		{Style{Format: Text, Terminal: true, Width: 3}, false, "a\nbb\nccc\n\u4e16\u754c\n"},
	} {
		var b bytes.Buffer
		p := NewPrinter(&b, tc.style)
		if tc.zero {
			p.Zero()
		}
		if err := p.Item(names{[]string{"a", "bb", "ccc", "\u4e16\u754c"}}); err != nil {
			t.Fatal(err)
		}
		if err := p.End(); err != nil || b.String() != tc.want {
			t.Errorf("%+v: %q, %v", tc.style, b.String(), err)
		}
	}
}

// A list is one document, also when it is empty.
func TestDocuments(t *testing.T) {
	for _, tc := range []struct {
		format Format
		items  int
		want   string
	}{
		{JSON, 0, "[]\n"},
		{JSON, 2, "[\n  {\"names\":[\"<1>\"]},\n  {\"names\":[\"<1>\"]}\n]\n"},
		{YAML, 0, "[]\n"},
		{YAML, 2, "- names:\n    - <1>\n- names:\n    - <1>\n"},
		{JSONL, 0, ""},
		{JSONL, 2, "{\"names\":[\"<1>\"]}\n{\"names\":[\"<1>\"]}\n"},
	} {
		var b bytes.Buffer
		p := NewPrinter(&b, Style{Format: tc.format})
		p.List()
		for range tc.items {
			if err := p.Item(names{[]string{"<1>"}}); err != nil {
				t.Fatal(err)
			}
		}
		if err := p.End(); err != nil || b.String() != tc.want {
			t.Errorf("%s of %d: %q, %v", tc.format, tc.items, b.String(), err)
		}
	}
}

func TestAgo(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second: "now", 999 * time.Millisecond: "now", 59 * time.Second: "59 s ago",
		90 * time.Minute: "1 h ago", 1000 * time.Hour: "41 d ago", 10000 * time.Hour: "1 y ago",
	} {
		if got := Ago(d); got != want {
			t.Errorf("%v: %s", d, got)
		}
	}
	if !strings.HasSuffix(Time(0), "Z") {
		t.Error(Time(0))
	}
}
