package witness

import (
	"quoll/jute"
	"quoll/jute/ensemble"
	"quoll/quorum/effects"
)

// requests are the REQUESTs that a leader has heard and not made a transaction of. Several clients
// of a session may give the same name to theirs.
type requests struct {
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

// Origin is the node whose client asked for a transaction that the leader proposes now: the leader
// itself if no learner has.
func (w *Witness) Origin(session jute.SessionID, cxid int32) int {
	key := name{session, cxid}
	list := w.waiting[key]
	if len(list) == 0 {
		return w.Node
	}
	if w.waiting[key] = list[1:]; len(list) == 1 {
		delete(w.waiting, key)
	}
	return list[0]
}
