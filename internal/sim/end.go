package sim

import (
	"slices"

	"quoll/internal/sim/client"
	"quoll/internal/sim/node"
	"quoll/jute"
	"quoll/quorum"
	"quoll/quorum/zab"
)

// Bounds for a healthy server, by world time, µs.
const (
	// answerMicros is how long an answer takes at most when nothing is wrong.
	answerMicros = 1_000_000
	// choresMicros is how long the server may take for a snapshot, and to see that a node is no
	// longer needed.
	choresMicros = 4_000_000
)

// end checks, now that nothing is wrong any more, all that the server owes: answers within a bound,
// reaped nodes, snapshots, and nothing left inside when all clients have gone. Then it stops the
// server and looks at what it leaves on disk.
func (w *run) end() {
	w.rolled = w.rollOvers()
	for _, step := range []func(){
		w.lastReads, w.quiet, w.checkSessions, w.checkReaped, w.checkSnapshots, w.farewell,
		w.checkDisks,
	} {
		if step(); len(w.Broken) > 0 {
			return
		}
	}
}

// waitFor lets the run go on until done. It is a violation when that takes longer than a bound.
// When the zxids of an epoch were used up, everyone has to find the next leader first. An observer
// can look for the one before until it has dialled it in vain for a second.
func (w *run) waitFor(what string, micros int64, done func() bool) {
	if !done() {
		w.RunUntil(w.Now+micros, done)
	}
	if rolled := w.rollOvers(); !done() && rolled > w.rolled {
		w.rolled = rolled
		w.RunUntil(w.Now+coreMicros, done)
	}
	if len(w.Broken) == 0 && !done() {
		w.Violate("%s: not within %d ms after the last fault", what, micros/1000)
		for _, c := range w.clients {
			w.Note("%v", c)
		}
	}
}

// rollOvers is how often the zxids of an epoch were used up.
func (w *run) rollOvers() int { return w.Counts.Get("role ends", zab.ErrRollOver.Error()) }

func (w *run) answered() bool {
	return !slices.ContainsFunc(w.clients, func(c *client.Client) bool { return !c.Settled() })
}

// lastReads reads everything once more.
func (w *run) lastReads() {
	for _, c := range w.clients {
		c.ReadAll()
	}
	w.waitFor("the last reads are answered", answerMicros, w.answered)
}

// quiet notes that nothing is on its way.
func (w *run) quiet() {
	w.history.Quiet, w.history.QuietAt = w.nodes.last(), w.Now
	for _, c := range w.clients {
		w.history.Left = append(w.history.Left, c.End()...)
	}
}

// checkReaped: no needless node is left. For longer than the server takes to see it, no client has
// made a child in such a node, or written to it. A leader deletes nodes, by its own wall clock.
func (w *run) checkReaped() {
	var needless []string
	w.waitFor("nodes are reaped", choresMicros, func() bool {
		needless = each(w.nodes, func(n *node.Node) []string {
			if s := n.Status(); s.Role != quorum.Leading && s.Role != quorum.Alone {
				return nil
			}
			return n.Needless()
		})
		return len(needless) == 0
	})
	if len(needless) > 0 {
		w.Violate("not needed, and still there: %q", needless)
	}
}

// checkSnapshots: a snapshot follows the number of writes after which it is due, and a purge leaves
// as many as it should.
func (w *run) checkSnapshots() {
	most := w.plan.server.Limits.SnapCount
	if most > 50 || w.plan.server.Throttle.MaxRequests > 0 || len(w.plan.server.Enforce) > 0 {
		return
	}
	idle := func(n *node.Node) bool { return !n.Writing() }
	w.waitFor("a snapshot ends", choresMicros, func() bool { return w.nodes.all(idle) })
	w.waitFor("everyone is still connected", answerMicros, w.answered)
	if len(w.Broken) > 0 {
		return
	}
	type seen struct {
		snapshots int
		elections int64
	}
	before, logged, elections := map[*node.Node]seen{}, w.logged(), w.nodes.elections()
	for _, n := range w.nodes {
		before[n] = seen{n.Snapshots(), n.Status().Elections}
	}
	w.clients[0].WriteSome(int(most) + 1)
	w.waitFor("writes are answered", answerMicros, w.answered)
	if w.logged() <= logged+int(most) || w.nodes.elections() != elections {
		// enableEagerACLCheck refuses writes before they count. And a snapshot that is due ends
		// with the role, as when an epoch is used up.
		return
	}
	w.waitFor("a snapshot follows writes", choresMicros, func() bool {
		return w.nodes.all(func(n *node.Node) bool {
			// Who lost its leader behind the answers can have the writes from a tree: none is due.
			left := n.Status().Elections != before[n].elections
			return (left || n.Snapshots() > before[n].snapshots) && !n.Writing()
		})
	})
	w.Counts.Add("end", "a snapshot follows writes")
	for _, n := range w.nodes {
		n.CheckPurge()
	}
}

// farewell lets every client close its session. Nothing of them may stay inside.
func (w *run) farewell() {
	for _, c := range w.clients {
		c.Leave()
	}
	gone := func(n *node.Node) bool { return n.Connections() == 0 }
	w.waitFor("sessions are closed", answerMicros, func() bool {
		stays := func(c *client.Client) bool { return !c.HasLeft() }
		return !slices.ContainsFunc(w.clients, stays) && w.nodes.all(gone) && w.nodes.quiet()
	})
	// A client that did not authenticate may not even close its session.
	w.waitFor("sessions end", 2*maxTimeout*1000, func() bool {
		return len(each(w.nodes, (*node.Node).Sessions)) == 0 && w.nodes.quiet()
	})
	inside := func() []string { return each(w.nodes, (*node.Node).Inside) }
	w.waitFor("nothing is left inside", answerMicros, func() bool { return len(inside()) == 0 })
	if left := inside(); len(left) > 0 {
		w.Violate("left inside when everyone has gone: %q", left)
	}
}

// checkSessions: the sessions of clients that are not connected have expired.
func (w *run) checkSessions() {
	var want []jute.SessionID
	for _, c := range w.clients {
		want = append(want, c.Session())
	}
	for _, s := range each(w.nodes, (*node.Node).Sessions) {
		if !slices.Contains(want, s.ID) {
			w.Violate("session %v was left long ago and did not expire", s.ID)
		}
	}
}

// checkDisks stops every server, and looks at what it leaves on disk.
func (w *run) checkDisks() {
	w.waitFor("nothing happens any more", answerMicros, w.nodes.quiet)
	for _, n := range w.nodes {
		n.CheckDisk()
	}
}
