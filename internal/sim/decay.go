package sim

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

// decay is what becomes of the files while the server is down: a snapshot rots, or one comes from
// a server that forgot a session (Apache's could), so that its ephemerals are nobody's.
func (w *run) decay() {
	if w.healed || w.life == 0 {
		return
	}
	w.disk.Inject = nil
	switch {
	case w.plan.faults.rot && w.Chance(4):
		w.rotSnapshot()
	case w.plan.faults.orphans && w.Chance(3):
		w.orphan()
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

// rotSnapshot spoils the newest snapshot, if there is an older one: with its logs that one holds
// the same.
func (w *run) rotSnapshot() {
	if list := files(w.disk, names.Snapshot); len(list) > 1 {
		w.Counts.Add("fault", "a snapshot rots")
		w.rotten++
		w.flip(w.disk, list[len(list)-1])
	}
}

// flip turns one bit of a file.
func (w *run) flip(disk *simfs.Disk, name string) {
	if bits := int64(len(disk.Read(name))) * 8; bits > 0 {
		bit := w.Rand.Int64N(bits)
		w.Note("bit %d of %s turns", bit, name)
		disk.FlipBit(name, bit)
	}
}

// orphan writes a snapshot as a server leaves it that forgot one of the sessions that have
// ephemerals; older ones, which still know it, go.
func (w *run) orphan() {
	tree, dir, found, err := w.restore(w.disk)
	if err != nil {
		w.Violate("start on a sound disk: %v", err)
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
	victim := owners[w.Rand.IntN(len(owners))]
	w.Counts.Add("fault", "a snapshot without a session")
	w.Note("session %v is forgotten", victim)
	w.history.Orphaned[victim] = true
	known := slices.DeleteFunc(found.Sessions, func(s session.Saved) bool { return s.ID == victim })
	walk := w.walk(dir, tree, replica.NewSnapshotJob(tree, known))
	for more := true; more && err == nil; {
		more, err = walk.Step(1 << 20)
	}
	if err == nil {
		err = dir.Close()
	}
	if err != nil {
		w.Violate("a snapshot without a session: %v", err)
		return
	}
	for _, name := range files(w.disk, names.Snapshot) {
		if name != walk.Info().File {
			w.disk.Delete(name)
		}
	}
}

// checkRot: a file that rots is refused, or does not matter; it never makes another tree.
func (w *run) checkRot(disk *simfs.Disk, last jute.Zxid, live uint64) {
	list := append(files(disk, names.Snapshot), files(disk, names.Log)...)
	name := list[w.Rand.IntN(len(list))]
	w.flip(disk, name)
	tree, _, found, err := w.restore(disk)
	switch {
	case err != nil:
		w.Counts.Add("rot", "refused")
	case found.LastZxid != last || fingerprint(tree) != live:
		w.Violate("%s rotted, and a start made another tree of it, at %v instead of %v",
			name, found.LastZxid, last)
	default:
		w.Counts.Add("rot", "without effect")
	}
}
