package verb

import (
	"context"
	"time"

	"quoll/client"
	"quoll/internal/shell/output"
)

// Watch takes over a one-shot watch that a verb has left with -w. The shell prints its event when
// it comes. A process of its own waits for it, as long as no --timeout is given; zkCli does not.
func (e *Env) Watch(ctx context.Context, path string, w *client.Watch) error {
	if e.Watched != nil {
		e.Watched(path, w)
		return nil
	}
	if e.Out.Format() == output.ZkCLI {
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
