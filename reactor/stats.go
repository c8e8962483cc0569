package reactor

import (
	"sync/atomic"

	"quoll/reactor/door"
)

// CloseReason says why a connection that had a stream ended.
type CloseReason uint8

const (
	// ClosedByPeer: the client sent FIN.
	ClosedByPeer CloseReason = iota
	// ClosedByError: reset, or another error of the socket.
	ClosedByError
	// ClosedByServer: Close or CloseAfterFlush.
	ClosedByServer
	// ClosedAtConnectDeadline: see ErrConnectDeadline.
	ClosedAtConnectDeadline
	// ClosedForInput: see ErrEarlyInput and ErrInputCap.
	ClosedForInput
	// ClosedUnfinished: see ErrInputBudget and ErrInputStalled.
	ClosedUnfinished
	// ClosedForOutput: see ErrOutputCap.
	ClosedForOutput
	// ClosedStalled: see ErrStalled.
	ClosedStalled
	// ClosedAtStop: the reactor stopped.
	ClosedAtStop
	closeReasons
)

// String is the reason as a metric's label.
func (r CloseReason) String() string {
	return [...]string{"peer", "error", "server", "connect_deadline", "input", "unfinished",
		"output", "stalled", "stop", "unknown"}[min(r, closeReasons)]
}

// Stats counts what the reactor did. Any goroutine may read it at any time; the hot counters are
// brought up to date at the end of a turn, not a request.
type Stats struct {
	Accepted atomic.Int64 // connections that got a stream
	Open     atomic.Int64 // gauge: connections with a stream now
	Refused  [door.Refusals]atomic.Int64
	Closed   [closeReasons]atomic.Int64

	BytesIn  atomic.Int64 // taken from the transport
	BytesOut atomic.Int64 // given to the transport
	Turns    atomic.Int64
	Inputs   atomic.Int64 // calls of Stream.Input
	Wakes    atomic.Int64 // coalesced wakes that reached a lane
	Writes   atomic.Int64 // outputs handed over, one a connection a turn at most
	Paused   atomic.Int64 // times a connection stopped being read from
	Resumed  atomic.Int64

	// InputBytes is a gauge: memory of frames that are not whole, of connections with more than 64
	// KiB of one.
	InputBytes atomic.Int64
	// PendingBytes is a gauge: output that the transports hold and the kernel has not taken.
	PendingBytes atomic.Int64
}

// tally is a loop's own share of the hot counters, added up at the end of a turn.
type tally struct {
	bytesIn, bytesOut, turns, inputs, wakes, writes int64
}

func (t *tally) publish(s *Stats) {
	s.Turns.Add(t.turns)
	if t.bytesIn != 0 { // also of connections that are held, which have no Input
		s.BytesIn.Add(t.bytesIn)
	}
	if t.inputs != 0 {
		s.Inputs.Add(t.inputs)
	}
	if t.writes != 0 {
		s.BytesOut.Add(t.bytesOut)
		s.Writes.Add(t.writes)
	}
	if t.wakes != 0 {
		s.Wakes.Add(t.wakes)
	}
	*t = tally{}
}
