package witness

import (
	"quoll/internal/sim/world"
	"quoll/jute"
	"quoll/processor/tell"
)

// Told takes what a life of the server would say about its clients in its log (tell.Teller).
type Told struct {
	w     *world.World
	ended map[jute.SessionID]bool
}

// NewTold begins a life.
func NewTold(w *world.World) *Told { return &Told{w: w, ended: map[jute.SessionID]bool{}} }

// Tell counts what is told. A session ends once in the life of a process, whatever its client, its
// deadline and its connections do.
func (t *Told) Tell(e tell.Event) {
	t.w.Counts.Add("told", e.Kind.String())
	if e.Kind != tell.Expired && e.Kind != tell.Closed {
		return
	}
	if t.ended[e.Session] {
		t.w.Violate("the end of session %v is told twice, now as %v", e.Session, e.Kind)
	}
	t.ended[e.Session] = true
}

// RoleOver: a role ends. What it proposed may be lost, and then happens again.
func (t *Told) RoleOver() { clear(t.ended) }
