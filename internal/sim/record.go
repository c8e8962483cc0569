package sim

import (
	"quoll/internal/sim/history"
	"quoll/internal/sim/node"
	"quoll/internal/sim/pipe"
	"quoll/internal/sim/witness"
	"quoll/jute"
	"quoll/persistence"
	"quoll/quorum/effects"
)

// A run is the Recorder of its nodes.
var _ node.Recorder = (*run)(nil)

// Tape implements node.Recorder.
func (w *run) Tape(e *pipe.End) *history.Tape { return w.tapes[e.ID()] }

// Stood implements node.Recorder.
func (w *run) Stood(n *node.Node, from, to int64) {
	w.history.Pauses = append(w.history.Pauses, history.Pause{Node: n.Number(), From: from, To: to})
}

// LeastTimeout implements node.Recorder.
func (w *run) LeastTimeout(id jute.SessionID) int32 {
	least := int32(maxTimeout)
	if born, ok := w.born[id]; ok {
		least = born
	}
	for _, c := range w.history.Conns {
		if c.Session == id || c.Hello.SessionID == id {
			least = min(least, max(c.Hello.TimeOut, minTimeout))
		}
	}
	return least
}

// Forgotten implements node.Recorder.
func (w *run) Forgotten(id jute.SessionID) { w.history.Orphaned[id] = true }

// Asked implements node.Recorder.
func (w *run) Asked(n *node.Node, op *effects.DiskOp, t *history.Txn) {
	var err error
	switch op.Kind {
	case effects.Append:
		if t.Entry.Header.Zxid.Epoch() > t.Applied.Epoch() {
			w.Counts.Add("epoch", "another begins")
		}
		if t.Entry.Header.Type == jute.OpCreateSession {
			var txn jute.CreateSessionTxn
			_, _ = jute.Decode(t.Entry.Body, &txn)
			w.born[t.Entry.Header.ClientID] = txn.TimeOut
		}
		err = w.ledger.Append(n.Number(), *t)
	case effects.Cut:
		err = w.ledger.Cut(n.Number(), op.Zxid)
	case effects.Install:
		err = w.ledger.Install(n.Number(), op.Zxid)
	case effects.AcceptEpoch:
		err = w.ledger.Promise(n.Number(), op.Epoch, 0)
	case effects.EnterEpoch:
		err = w.ledger.Promise(n.Number(), 0, op.Epoch)
	default:
		w.ledger.Other(n.Number())
	}
	w.must(err)
}

// must makes a violation of an error.
func (w *run) must(err error) {
	if err != nil {
		w.Violate("%v", err)
	}
}

// Logged implements node.Recorder.
func (w *run) Logged(n *node.Node, e *jute.Entry) error { return w.ledger.Logged(n.Number(), e) }

// Said implements node.Recorder.
func (w *run) Said(n *node.Node, s witness.Says) {
	number := n.Number()
	switch s.Kind {
	case witness.Ack:
		w.must(w.ledger.Acked(number, s.Zxid))
	case witness.Promise:
		w.must(w.ledger.Promised(number, s.Epoch, s.Current, s.Zxid))
	case witness.Vote:
		w.must(w.ledger.Voted(number, s.Zxid, s.Current))
	case witness.Lead:
		w.must(w.ledger.Leads(number, s.Epoch))
	}
}

// Reigns implements node.Recorder.
func (w *run) Reigns(n *node.Node, epoch int64) {
	w.must(w.ledger.Leads(n.Number(), epoch))
	w.must(w.ledger.Reigns(n.Number(), epoch))
}

// Served implements node.Recorder.
func (w *run) Served(n *node.Node, zxid jute.Zxid) {
	w.must(w.ledger.Served(n.Number(), zxid))
}

// Unserved implements node.Recorder.
func (w *run) Unserved(n *node.Node) { w.ledger.Unserved(n.Number()) }

// Settled implements node.Recorder.
func (w *run) Settled(n *node.Node, operations int) {
	w.must(w.ledger.Settled(n.Number(), operations))
}

// Applied implements node.Recorder.
func (w *run) Applied(n *node.Node, zxid jute.Zxid, digest uint64) {
	if w.plan.server.Peers == nil && zxid.Counter() == 0 {
		w.must(w.ledger.Leads(n.Number(), zxid.Epoch()))
		w.must(w.ledger.Reigns(n.Number(), zxid.Epoch()))
	}
	w.must(w.ledger.Applied(n.Number(), zxid, digest))
}

// Recovered implements node.Recorder.
func (w *run) Recovered(n *node.Node, r history.Recovery, epochs persistence.Epochs) {
	r.Server = history.Server{Node: n.Number(), Life: n.Life()}
	unused := w.ledger.Unused()
	if w.must(w.ledger.Recovered(r, epochs.Accepted, epochs.Current)); w.ledger.Unused() > unused {
		w.Counts.Add("fault", "a proposed transaction is lost")
	}
	for _, id := range r.Orphans {
		if !w.history.Orphaned[id] {
			w.Violate("session %v is unknown, and its ephemerals are removed", id)
		}
	}
}

// outcome tells the history what came of the logs.
func (w *run) outcome() {
	o, h := w.ledger.Outcome(), &w.history
	h.Txns, h.Recoveries, h.Reigns = o.Txns, o.Recoveries, o.Reigns
	for i := range o.Lost {
		switch e := &o.Lost[i].Entry.Header; e.Type {
		case jute.OpCreateSession:
			h.Unborn++
		case jute.OpCloseSession:
			h.Lost[e.ClientID] = true
		}
	}
}

// logged is how many transactions the longest log has.
func (w *run) logged() (most int) {
	for _, n := range w.nodes {
		most = max(most, w.ledger.Length(n.Number()))
	}
	return most
}
