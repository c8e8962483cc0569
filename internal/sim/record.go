package sim

import (
	"quoll/internal/sim/history"
	"quoll/internal/sim/node"
	"quoll/internal/sim/pipe"
	"quoll/jute"
)

// A run is the Recorder of its nodes.
var _ node.Recorder = (*run)(nil)

// Tape implements node.Recorder.
func (w *run) Tape(e *pipe.End) *history.Tape { return w.tapes[e.ID()] }

// Stood implements node.Recorder.
func (w *run) Stood(n *node.Node, from, to int64) {
	w.history.Pauses = append(w.history.Pauses, history.Pause{Node: n.Number(), From: from, To: to})
}

// Forgotten implements node.Recorder.
func (w *run) Forgotten(id jute.SessionID) { w.history.Orphaned[id] = true }

// Proposed implements node.Recorder.
func (w *run) Proposed(n *node.Node, t history.Txn) {
	t.Node = n.Number()
	if t.Entry.Header.Zxid.Epoch() > t.Applied.Epoch() {
		w.Counts.Add("epoch", "another begins")
	}
	if err := w.ledger.Append(n.Number(), t); err != nil {
		w.Violate("proposed: %v", err)
	}
}

// Logged implements node.Recorder.
func (w *run) Logged(n *node.Node, e *jute.Entry) error { return w.ledger.Logged(n.Number(), e) }

// Durable implements node.Recorder.
func (w *run) Durable(n *node.Node, zxid jute.Zxid) { w.ledger.Durable(n.Number(), zxid) }

// Applied implements node.Recorder.
func (w *run) Applied(n *node.Node, zxid jute.Zxid) {
	if err := w.ledger.Applied(n.Number(), zxid); err != nil {
		w.Violate("%v", err)
	}
}

// Recovered implements node.Recorder. Transactions that did not survive are forgotten.
func (w *run) Recovered(n *node.Node, r history.Recovery) {
	r.Server = history.Server{Node: n.Number(), Life: n.Life()}
	lost, err := w.ledger.Recovered(r)
	if err != nil {
		w.Violate("%v", err)
		return
	}
	for i := range lost {
		switch h := &lost[i].Entry.Header; h.Type {
		case jute.OpCreateSession:
			w.history.Unborn++
		case jute.OpCloseSession:
			w.history.Lost[h.ClientID] = true
		}
		w.Counts.Add("fault", "a proposed transaction is lost")
	}
	for _, id := range r.Orphans {
		if !w.history.Orphaned[id] {
			w.Violate("session %v is unknown, and its ephemerals are removed", id)
		}
	}
}

// logged is how many transactions the longest log has.
func (w *run) logged() (most int) {
	for _, n := range w.nodes {
		most = max(most, len(w.ledger.Log(n.Number())))
	}
	return most
}
