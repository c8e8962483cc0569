package hold

import (
	"context"
	"errors"
	"fmt"

	"quoll/client"
)

// The errors of all recipes. Package recipes exports them and says what they mean.
var (
	ErrLost    = errors.New("lost")
	ErrBusy    = errors.New("held by another")
	ErrRevoked = errors.New("asked to give it back")
	ErrFull    = errors.New("full")
	ErrStopped = errors.New("stopped")
	ErrLayout  = errors.New("node of another layout")
)

// errLapsed is how most things are lost.
var errLapsed = fmt.Errorf("%w: the session has lapsed", ErrLost)

// Wrap says which recipe failed on which node.
func Wrap(op, path string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s %q: %w", op, path, err)
}

// Ended says that the session is over with this error: its nodes go by themselves.
func Ended(err error) bool {
	return errors.Is(err, client.ErrSessionExpired) || errors.Is(err, client.ErrClosed) ||
		errors.Is(err, client.ErrAuthFailed)
}

// Lost is err, with ErrLost if it says that the session is over: whoever waits may hear of that
// from a request before the session's own channels are closed.
func Lost(err error) error {
	if err != nil && Ended(err) && !errors.Is(err, ErrLost) {
		return fmt.Errorf("%w: %w", ErrLost, err)
	}
	return err
}

// LostWrite is Lost for a write of the holder. A write that may have happened stays one whose
// outcome is unknown: ErrLost says that it has not.
func LostWrite(err error) error {
	if errors.Is(err, client.ErrUnknownOutcome) {
		return err
	}
	return Lost(err)
}

// Passing says that the same request may succeed later.
func Passing(err error) bool {
	return !Ended(err) && (errors.Is(err, client.ErrUnknownOutcome) ||
		errors.Is(err, client.ErrConnectionLoss) || errors.Is(err, client.ErrThrottled) ||
		errors.Is(err, client.ErrReadOnly) || errors.Is(err, client.ErrSessionMoved) ||
		errors.Is(err, context.DeadlineExceeded))
}
