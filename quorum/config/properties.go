package config

import (
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Property is one key and value of a text in the format of java.util.Properties.
type Property struct {
	Key, Value string
	Line       int // 1-based, where the key starts
}

// ParseProperties reads the text of a properties file by Java's rules: bytes are
// ISO-8859-1, \uXXXX is a UTF-16 unit, a key ends at the first '=', ':' or blank
// that is not escaped, a backslash before the line's end continues it, and '#'
// or '!' starts a comment. Blanks before a key and around the separator go;
// blanks after a value stay. Duplicates are all returned, in order.
//
// The only text that Java refuses is a malformed \uXXXX. From a lone backslash at
// the very end Java makes a key without a name, which means nothing and is left out.
func ParseProperties(text []byte) ([]Property, error) {
	characters := make([]rune, len(text))
	for i, b := range text {
		characters[i] = rune(b)
	}
	return parseCharacters(string(characters))
}

// parseCharacters is ParseProperties for text that is no file: its characters are what they are.
func parseCharacters(text string) ([]Property, error) {
	var all []Property
	for at, line := range logicalLines([]byte(text)) {
		key, rest := splitKey(line)
		k, err := unescape(key)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", at, err)
		}
		v, err := unescape(rest)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", at, err)
		}
		all = append(all, Property{k, v, at})
	}
	return all, nil
}

// logicalLines yields the lines that carry a property, continuations joined, with
// the number of the natural line on which each starts.
func logicalLines(text []byte) func(yield func(int, []byte) bool) {
	return func(yield func(int, []byte) bool) {
		var joined []byte
		number, first, continuing := 0, 0, false
		for len(text) > 0 {
			var line []byte
			line, text = naturalLine(text)
			number++
			line = trimBlanks(line)
			if !continuing {
				if len(line) == 0 || line[0] == '#' || line[0] == '!' {
					continue
				}
				joined, first = joined[:0], number
			}
			continuing = endsInEscape(line)
			if continuing {
				line = line[:len(line)-1]
			}
			joined = append(joined, line...)
			continuing = continuing && len(joined) > 0 // as Java has it: nothing to continue
			if !continuing && len(joined) > 0 && !yield(first, joined) {
				return
			}
		}
		if continuing && len(joined) > 0 {
			yield(first, joined)
		}
	}
}

// naturalLine cuts a line at \n, \r or \r\n.
func naturalLine(text []byte) (line, rest []byte) {
	for i, c := range text {
		if c == '\n' {
			return text[:i], text[i+1:]
		}
		if c == '\r' {
			if i+1 < len(text) && text[i+1] == '\n' {
				return text[:i], text[i+2:]
			}
			return text[:i], text[i+1:]
		}
	}
	return text, nil
}

func blank(c byte) bool { return c == ' ' || c == '\t' || c == '\f' }

func trimBlanks(line []byte) []byte {
	for len(line) > 0 && blank(line[0]) {
		line = line[1:]
	}
	return line
}

// endsInEscape reports whether an odd number of backslashes ends the line.
func endsInEscape(line []byte) bool {
	n := 0
	for n < len(line) && line[len(line)-1-n] == '\\' {
		n++
	}
	return n%2 == 1
}

// splitKey cuts at the first separator: blanks, then at most one '=' or ':', then
// blanks again.
func splitKey(line []byte) (key, value []byte) {
	end := 0
	for end < len(line) && line[end] != '=' && line[end] != ':' && !blank(line[end]) {
		if line[end] == '\\' {
			end++
		}
		end++
	}
	end = min(end, len(line))
	rest := trimBlanks(line[end:])
	if len(rest) > 0 && (rest[0] == '=' || rest[0] == ':') {
		rest = trimBlanks(rest[1:])
	}
	return line[:end], rest
}

// unescape turns text with escapes into a string. A lone surrogate becomes U+FFFD:
// Go's strings have no other way to say it.
func unescape(raw []byte) (string, error) {
	units := make([]uint16, 0, len(raw))
	for i := 0; i < len(raw); i++ {
		if c, n := utf8.DecodeRune(raw[i:]); c >= utf8.RuneSelf {
			units = utf16.AppendRune(units, c)
			i += n - 1
			continue
		}
		c := raw[i]
		if c != '\\' || i+1 == len(raw) {
			if c != '\\' {
				units = append(units, uint16(c))
			}
			continue
		}
		if raw[i+1] >= utf8.RuneSelf {
			continue // the character itself, at the next turn
		}
		i++
		switch c = raw[i]; c {
		case 't':
			units = append(units, '\t')
		case 'n':
			units = append(units, '\n')
		case 'r':
			units = append(units, '\r')
		case 'f':
			units = append(units, '\f')
		case 'u':
			u, ok := hexUnit(raw[i+1:])
			if !ok {
				return "", fmt.Errorf("malformed \\uXXXX escape")
			}
			units = append(units, u)
			i += 4
		default:
			units = append(units, uint16(c))
		}
	}
	return string(utf16.Decode(units)), nil
}

func hexUnit(digits []byte) (uint16, bool) {
	if len(digits) < 4 {
		return 0, false
	}
	var u uint16
	for _, d := range digits[:4] {
		n := strings.IndexByte("0123456789abcdef", lower(d))
		if n < 0 {
			return 0, false
		}
		u = u<<4 | uint16(n)
	}
	return u, true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// Trim cuts what String.trim of Java cuts: everything up to U+0020 at either end.
func Trim(s string) string {
	return strings.TrimFunc(s, func(r rune) bool { return r <= ' ' })
}
