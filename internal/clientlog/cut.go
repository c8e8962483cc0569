package clientlog

import (
	"errors"
	"io"
	"net"
	"syscall"

	"quoll/processor/tell"
	"quoll/reactor"
)

// whyCut returns the kind of event for a connection that the reactor closed because of a rule. For
// a connection that the client or the network ended it returns tell.Nothing: this is normal, as
// when a probe connects and leaves, a process ends or a cable is pulled.
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
