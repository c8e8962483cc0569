package search

import (
	"fmt"

	"quoll/internal/shell/fault"
	"quoll/internal/shell/verb"
)

// denied counts the nodes that may not be read. A tree has some of others, often: what may be read
// is shown all the same, and the exit code tells that it is not all.
type denied struct {
	e *verb.Env
	n int
}

func (d *denied) node(path string) {
	d.n++
	d.e.Note("not permitted: %q", path)
}

// err is the error at the end of a walk that had no other.
func (d *denied) err() error {
	if d.n == 0 {
		return nil
	}
	return &fault.Error{
		Code: fault.CodeAuth, Name: "NoAuth", Err: fmt.Errorf("%d nodes may not be read", d.n),
		Hint: "--auth-file, or auth in the shell, adds an identity",
	}
}
