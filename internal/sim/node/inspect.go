package node

import (
	"fmt"
	"strings"

	"quoll/datatree"
	"quoll/internal/sim/fuse"
	"quoll/internal/sim/simfs"
	"quoll/jute"
	"quoll/persistence"
	"quoll/persistence/names"
	"quoll/processor/session"
)

// The methods in this file are for a node that is Up.

// InFlight is how many requests were taken and not answered.
func (n *Node) InFlight() int { return n.process.replica.InFlight() }

// Idle says whether nothing is on its way to the disk, and its tree shows all that is there.
func (n *Node) Idle() bool {
	p := n.process
	return !p.log.busy && p.log.queue.Waiting() == 0 && n.Last() >= p.store.Log().LastZxid()
}

// Last is the last transaction that its tree shows.
func (n *Node) Last() jute.Zxid { return n.process.tree.Peek().LastZxid() }

// Connections is how many connections are open.
func (n *Node) Connections() int { return len(n.process.sockets()) }

// Sessions lists the sessions that it knows.
func (n *Node) Sessions() []session.Saved { return n.process.replica.Sessions().Snapshot(nil) }

// Writing says whether a snapshot is being written.
func (n *Node) Writing() bool { return n.process.walk != nil }

// Snapshots is how many snapshots were ever written beside its running server.
func (n *Node) Snapshots() int { return n.snapshots }

// Needless are the containers whose children are gone, and the nodes whose time to live is over.
func (n *Node) Needless() (paths []string) {
	const ttl, container = 0xff << 56, 1 << 63
	var cursor datatree.Cursor
	tree, now := n.process.tree, n.process.now().WallMillis
	tree.Peek().StartWalk(&cursor)
	v := tree.Peek()
	for more := true; more; {
		more, _ = tree.Walk(&cursor, 1000, func(
			path string, _ []byte, _ int64, st *jute.StatPersisted,
		) error {
			ref, _ := v.Find([]byte(path))
			owner, childless := uint64(st.EphemeralOwner), v.NumChildren(ref) == 0
			old := childless && n.set.Model.ExtendedTypes && owner>>40 == ttl>>40 &&
				now-st.Mtime > int64(owner&(1<<40-1))
			if childless && owner == container && st.Cversion > 0 || old {
				paths = append(paths, path)
			}
			return nil
		})
	}
	return paths
}

// CheckPurge purges, and counts what is left.
func (n *Node) CheckPurge() {
	p := n.process
	n.guard(p, p.purge)
	files, err := n.disk.ReadDir(p.store.SnapDir())
	if err != nil {
		n.Violate("list the snapshots: %v", err)
		return
	}
	kept := 0
	for _, f := range files {
		if strings.HasPrefix(f.Name, "snapshot.") {
			kept++
		}
	}
	// A snapshot that could not be flushed does not count.
	if kept > persistence.MinRetainCount+n.rotten && !p.n.fuse.Failed() {
		n.Violate("%d snapshots are there after a purge: %+v", kept, files)
	}
}

// Inside lists what the server still has of its clients, and of jobs for learners.
func (n *Node) Inside() (left []string) {
	p := n.process
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
		{"logs open for a learner", int64(len(p.logs))},
		{"trees being built", int64(len(p.builds))},
		{"walks of the tree", int64(len(p.walks))},
	} {
		if x.n != 0 {
			left = append(left, fmt.Sprintf("node %d: %d %s", n.number, x.n, x.what))
		}
	}
	for _, s := range p.sockets() {
		c := s.tape.Conn
		left = append(left, fmt.Sprintf("connection %d of session %v", c.ID, c.Session))
	}
	return left
}

// CheckDisk stops the server. The disk must hold what the server had, even when the power goes a
// moment later.
func (n *Node) CheckDisk() {
	n.fuse.At(fuse.Sent)
	p := n.process
	live := n.fingerprint(p.tree)
	last := p.tree.Peek().LastZxid()
	n.disk.Inject = nil
	images := []*simfs.Disk{n.disk.Kill()}
	if !n.set.Store.Log.NoSync {
		images = append(images, n.disk.PowerLoss(simfs.Everything()))
	}
	if err := p.store.Close(); err != nil {
		n.Violate("stop: %v", err)
		return
	}
	images = append(images, n.disk.Kill())
	if !n.set.Store.Log.NoSync {
		images = append(images, n.disk.PowerLoss(simfs.Everything()))
	}
	n.process = nil
	if !n.set.Store.Log.NoSync {
		n.checkRot(n.disk.Kill(), last, live)
	}
	for i, disk := range images {
		if err := n.reread(disk, last, live); err != nil {
			n.Violate("image %d of the end: %v", i, err)
		}
	}
}

func (n *Node) reread(disk *simfs.Disk, last jute.Zxid, live uint64) error {
	tree, _, found, err := n.restore(disk, ignore)
	if err != nil {
		return err
	}
	if f := tree.Faults(); f != (datatree.Faults{}) {
		return fmt.Errorf("replay: %+v", f)
	}
	if !n.isAt(found.LastZxid, last) || n.fingerprint(tree) != live {
		return fmt.Errorf("recovered to %v and another tree; the server was at %v",
			found.LastZxid, last)
	}
	return nil
}

// isAt says whether the end of a log is where a tree was. That may be the beginning of a reign
// behind it.
func (n *Node) isAt(end, last jute.Zxid) bool {
	begins := n.set.Peers != nil && int64(last.Counter()) == n.set.Peers.Zab.InitialZxid
	return end == last || begins && end < last
}

// checkRot: a file that rots is refused, or does not matter. It must never make another tree.
func (n *Node) checkRot(disk *simfs.Disk, last jute.Zxid, live uint64) {
	list := append(files(disk, names.Snapshot), files(disk, names.Log)...)
	name := list[n.Rand.IntN(len(list))]
	n.flip(disk, name)
	tree, _, found, err := n.restore(disk, ignore)
	switch {
	case err != nil:
		n.Counts.Add("rot", "refused")
	case !n.isAt(found.LastZxid, last) || n.fingerprint(tree) != live:
		n.Violate("%s rotted, and a start made another tree of it, at %v instead of %v",
			name, found.LastZxid, last)
	default:
		n.Counts.Add("rot", "without effect")
	}
}
