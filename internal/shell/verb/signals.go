package verb

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"

	"quoll/internal/shell/fault"
)

// errSignal is why a run was ended by a signal.
type errSignal struct{ signal os.Signal }

func (e errSignal) Error() string { return e.signal.String() }

// UntilSignal returns a context that ends with SIGINT or SIGTERM. If it is urgent, a second one
// ends the process. While it runs, a write to a pipe that nobody reads is an error, and not the end
// of the process: the session is closed before that. Children do not inherit it, as they would what
// is ignored.
func UntilSignal(ctx context.Context, urgent bool) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	asked := make(chan os.Signal, 2)
	signal.Notify(asked, syscall.SIGINT, syscall.SIGTERM)
	pipe := make(chan os.Signal, 1)
	signal.Notify(pipe, syscall.SIGPIPE)
	done := make(chan struct{})
	go func() {
		for first := true; ; first = false {
			select {
			case s := <-asked:
				if !first && urgent {
					os.Exit(signalCode(s))
				}
				cancel(&fault.Error{Code: signalCode(s), Name: "Interrupted", Err: errSignal{s}})
			case <-done:
				return
			}
		}
	}()
	return ctx, func() {
		close(done)
		signal.Stop(asked)
		signal.Stop(pipe)
		cancel(nil)
	}
}

// Signalled reports whether an error is that of a run that a signal has ended.
func Signalled(err error) bool {
	var s errSignal
	return errors.As(err, &s)
}

// signalOf is the error of a run that a signal has ended; nil of one that ended otherwise.
func signalOf(ctx context.Context) error {
	cause, ok := context.Cause(ctx).(*fault.Error)
	if ok && cause.Name == "Interrupted" {
		return cause
	}
	return nil
}

func signalCode(s os.Signal) int {
	if s == syscall.SIGTERM {
		return fault.CodeTerminated
	}
	return fault.CodeInterrupted
}
