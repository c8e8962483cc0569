package verb

import (
	"context"
	"time"

	"quoll/client"
	"quoll/internal/shell/output"
)

// WatchKind is what a watch of the shell hears.
type WatchKind uint8

// The kinds of watches. A kind is no set: no kinds mean all of them.
const (
	WatchData WatchKind = iota // one-shot: the node is made, changed or deleted
	WatchChildren
	WatchPersistent
	WatchRecursive
)

// Leave hands a watch over to the shell, which prints its events above the line that is being
// edited. It returns false in a process of its own, where nobody would print them.
func (e *Env) Leave(path string, kind WatchKind, w *client.Watch) bool {
	if e.Watched == nil {
		return false
	}
	e.Watched(path, kind, w)
	return true
}

// Watch takes over a one-shot watch that a verb has left with -w. The shell prints its event when
// it comes. A process of its own waits for it, as long as no --timeout is given; zkCli does not.
func (e *Env) Watch(
	ctx context.Context, path string, kind WatchKind, w *client.Watch,
) error {
	if e.Leave(path, kind, w) || e.ZkCLI() {
		return nil
	}
	if err := e.Out.Flush(); err != nil {
		return err
	}
	if !e.given("timeout") {
		ctx = e.untimed
	}
	event, err := w.Next(ctx)
	if err != nil {
		return err
	}
	return e.Out.Item(output.EventOf(event, time.Now()))
}
