package editor

import (
	"errors"
	"os"

	"golang.org/x/term"
)

// ErrInterrupted is Ctrl-C at the prompt.
var ErrInterrupted = errors.New("interrupted")

// Editor reads lines.
type Editor interface {
	// ReadLine shows a prompt and reads a line. io.EOF is the end: Ctrl-D on an empty line, or of
	// the script. ErrInterrupted is Ctrl-C: the line is thrown away.
	ReadLine(prompt string) (string, error)
	// Above prints a text that ends with a newline, above the line that is being edited if there is
	// one. Any goroutine may call it.
	Above(text string)
}

// History has the lines of before; i = 0 is the oldest.
type History interface {
	Len() int
	At(i int) string
}

// Options are what an editor works with.
type Options struct {
	Getenv  func(string) string
	History History
	// Complete finds what the word at the end of a text may be: candidates for all of the text from
	// the byte start. It must not take long.
	Complete func(before string) (start int, candidates []string)
}

// New makes the best editor that the terminal allows.
func New(in, out *os.File, o Options) Editor {
	switch kind := o.Getenv("TERM"); {
	case !term.IsTerminal(int(in.Fd())) || !term.IsTerminal(int(out.Fd())):
		return newPlain(in, out)
	case kind == "dumb" || kind == "":
		return newTerm(in, out, o)
	}
	return newReadline(o)
}
