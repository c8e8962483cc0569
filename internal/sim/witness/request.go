package witness

import (
	"slices"

	"quoll/jute"
	"quoll/jute/ensemble"
	"quoll/quorum/effects"
)

// requests are the REQUESTs that a leader has heard and not made a transaction of. Several clients
// of a session may give the same name to theirs.
type requests struct {
	reign   int64                     // the epoch in which the member leads, or has led last; or 0
	from    map[effects.LinkID]int    // the node of each learner's link
	waiting map[name][]effects.LinkID // by which a request came, in order
	over    []effects.LinkID          // the links that have ended since the last step
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
	w.waiting[key] = append(w.waiting[key], link)
}

// Stepped: the member has dealt with everything that came. A leader makes no transactions any more
// of what a link had brought that has ended.
func (w *Witness) Stepped() {
	if len(w.over) == 0 {
		return
	}
	over := func(link effects.LinkID) bool { return slices.Contains(w.over, link) }
	for key, list := range w.waiting {
		if list = slices.DeleteFunc(list, over); len(list) == 0 {
			delete(w.waiting, key)
		} else {
			w.waiting[key] = list
		}
	}
	w.over = w.over[:0]
}

// Leads: a reign of the member stands.
func (w *Witness) Leads(epoch int64) { w.reign = epoch }

// Origin is the node whose client asked for a transaction that goes to the member's log now: the
// member itself if no learner has, 0 if another server has proposed it. The epoch tells: a leader
// may propose and end its reign in one step.
func (w *Witness) Origin(h *jute.TxnHeader) int {
	if w.reign == 0 || h.Zxid.Epoch() != w.reign {
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
	return w.from[list[0]]
}
