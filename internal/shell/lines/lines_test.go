package lines

import (
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestSplit(t *testing.T) {
	for line, want := range map[string][]string{
		``:                      nil,
		`  # nothing`:           nil,
		`ls /a`:                 {"ls", "/a"},
		"ls\t/a  ":              {"ls", "/a"},
		`set /a 'x y'`:          {"set", "/a", "x y"},
		`set /a ''`:             {"set", "/a", ""},
		`set /a "x\ty\n\x1b\\"`: {"set", "/a", "x\ty\n\x1b\\"},
		`set /a 'a\n'`:          {"set", "/a", `a\n`},
		`set /a a\ b\"`:         {"set", "/a", `a b"`},
		`set /a {\"k\":1}`:      {"set", "/a", `{"k":1}`},
		`set /a '{"k":1}'`:      {"set", "/a", `{"k":1}`},
		`a'b'"c"d`:              {"abcd"},
		`get /a#b # c`:          {"get", "/a#b"},
		`get $HOME *`:           {"get", "$HOME", "*"},
		`set /a "\d"`:           {"set", "/a", `\d`},
	} {
		if got, err := Split(line); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %q, %v", line, got, err)
		}
	}
	for _, line := range []string{`set /a "x`, `set /a 'x`} {
		if got, err := Split(line); !errors.Is(err, ErrQuote) {
			t.Errorf("%s: %q, %v", line, got, err)
		}
	}
	for _, line := range []string{`set /a \`, `set /a "\x"`, `set /a "\x1`} {
		if got, err := Split(line); err == nil {
			t.Errorf("%s: %q", line, got)
		}
	}
}

// What Quote writes Split reads.
func TestQuote(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOf(rapid.OneOf(
			rapid.String(), rapid.StringMatching(`[a '"\\#\n\x00-\x1f]*`))).Draw(t, "words")
		line := ""
		for _, word := range words {
			line += Quote(word) + " "
		}
		if got, err := Split(line); err != nil || !slices.Equal(got, words) {
			t.Fatalf("%s: %q, %v", line, got, err)
		}
	})
}

func TestCursor(t *testing.T) {
	for _, tc := range []struct {
		before string
		words  []string
		word   string
		start  int
	}{
		{"", nil, "", 0},
		{"l", nil, "l", 0},
		{"ls ", []string{"ls"}, "", 3},
		{"ls /a", []string{"ls"}, "/a", 3},
		{"ls '/a b", []string{"ls"}, "/a b", 3},
		{`ls "/a b" /c\ d`, []string{"ls", "/a b"}, "/c d", 10},
	} {
		words, word, start := Cursor(tc.before)
		if !slices.Equal(words, tc.words) || word != tc.word || start != tc.start {
			t.Errorf("%q: %q, %q, %d", tc.before, words, word, start)
		}
	}
}

func TestSplitZkCLI(t *testing.T) {
	for line, want := range map[string][]string{
		`create /a {"k": 1}`:  {"create", "/a", `{"k":`, `1}`},
		`create /a {"k":1}`:   {"create", "/a", `{"k":1}`},
		`create /a "a b"`:     {"create", "/a", "a b"},
		`set /a 'it is' -v 1`: {"set", "/a", "it is", "-v", "1"},
		`set /a x\ny`:         {"set", "/a", `x\ny`},
		``:                    nil,
	} {
		if got := SplitZkCLI(line); !slices.Equal(got, want) {
			t.Errorf("%s: %q", line, got)
		}
	}
}
