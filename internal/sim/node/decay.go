package node

import (
	"cmp"
	"path"
	"slices"

	"quoll/internal/replica"
	"quoll/internal/sim/simfs"
	"quoll/jute"
	"quoll/persistence/names"
	"quoll/processor/session"
)

// decay is what happens to the files while the server is down. A snapshot rots, or comes from a
// server that forgot a session (Apache's could), so that nobody owns the session's ephemerals.
func (n *Node) decay() {
	if n.healed || n.life == 0 {
		return
	}
	n.disk.Inject = nil
	switch {
	case n.set.Faults.Rot && n.Chance(4):
		n.rotSnapshot()
	case n.set.Faults.Orphans && n.Chance(3):
		n.orphan()
	}
}

// files lists the data of a kind, in the order of zxids.
func files(disk *simfs.Disk, kind names.Kind) (list []string) {
	zxid := func(file string) jute.Zxid { return names.Parse(path.Base(file)).Zxid }
	for _, file := range disk.Names() {
		if n := names.Parse(path.Base(file)); n.Class == names.Exact && n.Kind == kind {
			list = append(list, file)
		}
	}
	slices.SortStableFunc(list, func(a, b string) int { return cmp.Compare(zxid(a), zxid(b)) })
	return list
}

// rotSnapshot spoils the newest snapshot, if there is an older one that makes a start with the same
// outcome possible. A member may have a snapshot that goes beyond its log, because others had the
// log on disk; or one that came from its leader. Of those a start must refuse the loss.
func (n *Node) rotSnapshot() {
	list := files(n.disk, names.Snapshot)
	if len(list) < 2 {
		return
	}
	name := list[len(list)-1]
	bit := n.Rand.Int64N(int64(len(n.disk.Read(name)))*8 + 1)
	if n.set.Peers != nil {
		tree, dir, before, err := n.restore(n.disk.Kill(), ignore)
		if err != nil {
			return // another start will say so
		}
		_ = dir.Close()
		rotten := n.disk.Kill()
		rotten.FlipBit(name, max(bit-1, 0))
		other, _, after, err := n.restore(rotten, ignore)
		if err != nil {
			n.Counts.Add("rot", "a member's start refuses")
			return
		}
		if tree.Peek().TreeDigest() != other.Peek().TreeDigest() {
			n.Violate("node %d: %s rotted, and a start finds %v instead of %v", n.number, name,
				after.LastZxid, before.LastZxid)
		}
	}
	n.Counts.Add("fault", "a snapshot rots")
	n.rotten++
	n.disk.FlipBit(name, max(bit-1, 0))
}

// flip turns one bit of a file.
func (n *Node) flip(disk *simfs.Disk, name string) {
	if bits := int64(len(disk.Read(name))) * 8; bits > 0 {
		bit := n.Rand.Int64N(bits)
		n.Note("bit %d of %s turns", bit, name)
		disk.FlipBit(name, bit)
	}
}

// orphan writes a snapshot like that of a server that forgot one of the sessions with ephemerals.
// Older snapshots, which still know that session, are deleted.
func (n *Node) orphan() {
	tree, dir, found, err := n.restore(n.disk, ignore)
	if err != nil {
		n.Violate("start on a sound disk: %v", err)
		return
	}
	v := tree.Peek()
	owners := slices.DeleteFunc(v.Sessions(), func(id jute.SessionID) bool {
		return len(v.EphemeralsOf(id)) == 0
	})
	slices.Sort(owners)
	if found.Empty || len(owners) == 0 || len(found.Orphans) > 0 {
		_ = dir.Close()
		return
	}
	victim := owners[n.Rand.IntN(len(owners))]
	n.Counts.Add("fault", "a snapshot without a session")
	n.Note("session %v is forgotten", victim)
	n.record.Forgotten(victim)
	known := slices.DeleteFunc(found.Sessions, func(s session.Saved) bool { return s.ID == victim })
	walk := n.walk(dir, replica.NewSnapshotJob(tree, known))
	for more := true; more && err == nil; {
		more, err = walk.Step(1 << 20)
	}
	if err == nil {
		err = dir.Close()
	}
	if err != nil {
		n.Violate("a snapshot without a session: %v", err)
		return
	}
	for _, name := range files(n.disk, names.Snapshot) {
		if name != walk.Info().File {
			n.disk.Delete(name)
		}
	}
}
