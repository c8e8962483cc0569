package sim

import (
	"bytes"
	"fmt"

	"quoll/internal/sim/history"
	"quoll/internal/sim/node"
	"quoll/internal/sim/pipe"
	"quoll/jute"
)

// The run is what its nodes tell of themselves to (node.Recorder).
var _ node.Recorder = (*run)(nil)

// Tape implements node.Recorder.
func (w *run) Tape(e *pipe.End) *history.Tape { return w.tapes[e.ID()] }

// Stood implements node.Recorder.
func (w *run) Stood(p history.Pause) { w.history.Pauses = append(w.history.Pauses, p) }

// Forgotten implements node.Recorder.
func (w *run) Forgotten(id jute.SessionID) { w.history.Orphaned[id] = true }

// Proposed implements node.Recorder.
func (w *run) Proposed(_ *node.Node, t history.Txn) {
	if z := t.Entry.Header.Zxid; int(z) != len(w.log)+1 {
		w.Violate("%v is proposed when %d transactions were", z, len(w.log))
	}
	w.log = append(w.log, t)
}

// Logged implements node.Recorder.
func (w *run) Logged(e *jute.Entry) error {
	z := int(e.Header.Zxid)
	if z < 1 || z > len(w.log) || !bytes.Equal(w.log[z-1].Entry.Payload, e.Payload) {
		return fmt.Errorf("transaction %v is not the one that was proposed", e.Header.Zxid)
	}
	return nil
}

// Recovered implements node.Recorder: what did not survive is forgotten.
func (w *run) Recovered(_ *node.Node, r history.Recovery) {
	last := r.Zxid
	if int(last) > len(w.log) {
		w.Violate("recovered to %v, but only %d transactions were proposed", last, len(w.log))
		return
	}
	for i := range w.log[last:] {
		switch h := &w.log[int(last)+i].Entry.Header; h.Type {
		case jute.OpCreateSession:
			w.history.Unborn++
		case jute.OpCloseSession:
			w.history.Lost[h.ClientID] = true
		}
		w.Counts.Add("fault", "a proposed transaction is lost")
	}
	w.log = w.log[:last]
	for _, id := range r.Orphans {
		if !w.history.Orphaned[id] {
			w.Violate("session %v is unknown, and its ephemerals are removed", id)
		}
	}
	w.history.Recoveries = append(w.history.Recoveries, r)
}
