package editor

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"github.com/reeflective/readline"
)

// full edits lines with all comfort.
//
// readline writes to the terminal, and reads its answers, in the goroutine of ReadLine alone. So a
// text for above the line is queued, and the loop is woken: the next repaint presses a key, the key
// runs a command, and the command prints.
type full struct {
	shell  *readline.Shell
	prompt string

	mu      sync.Mutex
	reading bool
	queue   []string
}

const (
	printKey     = '\x1c' // Ctrl-\, which has no meaning in raw mode
	printCommand = "print-above"
)

func newReadline(o Options) *full {
	f := &full{shell: readline.NewShell()}
	f.shell.Prompt.Primary(func() string { return f.prompt })
	f.shell.History.Delete() // its own one, in memory
	f.shell.History.Add("history", source{o.History})
	f.shell.Completer = func(line []rune, cursor int) readline.Completions {
		before := string(line[:cursor])
		start, candidates := o.Complete(before)
		c := readline.CompleteValues(candidates...).NoSpace('*')
		c.PREFIX = before[start:]
		return c
	}
	f.shell.Keymap.Register(map[string]func(){printCommand: f.printQueue})
	for _, keymap := range []string{"emacs", "emacs-standard", "vi-insert", "vi-command"} {
		_ = f.shell.Config.Bind(keymap, string(printKey), printCommand, false) // never fails
	}
	f.shell.SyntaxHighlighter = f.repaint
	return f
}

// repaint is called for each repaint. While a menu or a search is open, texts wait.
func (f *full) repaint(line []rune) string {
	f.mu.Lock()
	waiting := len(f.queue) > 0
	f.mu.Unlock()
	if waiting && f.shell.Keymap.Local() == "" && f.shell.Keys.Empty() {
		f.shell.Keys.Feed(false, printKey)
	}
	return string(line)
}

// printQueue prints what waits, and the line anew below it.
func (f *full) printQueue() {
	if text := f.take(); text != "" {
		_, _ = f.shell.PrintTransientf("%s", strings.TrimSuffix(text, "\n"))
	}
}

// take empties the queue.
func (f *full) take() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	text := strings.Join(f.queue, "")
	f.queue = nil
	return text
}

// ReadLine reads a line.
func (f *full) ReadLine(prompt string) (string, error) {
	f.prompt = prompt
	f.set(true)
	line, err := f.shell.Readline()
	f.set(false)
	switch {
	case errors.Is(err, readline.ErrInterrupt):
		return "", ErrInterrupted
	case errors.Is(err, io.EOF):
		return "", io.EOF
	}
	return line, err
}

// set says whether a line is being read. What waits at the end of it is printed then.
func (f *full) set(reading bool) {
	f.mu.Lock()
	f.reading = reading
	f.mu.Unlock()
	if !reading {
		_, _ = fmt.Fprint(os.Stdout, f.take()) // nobody may look at it any more
	}
}

// Above prints above the prompt.
func (f *full) Above(text string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.reading {
		f.queue = append(f.queue, text)
		f.shell.Keys.RequestRefresh()
		return
	}
	_, _ = fmt.Fprint(os.Stdout, text) // nobody may look at it any more
}

// source is the history as readline wants it. Adding is not for the editor.
type source struct{ h History }

// Write does nothing: the shell adds the line.
func (s source) Write(string) (int, error) { return s.h.Len(), nil }

// GetLine is a line, the oldest being 0.
func (s source) GetLine(i int) (string, error) {
	if i < 0 || i >= s.h.Len() {
		return "", fmt.Errorf("history: there is no line %d", i)
	}
	return s.h.At(i), nil
}

// Len is how many lines there are.
func (s source) Len() int { return s.h.Len() }

// Dump is nothing that anybody asks for.
func (source) Dump() any { return nil }
