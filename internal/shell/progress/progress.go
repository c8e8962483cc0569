package progress

import (
	"fmt"
	"io"
	"time"

	"quoll/internal/shell/verb"
)

// Line is the line. It is written over again and again.
type Line struct {
	w     io.Writer // nil: nobody looks
	what  string
	n     int
	begin time.Time
	last  time.Time
}

// every is how often the line changes at most.
const every = 200 * time.Millisecond

// New begins a line: "exported" and such.
func New(e *verb.Env, what string) *Line {
	l := &Line{what: what, begin: time.Now()}
	if e.ErrTerminal && !e.Set.Quiet {
		l.w = e.Stderr
	}
	return l
}

// Step counts a node.
func (l *Line) Step() {
	l.n++
	now := time.Now()
	if l.w == nil || now.Sub(l.last) < every {
		return
	}
	l.last = now
	rate := float64(l.n) / max(now.Sub(l.begin).Seconds(), 0.001)
	_, _ = fmt.Fprintf(l.w, "\r%s %d nodes, %.0f a second\x1b[K", l.what, l.n, rate)
}

// End takes the line away.
func (l *Line) End() {
	if l.w != nil && !l.last.IsZero() {
		_, _ = fmt.Fprint(l.w, "\r\x1b[K")
	}
}
