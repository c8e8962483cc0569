package verb

import (
	"fmt"

	"quoll/client"
	"quoll/internal/shell/fault"
)

// Denied counts the nodes that may not be read. A tree has some of others, often: what may be read
// is worked on all the same, and the exit code tells that it is not all.
type Denied struct {
	*Env
	n int
}

// NewDenied begins to count.
func NewDenied(e *Env) *Denied { return &Denied{Env: e} }

// Node tells of one, which is left out with all below it.
func (d *Denied) Node(path string) {
	d.n++
	switch d.Set.Output {
	case "json", "jsonl": // as all errors
		d.Note("%s", fault.JSON(&client.Error{Op: "getData", Path: path, Err: client.ErrNoAuth}))
	default:
		d.Note("not permitted: %q", path)
	}
}

// Known adds nodes that were told of before.
func (d *Denied) Known(n int) { d.n += n }

// Err is the error at the end of a walk that had no other.
func (d *Denied) Err() error {
	if d.n == 0 {
		return nil
	}
	return &fault.Error{
		Code: fault.CodeAuth, Name: "NoAuth", Err: fmt.Errorf("%d nodes may not be read", d.n),
		Hint: "--auth-file, or auth in the shell, adds an identity",
	}
}
