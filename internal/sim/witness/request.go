package witness

import (
	"quoll/jute"
	"quoll/jute/ensemble"
	"quoll/quorum/effects"
)

// requests are the REQUESTs that a leader has heard and not made a transaction of. Several clients
// of a session may give the same name to theirs.
type requests struct {
	reign   int64                  // the epoch in which the member leads, or has led last
	from    map[effects.LinkID]int // the node of each learner's link
	waiting map[name][]int         // the nodes from which a request came, in order
}

type name struct {
	session jute.SessionID
	cxid    int32
}

// request notes a REQUEST.
func (w *Witness) request(link effects.LinkID, q *ensemble.QuorumPacket) {
	var r jute.LearnerRequest
	if _, err := jute.Decode(q.Data, &r); err != nil || r.Type == jute.OpSync {
		return
	}
	if _, owned := w.owners[r.Session]; !owned && w.owners != nil {
		w.owners[r.Session] = link // who asks first has it, when a reign begins
	}
	key := name{r.Session, r.Cxid}
	w.waiting[key] = append(w.waiting[key], w.from[link])
}

// Leads: a reign of the member stands.
func (w *Witness) Leads(epoch int64) { w.reign = epoch }

// Origin is the node whose client asked for a transaction that goes to the member's log now: the
// member itself if no learner has, 0 if another server has proposed it. The epoch tells: a leader
// may propose and end its reign in one step.
func (w *Witness) Origin(h *jute.TxnHeader) int {
	if h.Zxid.Epoch() != w.reign {
		return 0
	}
	key := name{h.ClientID, h.Cxid}
	list := w.waiting[key]
	if len(list) == 0 {
		return w.Node
	}
	if w.waiting[key] = list[1:]; len(list) == 1 {
		delete(w.waiting, key)
	}
	return list[0]
}
