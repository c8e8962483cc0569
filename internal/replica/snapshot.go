package replica

import (
	"slices"

	"quoll/datatree"
	"quoll/jute"
	"quoll/processor/session"
	"quoll/quorum/effects"
)

// SnapshotKind says what becomes of a walk over a tree.
type SnapshotKind uint8

// The kinds of snapshots.
const (
	// ToDisk writes a snapshot of the served tree into the own directory. A failure costs nothing,
	// because the log has everything.
	ToDisk SnapshotKind = iota
	// ToLink streams the served tree to a learner (effects.StreamTree).
	ToLink
	// ToInstall writes a snapshot of the tree that is beside. Its file is complete at the end, but
	// gets its name only from an Install (effects.SaveTree).
	ToInstall
)

// SnapshotJob asks for a walk over a tree. The tree changes meanwhile, so the snapshot is fuzzy:
// every transaction above Zxid must be replayed on it.
type SnapshotJob struct {
	Kind SnapshotKind
	// Generation is the number of this job alone, so that the end of an older job cannot be taken
	// for the end of this one.
	Generation uint64
	Link       effects.LinkID // of ToLink
	Tree       *datatree.Tree
	Zxid       jute.Zxid
	Sessions   []session.Saved // can hold a session twice: see session.Sorted
	ACLs       []ACLEntry      // the table that the nodes' keys point into
	Cursor     datatree.Cursor // at the beginning of the walk

	gathered session.Cursor
}

// ACLEntry is one list of the ACL table.
type ACLEntry struct {
	Key int64
	ACL []jute.ACL
}

// NewSnapshotJob begins a walk for a snapshot of the tree in its present state, into the own
// directory. The caller must be the only writer of the tree. The job has no Generation.
func NewSnapshotJob(tree *datatree.Tree, sessions []session.Saved) *SnapshotJob {
	job := &SnapshotJob{Tree: tree, Sessions: sessions}
	v := tree.Peek()
	v.StartWalk(&job.Cursor)
	v.ACLTable(func(key int64, acl []jute.ACL) {
		job.ACLs = append(job.ACLs, ACLEntry{Key: key, ACL: acl})
	})
	job.Zxid = job.Cursor.Zxid()
	return job
}

// ownJobs is the bit of the generations of the replica's own jobs. The peer counts its jobs from 1.
const ownJobs = 1 << 63

// snapshots are the walks that the replica has begun.
type snapshots struct {
	wanted  bool           // the log rolled, and no snapshot was begun since
	jobs    uint64         // how many of its own the replica has begun
	walking uint64         // generation of the own one that is being written; 0: none
	waiting []*SnapshotJob // walks of the served tree whose sessions are being listed
}

// startSnapshot starts a snapshot job if one is wanted and none runs. While one runs the wish is
// kept, and a job starts when the running one has ended. None starts while this server looks for a
// leader: its tree may hold transactions that will never be committed (ZOOKEEPER-4837, 1558).
func (r *Replica) startSnapshot() {
	s := &r.snapshots
	if !s.wanted || s.walking > 0 || !r.serves {
		return
	}
	s.jobs++
	s.wanted, s.walking = false, ownJobs|s.jobs
	job := NewSnapshotJob(r.tree, nil)
	job.Generation = s.walking
	s.waiting = append(s.waiting, job)
}

// stream starts to stream the tree to a learner.
func (r *Replica) stream(j *effects.Job) {
	job := NewSnapshotJob(r.tree, nil)
	job.Kind, job.Generation, job.Link = ToLink, j.Generation, j.Link
	r.snapshots.waiting = append(r.snapshots.waiting, job)
}

// save starts to write a snapshot of the tree that is beside. There is no such tree if the role
// ended in the step in which it asked for this; then a Cancel of the job follows.
func (r *Replica) save(j *effects.Job) {
	if r.beside == nil {
		return
	}
	job := NewSnapshotJob(r.beside.Tree, r.beside.Sessions())
	job.Kind, job.Generation = ToInstall, j.Generation
	r.effects.Snapshots = append(r.effects.Snapshots, job)
}

// sessionsPerStep is how many sessions a step lists for a snapshot. A step that listed a million
// would delay all requests.
const sessionsPerStep = 8192

// gatherSessions lists some sessions for the first walk that waits, and starts the walk when all
// are listed. The list is as fuzzy as the tree: sessions that begin or end meanwhile do so in
// transactions above the job's zxid, and these are replayed.
func (r *Replica) gatherSessions() {
	s := &r.snapshots
	if len(s.waiting) == 0 {
		return
	}
	job := s.waiting[0]
	var more bool
	job.Sessions, more = r.sessions.SnapshotPart(job.Sessions, &job.gathered, sessionsPerStep)
	if !more {
		s.waiting = slices.Delete(s.waiting, 0, 1)
		r.effects.Snapshots = append(r.effects.Snapshots, job)
	}
	r.effects.Again = r.effects.Again || len(s.waiting) > 0
}

// ended takes the end of an own job.
func (s *snapshots) ended(generation uint64) {
	if generation == s.walking {
		s.walking = 0
	}
}

// cancel gives up the walk with a generation, if it has not started yet. Otherwise it is false.
func (s *snapshots) cancel(generation uint64) bool {
	i := slices.IndexFunc(s.waiting, func(j *SnapshotJob) bool {
		return j.Generation == generation
	})
	if i < 0 {
		return false
	}
	s.waiting[i].Tree.StopWalk(&s.waiting[i].Cursor)
	s.waiting = slices.Delete(s.waiting, i, i+1)
	return true
}

// giveUp ends the own snapshot that is being written, because the role ends.
func (r *Replica) giveUp() {
	s := &r.snapshots
	if s.walking > 0 && !s.cancel(s.walking) {
		r.effects.Jobs = append(r.effects.Jobs,
			effects.Job{Kind: effects.Cancel, Generation: s.walking})
	}
	s.walking = 0
}
