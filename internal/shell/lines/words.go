package lines

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// ErrQuote is that of a line that ends inside a quote.
var ErrQuote = errors.New("a quote is not closed")

// Split divides a line into words.
func Split(line string) ([]string, error) {
	s := scanner{line: line}
	for s.skip() {
		if err := s.word(); err != nil {
			return nil, err
		}
	}
	return s.words, nil
}

// scanner goes through a line.
type scanner struct {
	line  string
	at    int
	words []string

	start int             // where the present word begins
	text  strings.Builder // the present word, without quotes
	quote byte            // the quote that is open; 0: none
}

// skip goes to the next word; false at the end of the line.
func (s *scanner) skip() bool {
	for s.at < len(s.line) && blank(s.line[s.at]) {
		s.at++
	}
	return s.at < len(s.line) && s.line[s.at] != '#'
}

func blank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// word reads a word.
func (s *scanner) word() error {
	s.start = s.at
	s.text.Reset()
	for s.at < len(s.line) {
		c := s.line[s.at]
		s.at++
		switch {
		case s.quote == '\'' && c == '\'', s.quote == '"' && c == '"':
			s.quote = 0
		case s.quote == '\'':
			s.text.WriteByte(c)
		case s.quote == 0 && (c == '\'' || c == '"'):
			s.quote = c
		case c == '\\':
			if err := s.escape(); err != nil {
				return err
			}
		case s.quote == 0 && blank(c):
			s.words = append(s.words, s.text.String())
			return nil
		default:
			s.text.WriteByte(c)
		}
	}
	if s.quote != 0 {
		return fmt.Errorf("%w: %c", ErrQuote, s.quote)
	}
	s.words = append(s.words, s.text.String())
	return nil
}

// escape reads what follows a backslash.
func (s *scanner) escape() error {
	if s.at == len(s.line) {
		return errors.New("a backslash at the end of the line")
	}
	c := s.line[s.at]
	s.at++
	if s.quote == 0 {
		s.text.WriteByte(c)
		return nil
	}
	switch c {
	case 'n':
		s.text.WriteByte('\n')
	case 't':
		s.text.WriteByte('\t')
	case '\\', '"':
		s.text.WriteByte(c)
	case 'x':
		if s.at+2 > len(s.line) {
			return errors.New(`\x needs two hexadecimal digits`)
		}
		b, err := strconv.ParseUint(s.line[s.at:s.at+2], 16, 8)
		if err != nil {
			return errors.New(`\x needs two hexadecimal digits`)
		}
		s.text.WriteByte(byte(b))
		s.at += 2
	default: // as in sh, the backslash stays
		s.text.WriteByte('\\')
		s.text.WriteByte(c)
	}
	return nil
}

// Quote writes a word so that Split reads it again, with quotes only where they are needed.
func Quote(word string) string {
	if word == "" {
		return "''"
	}
	plain, control := true, false
	for i := range len(word) {
		c := word[i]
		control = control || c < ' ' || c == 0x7f
		plain = plain && !control && !strings.ContainsRune(" '\"\\#", rune(c))
	}
	switch {
	case plain:
		return word
	case !control && !strings.Contains(word, "'"):
		return "'" + word + "'"
	}
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(word) {
		switch c := word[i]; {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < ' ' || c == 0x7f:
			fmt.Fprintf(&b, `\x%02x`, c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}
