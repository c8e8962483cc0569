package editor

import (
	"os"
	"strings"
	"sync"

	"golang.org/x/term"
)

const ctrlC = 3

// simple edits lines with x/term. One Terminal reads line after line, because it has keys that were
// pressed ahead. After a Ctrl-C there is a new one: the old one still has the line.
type simple struct {
	in, out     *os.File
	o           Options
	interrupted bool // the last read had a Ctrl-C, which x/term takes for the end

	mu       sync.Mutex
	terminal *term.Terminal
	reading  bool
}

func newTerm(in, out *os.File, o Options) *simple {
	s := &simple{in: in, out: out, o: o}
	s.terminal = s.fresh()
	return s
}

func (s *simple) fresh() *term.Terminal {
	t := term.NewTerminal(s, "")
	t.History = old{s.o.History}
	t.AutoCompleteCallback = s.complete
	return t
}

// Read reads keys for x/term. A key that was pressed while the terminal was not in raw mode came as
// a newline, where x/term wants a return.
func (s *simple) Read(b []byte) (int, error) {
	n, err := s.in.Read(b)
	for i := range b[:n] {
		switch b[i] {
		case '\n':
			b[i] = '\r'
		case ctrlC:
			s.interrupted = true
		}
	}
	return n, err
}

// Write writes for x/term.
func (s *simple) Write(b []byte) (int, error) { return s.out.Write(b) }

// ReadLine reads a line in raw mode.
func (s *simple) ReadLine(prompt string) (string, error) {
	before, err := term.MakeRaw(int(s.in.Fd()))
	if err != nil {
		return "", err
	}
	defer func() { _ = term.Restore(int(s.in.Fd()), before) }()
	s.terminal.SetPrompt(prompt)
	s.set(true, s.terminal)
	s.interrupted = false
	line, err := s.terminal.ReadLine()
	if err != nil && s.interrupted {
		_, _ = s.out.WriteString("^C\r\n")
		s.set(false, s.fresh())
		return "", ErrInterrupted
	}
	s.set(false, s.terminal)
	return line, err
}

func (s *simple) set(reading bool, t *term.Terminal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reading, s.terminal = reading, t
}

// complete handles Tab: it writes what all candidates begin with, or lists them.
func (s *simple) complete(line string, pos int, key rune) (string, int, bool) {
	if key != '\t' {
		return "", 0, false
	}
	start, candidates := s.o.Complete(line[:pos])
	if len(candidates) == 0 {
		return line, pos, true
	}
	common := candidates[0]
	for _, c := range candidates[1:] {
		for !strings.HasPrefix(c, common) {
			common = common[:len(common)-1]
		}
	}
	if len(candidates) > 1 && common == line[start:pos] {
		go s.Above(strings.Join(candidates, "  ") + "\n") // x/term holds its lock here
		return line, pos, true
	}
	return line[:start] + common + line[pos:], start + len(common), true
}

// Above prints above the line.
func (s *simple) Above(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reading {
		_, _ = s.terminal.Write([]byte(text)) // nobody may look at it any more
		return
	}
	_, _ = s.out.WriteString(text)
}

// old is the history as x/term wants it: the newest first. Adding is not for the editor.
type old struct{ h History }

func (old) Add(string) {}

// Len is how many lines there are.
func (o old) Len() int { return o.h.Len() }

// At is a line, the newest being 0.
func (o old) At(i int) string { return o.h.At(o.h.Len() - 1 - i) }
