package clientlog

import (
	"errors"
	"io"
	"net"
	"syscall"

	"quoll/processor/tell"
	"quoll/reactor"
)

// whyCut tells the rules of the reactor from clients that left, of whom nothing is said: a probe
// connects and leaves, a process ends, a cable is pulled.
func whyCut(err error) tell.Kind {
	var number syscall.Errno
	switch {
	case err == nil, errors.Is(err, io.EOF), errors.Is(err, net.ErrClosed),
		errors.As(err, &number):
		return tell.Nothing
	case errors.Is(err, reactor.ErrStalled):
		return tell.Stalled
	case errors.Is(err, reactor.ErrOutputCap):
		return tell.OutputFull
	case errors.Is(err, reactor.ErrEarlyInput), errors.Is(err, reactor.ErrInputCap):
		return tell.InputFull
	case errors.Is(err, reactor.ErrInputBudget), errors.Is(err, reactor.ErrInputStalled):
		return tell.Unfinished
	case errors.Is(err, reactor.ErrConnectDeadline):
		return tell.NoSession
	}
	return tell.Cut
}
