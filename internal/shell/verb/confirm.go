package verb

import (
	"bufio"
	"context"
	"fmt"
	"path"
	"strings"

	"quoll/internal/shell/fault"
	"quoll/internal/shell/output"
)

// Danger is a change that people may regret.
type Danger struct {
	What  string   // "delete 12 nodes"
	On    string   // the context whose servers have them; "": that of the verb
	Root  string   // of that context: the node below which Paths are
	Paths []string // / and those below /zookeeper need force
	Count int      // nodes that are changed
	Max   int      // more need force; 0: any number will do
	Force bool     // --force was given
}

// Confirm returns nil if a change may be made. On a terminal it asks; without one --yes must have
// been given. zkCli never asked, so its scripts are not asked.
func (e *Env) Confirm(ctx context.Context, d Danger) error {
	if !d.Force {
		root := d.Root
		if d.On == "" {
			root = e.Set.Root()
		}
		for _, p := range d.Paths {
			if p == "/" || System(path.Join("/", root, p)) {
				return fault.Usage("%s: %s needs --force", d.What, p)
			}
		}
		if d.Max > 0 && d.Count > d.Max {
			return fault.Usage("%s: more than --max %d needs --force", d.What, d.Max)
		}
	}
	if e.Set.DryRun || e.Set.Yes || e.confirmed || e.ZkCLI() {
		return nil
	}
	return e.ask(ctx, d)
}

// System reports whether a path, of no chroot, is ZooKeeper's own.
func System(path string) bool {
	return path == "/zookeeper" || strings.HasPrefix(path, "/zookeeper/")
}

// ask asks a question on the terminal.
func (e *Env) ask(ctx context.Context, d Danger) error {
	what, where := d.What, d.On
	if where == "" {
		where = e.Set.Context
	}
	if where == "" {
		where = e.Set.Servers
	}
	if !e.InTerminal {
		return fault.Usage("%s on %s: --yes says that it is meant", what, where)
	}
	what = output.Escape(what, false)
	_, _ = fmt.Fprintf(e.Stderr, "%s on %s? [y/N] ", what, where)
	answer := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(e.Stdin).ReadString('\n') // no answer is no
		answer <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case line := <-answer:
		if line == "y" || line == "yes" {
			e.confirmed = true
			return nil
		}
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	return &fault.Error{Code: fault.CodeError, Name: "NotConfirmed",
		Err: fmt.Errorf("%s: not confirmed, nothing was changed", what)}
}
