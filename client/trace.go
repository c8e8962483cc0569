package client

import (
	"time"

	"quoll/client/internal/keeper"
	"quoll/jute"
)

// Trace has functions that are called as things happen, like those of net/http/httptrace. Each may
// be nil. They are called in place, some of them where everything else waits: they must not block,
// and must not call the client.
type Trace struct {
	// Dialed: a server was dialled. err is nil if it took the client.
	Dialed func(server string, took time.Duration, err error)
	// Status: the status has changed.
	Status func(Status)
	// Answered: a call got its answer. took is the time since it was sent.
	Answered func(op, path string, code jute.ErrorCode, took time.Duration)
	// Event: a watch event has come from the server. Path is not relative to a chroot.
	Event func(Event)
}

// hooks are the functions of the trace that the keeper calls.
func (k *core) hooks() keeper.Hooks {
	t := k.opts.trace
	h := keeper.Hooks{Dialed: t.Dialed}
	if t.Status != nil {
		h.Changed = func(s keeper.Status) { t.Status(k.status(s)) }
	}
	if t.Event != nil {
		h.Event = func(event jute.EventType, path string, zxid Zxid) {
			t.Event(Event{Kind: EventKind(event), Path: path, Zxid: max(zxid, 0)})
		}
	}
	return h
}
