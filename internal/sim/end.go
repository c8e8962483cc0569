package sim

import (
	"fmt"
	"slices"
	"strings"

	"quoll/datatree"
	"quoll/internal/sim/client"
	"quoll/internal/sim/simfs"
	"quoll/jute"
	"quoll/persistence"
)

// Bounds of a server that is healthy, by world time, µs.
const (
	// answerMicros is how long an answer takes at most when nothing is wrong.
	answerMicros = 1_000_000
	// choresMicros is how long the server may take for a snapshot, and to see that a node is no
	// longer needed.
	choresMicros = 4_000_000
)

// end holds the server, now that nothing is wrong any more, against all that it owes: answers
// within a bound, nodes reaped, snapshots, and nothing left inside when everyone has gone. Then it
// stops the server and looks at what it leaves on disk.
func (w *run) end() {
	for _, step := range []func(){
		w.lastReads, w.quiet, w.checkSessions, w.checkReaped, w.checkSnapshots, w.farewell,
		w.checkDisk,
	} {
		if step(); len(w.Broken) > 0 {
			return
		}
	}
}

// waitFor lets things happen until they are done, or a bound is passed.
func (w *run) waitFor(what string, micros int64, done func() bool) {
	if !done() {
		w.RunUntil(w.Now+micros, done)
	}
	if len(w.Broken) == 0 && !done() {
		w.Violate("%s: not within %d ms after the last fault", what, micros/1000)
		for _, c := range w.clients {
			w.Note("%v", c)
		}
	}
}

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
	w.history.Quiet, w.history.QuietAt = w.process.tree.Peek().LastZxid(), w.Now
	for _, c := range w.clients {
		w.history.Left = append(w.history.Left, c.End()...)
	}
}

// checkReaped: no node stands that nobody needs. Who had children in it, or wrote to it, has done
// nothing for longer than it takes to see it.
func (w *run) checkReaped() {
	var needless []string
	w.waitFor("nodes are reaped", choresMicros, func() bool {
		needless = w.needless()
		return len(needless) == 0
	})
	if len(needless) > 0 {
		w.Violate("not needed, and still there: %q", needless)
	}
}

// needless are the containers whose children are gone, and the nodes whose time to live is over.
func (w *run) needless() (paths []string) {
	const ttl, container = 0xff << 56, 1 << 63
	var cursor datatree.Cursor
	tree, now := w.process.tree, w.process.now().WallMillis
	tree.Peek().StartWalk(&cursor)
	v := tree.Peek()
	for more := true; more; {
		more, _ = tree.Walk(&cursor, 1000, func(
			path string, _ []byte, _ int64, st *jute.StatPersisted,
		) error {
			n, _ := v.Find([]byte(path))
			owner, childless := uint64(st.EphemeralOwner), v.NumChildren(n) == 0
			old := childless && w.plan.model.ExtendedTypes && owner>>40 == ttl>>40 &&
				now-st.Mtime > int64(owner&(1<<40-1))
			if childless && owner == container && st.Cversion > 0 || old {
				paths = append(paths, path)
			}
			return nil
		})
	}
	return paths
}

// checkSnapshots: as many writes as a snapshot is due after bring one about, and a purge leaves as
// many as it should.
func (w *run) checkSnapshots() {
	p, most := w.process, w.plan.limits.snapCount
	if most > 50 || w.plan.throttle.MaxRequests > 0 || len(w.plan.enforce) > 0 {
		return
	}
	w.waitFor("a snapshot ends", choresMicros, func() bool { return p.walk == nil })
	w.waitFor("everyone is still connected", answerMicros, w.answered)
	if len(w.Broken) > 0 {
		return
	}
	before, logged := w.snapshots, len(w.log)
	w.clients[0].WriteSome(int(most) + 1)
	w.waitFor("writes are answered", answerMicros, w.answered)
	if len(w.log) <= logged+int(most) {
		return // enableEagerACLCheck refuses writes before they count
	}
	w.waitFor("a snapshot follows writes", choresMicros, func() bool {
		return w.snapshots > before && p.walk == nil
	})
	w.Counts.Add("end", "a snapshot follows writes")
	w.guard(p, p.purge)
	files, err := w.disk.ReadDir(p.store.SnapDir())
	if err != nil {
		w.Violate("list the snapshots: %v", err)
		return
	}
	kept := 0
	for _, f := range files {
		if strings.HasPrefix(f.Name, "snapshot.") {
			kept++
		}
	}
	// One that could not be flushed counts for nothing.
	if kept > persistence.MinRetainCount+w.rotten && !p.failed {
		w.Violate("%d snapshots are there after a purge: %+v", kept, files)
	}
}

// farewell has everyone close the session. Nothing of them may stay inside.
func (w *run) farewell() {
	for _, c := range w.clients {
		c.Leave()
	}
	p := w.process
	w.waitFor("sessions are closed", answerMicros, func() bool {
		stays := func(c *client.Client) bool { return !c.HasLeft() }
		return !slices.ContainsFunc(w.clients, stays) && len(p.sockets()) == 0 &&
			p.replica.InFlight() == 0
	})
	// Who did not authenticate may not even close its session.
	w.waitFor("sessions end", 2*maxTimeout*1000, func() bool {
		return p.replica.Sessions().Len() == 0 && p.replica.InFlight() == 0
	})
	w.waitFor("nothing is left inside", answerMicros, func() bool { return len(w.inside()) == 0 })
	if left := w.inside(); len(left) > 0 {
		w.Violate("left inside when everyone has gone: %q", left)
	}
}

// inside lists what the server still has of its clients.
func (w *run) inside() (left []string) {
	p := w.process
	v := p.tree.Peek()
	for _, x := range []struct {
		what string
		n    int64
	}{
		{"connections", int64(p.shared.Conns.Len())},
		{"requests in flight", int64(p.replica.InFlight())},
		{"outstanding requests", int64(p.loops[0].lane.Busy())},
		{"bytes of large requests", p.shared.Large.Inside()},
		{"sessions", int64(p.replica.Sessions().Len())},
		{"watches", int64(v.WatchCount())},
		{"ephemerals", int64(v.EphemeralCount())},
		{"owners of ephemerals", int64(len(v.Sessions()))},
	} {
		if x.n != 0 {
			left = append(left, fmt.Sprintf("%d %s", x.n, x.what))
		}
	}
	return left
}

// checkSessions: who is not connected has expired.
func (w *run) checkSessions() {
	var want []jute.SessionID
	for _, c := range w.clients {
		want = append(want, c.Session())
	}
	for _, s := range w.process.replica.Sessions().Snapshot(nil) {
		if !slices.Contains(want, s.ID) {
			w.Violate("session %v was left long ago and did not expire", s.ID)
		}
	}
}

// checkDisk: what a stopped server leaves is what it had, also when the power goes a moment later.
func (w *run) checkDisk() {
	w.at(pointCount - 1)
	p := w.process
	live := fingerprint(p.tree)
	last := p.tree.Peek().LastZxid()
	w.disk.Inject = nil
	images := []*simfs.Disk{w.disk.Kill()}
	if !w.plan.store.log.NoSync {
		images = append(images, w.disk.PowerLoss(simfs.Everything()))
	}
	if err := p.store.Close(); err != nil {
		w.Violate("stop: %v", err)
		return
	}
	images = append(images, w.disk.Kill())
	if !w.plan.store.log.NoSync {
		images = append(images, w.disk.PowerLoss(simfs.Everything()))
	}
	w.process = nil
	if !w.plan.store.log.NoSync {
		w.checkRot(w.disk.Kill(), last, live)
	}
	for i, disk := range images {
		if err := w.reread(disk, last, live); err != nil {
			w.Violate("image %d of the end: %v", i, err)
		}
	}
}

func (w *run) reread(disk *simfs.Disk, last jute.Zxid, live uint64) error {
	tree, _, found, err := w.restore(disk)
	if err != nil {
		return err
	}
	if f := tree.Faults(); f != (datatree.Faults{}) {
		return fmt.Errorf("replay: %+v", f)
	}
	if found.LastZxid != last || fingerprint(tree) != live {
		return fmt.Errorf("recovered to %v and another tree; the server was at %v",
			found.LastZxid, last)
	}
	return nil
}
