package node

import (
	"quoll/jute"
	"quoll/processor/tell"
)

// told takes what a life of the server would say about its clients in its log (tell.Teller).
type told struct {
	n     *Node
	ended map[jute.SessionID]bool
}

func newTold(n *Node) *told { return &told{n: n, ended: map[jute.SessionID]bool{}} }

// Tell counts what is told. A session ends once in the life of a process, whatever its client, its
// deadline and its connections do.
func (t *told) Tell(e tell.Event) {
	t.n.Counts.Add("told", e.Kind.String())
	if e.Kind != tell.Expired && e.Kind != tell.Closed {
		return
	}
	if t.ended[e.Session] {
		t.n.Violate("the end of session %v is told twice, now as %v", e.Session, e.Kind)
	}
	t.ended[e.Session] = true
}
