package restore_test

import (
	"io/fs"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/datatree"
	"quoll/internal/replica"
	"quoll/internal/replica/restore"
	"quoll/internal/replica/snapshotting"
	"quoll/internal/sim/simfs"
	"quoll/jute"
	"quoll/persistence"
	"quoll/persistence/snap"
	"quoll/processor/session"
)

// server is a tree with its directory, without anything between the two.
type server struct {
	t    *testing.T
	dir  *persistence.Dir
	tree *datatree.Tree
}

// start reads a disk and writes the snapshot that is due, as a server does.
func start(t *testing.T, disk *simfs.Disk) (*server, *restore.Found) {
	t.Helper()
	s := &server{t: t, tree: datatree.New(datatree.Options{Digest: true})}
	var err error
	s.dir, err = persistence.Open(disk, persistence.DefaultOptions("/data"))
	require.NoError(t, err)
	found, err := restore.Tree(s.dir, s.tree, restore.Hooks{})
	require.NoError(t, err)
	found.EndOrphans(s.tree)
	if found.NeedsSnapshot() {
		s.snapshot(found.Sessions)
	}
	return s, found
}

func (s *server) snapshot(sessions []session.Saved) *snapshotting.Walk {
	s.t.Helper()
	walk := snapshotting.New(s.dir, replica.NewSnapshotJob(s.tree, sessions),
		snapshotting.Options{Digest: true, LastZxid: true})
	for more := true; more; {
		var err error
		more, err = walk.Step(1000)
		require.NoError(s.t, err)
	}
	return walk
}

// write logs and applies one transaction. It logs the digest that the tree has after it.
func (s *server) write(op jute.OpCode, id jute.SessionID, body jute.Record) {
	s.t.Helper()
	e := jute.Entry{Header: jute.TxnHeader{
		ClientID: id, Zxid: s.tree.Peek().LastZxid() + 1, Type: op,
	}}
	e.Body = jute.Append(nil, body)
	var result datatree.Result
	s.tree.Lock()
	s.tree.Apply(&e, &result)
	s.tree.Unlock()
	e.HasDigest = true
	e.Digest = jute.TxnDigest{Version: 2, TreeDigest: s.tree.Peek().TreeDigest()}
	e.Payload = jute.AppendEntry(nil, &e)
	require.NoError(s.t, s.dir.Log().Append(&e))
	_, err := s.dir.Log().Commit()
	require.NoError(s.t, err)
}

func (s *server) create(path string, owner jute.SessionID) {
	s.t.Helper()
	s.write(jute.OpCreate, owner, &jute.CreateTxn{
		Path: []byte(path), Ephemeral: owner != 0, ParentCVersion: s.creates(path) + 1,
		ACL: []jute.ACL{{Perms: jute.PermAll, ID: jute.ID{Scheme: "world", ID: "anyone"}}},
	})
}

// creates is how many children the parent of a path has ever had.
func (s *server) creates(path string) int32 {
	v := s.tree.Peek()
	parent, ok := v.Find([]byte(path[:max(1, strings.LastIndexByte(path, '/'))]))
	require.True(s.t, ok)
	var stat jute.Stat
	v.Stat(parent, &stat)
	return (stat.Cversion + stat.NumChildren) / 2
}

func (s *server) has(path string) bool {
	_, ok := s.tree.Peek().Find([]byte(path))
	return ok
}

func (s *server) close() {
	s.t.Helper()
	require.NoError(s.t, s.dir.Close())
}

func (s *server) sound() {
	s.t.Helper()
	require.Zero(s.t, s.tree.Faults())
}

const alive, dead = jute.SessionID(0x11), jute.SessionID(0x22)

func (s *server) openSession(id jute.SessionID) {
	s.write(jute.OpCreateSession, id, &jute.CreateSessionTxn{TimeOut: 4000})
}

// A directory with ephemerals of a session that no file names: the snapshot was written without the
// session.
func withOrphans(t *testing.T) *simfs.Disk {
	disk := simfs.New()
	s, found := start(t, disk)
	require.True(t, found.Empty)
	s.openSession(alive)
	s.openSession(dead)
	s.create("/a", 0)
	s.create("/a/alive", alive)
	s.create("/a/dead", dead)
	s.snapshot([]session.Saved{{ID: alive, TimeoutMillis: 4000}})
	s.close()
	return disk
}

// No transaction records the end of orphans. So a snapshot of the tree without them must be there
// before the next write. Otherwise the digests of the log do not fit the tree of a later start.
func TestWritesBehindTheEndOfOrphansReplay(t *testing.T) {
	disk := withOrphans(t)
	s, found := start(t, disk)
	require.Equal(t, []jute.SessionID{dead}, found.Orphans)
	require.True(t, found.NeedsSnapshot())
	require.Equal(t, []session.Saved{{ID: alive, TimeoutMillis: 4000}}, found.Sessions)
	require.False(t, s.has("/a/dead"))
	require.True(t, s.has("/a/alive"))
	s.create("/a/later", 0)
	s.sound()
	want := s.tree.Peek().TreeDigest()
	s.close()

	for range 2 { // the second starts from the same files as the first
		s, found = start(t, disk)
		require.Empty(t, found.Orphans)
		require.False(t, found.NeedsSnapshot())
		require.False(t, s.has("/a/dead"))
		require.Equal(t, want, s.tree.Peek().TreeDigest())
		s.sound()
		s.close()
	}
}

// Power fails before the snapshot of the tree without the orphans is written.
func TestOrphansAreFoundAgainAfterACrash(t *testing.T) {
	disk := withOrphans(t)
	tree := datatree.New(datatree.Options{Digest: true})
	dir, err := persistence.Open(disk, persistence.DefaultOptions("/data"))
	require.NoError(t, err)
	first, err := restore.Tree(dir, tree, restore.Hooks{})
	require.NoError(t, err)
	first.EndOrphans(tree)
	s, found := start(t, disk.PowerLoss(simfs.Everything()))
	require.Equal(t, first.Orphans, found.Orphans)
	require.Equal(t, tree.Peek().TreeDigest(), s.tree.Peek().TreeDigest())
	s.create("/b", 0)
	s.sound()
}

// A member that looks for a leader changes neither the tree nor the directory.
func TestAMemberKeepsWhatItFinds(t *testing.T) {
	disk := withOrphans(t)
	before := disk.Names()
	tree := datatree.New(datatree.Options{Digest: true})
	dir, err := persistence.Open(disk, persistence.DefaultOptions("/data"))
	require.NoError(t, err)
	found, err := restore.Tree(dir, tree, restore.Hooks{})
	require.NoError(t, err)
	_, has := tree.Peek().Find([]byte("/a/dead"))
	require.True(t, has)
	require.Empty(t, found.Orphans)
	require.False(t, found.NeedsSnapshot())
	require.Equal(t, before, disk.Names())
	digest := tree.Peek().TreeDigest()
	require.NoError(t, dir.Close())

	s, found := start(t, disk) // of a server alone
	require.Equal(t, []jute.SessionID{dead}, found.Orphans)
	require.NotEqual(t, digest, s.tree.Peek().TreeDigest())
}

// A session that the log closes, after a snapshot that knows it, is not there after a start.
func TestAClosedSessionStaysClosed(t *testing.T) {
	disk := simfs.New()
	s, _ := start(t, disk)
	s.openSession(alive)
	s.openSession(dead)
	s.create("/dead", dead)
	s.snapshot([]session.Saved{{ID: alive, TimeoutMillis: 4000}, {ID: dead, TimeoutMillis: 4000}})
	s.write(jute.OpCloseSession, dead, &jute.CloseSessionTxn{Paths2Delete: [][]byte{[]byte("/dead")}})
	s.sound()
	s.close()
	s, found := start(t, disk)
	require.Equal(t, []session.Saved{{ID: alive, TimeoutMillis: 4000}}, found.Sessions)
	require.Empty(t, found.Orphans)
	require.False(t, s.has("/dead"))
	s.sound()
}

// The newest snapshot is torn. The part of it that was read is dropped, sessions and tree, and the
// older snapshot with its log gives the same data.
func TestATornSnapshotLeavesNothing(t *testing.T) {
	disk := simfs.New()
	s, _ := start(t, disk)
	s.openSession(alive)
	s.create("/a", 0)
	stranger := session.Saved{ID: dead, TimeoutMillis: 7}
	walk := s.snapshot([]session.Saved{stranger})
	s.create("/b", 0)
	want := s.tree.Peek().TreeDigest()
	s.close()
	spoil(t, disk, walk.Info().File)

	s, found := start(t, disk)
	require.Len(t, found.Skipped, 1)
	require.Equal(t, []session.Saved{{ID: alive, TimeoutMillis: 4000}}, found.Sessions)
	require.Equal(t, want, s.tree.Peek().TreeDigest())
	s.sound()
	s.create("/c", 0)
	s.sound()
}

// spoil changes a byte of a file's data, so that its checksum no longer fits.
func spoil(t *testing.T, disk *simfs.Disk, name string) {
	t.Helper()
	f, err := disk.OpenRW(name)
	require.NoError(t, err)
	info, err := disk.Stat(name)
	require.NoError(t, err)
	_, err = f.WriteAt([]byte{0xff}, info.Size/2)
	require.NoError(t, err)
	require.NoError(t, f.Sync())
	require.NoError(t, f.Close())
}

// Writes go on while the tree is walked, in parts that were walked already and in others.
func TestWritesDuringAWalkReplay(t *testing.T) {
	disk := simfs.New()
	s, _ := start(t, disk)
	s.openSession(alive)
	for _, path := range []string{"/a", "/a/1", "/b", "/b/1", "/c", "/c/1", "/d"} {
		s.create(path, 0)
	}
	walk := snapshotting.New(s.dir,
		replica.NewSnapshotJob(s.tree, []session.Saved{{ID: alive, TimeoutMillis: 4000}}),
		snapshotting.Options{Digest: true, LastZxid: true})
	step := func() bool {
		more, err := walk.Step(2)
		require.NoError(t, err)
		return more
	}
	for i, more := 0, step(); more; more = step() {
		s.create("/a/new"+string(rune('0'+i)), alive)
		s.create("/d/new"+string(rune('0'+i)), 0)
		s.write(jute.OpDelete, alive, &jute.PathOnly{Path: []byte("/a/new" + string(rune('0'+i)))})
		i++
	}
	s.sound()
	want := s.tree.Peek().TreeDigest()
	seen, trailer := s.tree.Peek().LastZxid(), walk.Info().Trailer
	require.Equal(t, seen, trailer.LastZxid, "the walk can have seen all up to its end")
	require.Equal(t, snap.ZxidDigest{Zxid: seen, Version: 2, Digest: want}, trailer.Digest)
	s.close()
	s, found := start(t, disk)
	require.Equal(t, walk.Info().File, found.Snapshot.File)
	require.Positive(t, found.Txns)
	require.Equal(t, want, s.tree.Peek().TreeDigest())
	s.sound()
}

// An error of a hook ends the recovery.
func TestARefusedTransactionEndsTheRecovery(t *testing.T) {
	disk := simfs.New()
	s, _ := start(t, disk)
	s.create("/a", 0)
	s.close()
	dir, err := persistence.Open(disk, persistence.DefaultOptions("/data"))
	require.NoError(t, err)
	var loaded bool
	_, err = restore.Tree(dir, datatree.New(datatree.Options{}), restore.Hooks{
		Loaded: func() { loaded = true },
		Txn:    func(*jute.Entry) error { return fs.ErrInvalid },
	})
	require.ErrorIs(t, err, fs.ErrInvalid)
	require.True(t, loaded)
}

// A walk that is given up leaves no file.
func TestAWalkThatIsGivenUpLeavesNothing(t *testing.T) {
	disk := simfs.New()
	s, _ := start(t, disk)
	s.create("/a", 0)
	before, err := disk.ReadDir(s.dir.SnapDir())
	require.NoError(t, err)
	walk := snapshotting.New(
		s.dir, replica.NewSnapshotJob(s.tree, nil), snapshotting.Options{})
	more, err := walk.Step(1)
	require.NoError(t, err)
	require.True(t, more)
	walk.Abort()
	more, err = walk.Step(1)
	require.NoError(t, err)
	require.False(t, more)
	after, err := disk.ReadDir(s.dir.SnapDir())
	require.NoError(t, err)
	require.Equal(t, before, after)
}

// A snapshot of a server before 3.5 has no /zookeeper/config; every server makes it when it starts.
func TestAnOldSnapshotGetsItsConfigNode(t *testing.T) {
	disk := simfs.New()
	s, _ := start(t, disk)
	w, err := s.dir.CreateSnapshot(5)
	require.NoError(t, err)
	for _, path := range []string{"", "/a", "/zookeeper", "/zookeeper/quota"} {
		require.NoError(t, w.Node(path, []byte{}, -1, &jute.StatPersisted{}))
	}
	_, err = w.Finish(snap.Trailer{})
	require.NoError(t, err)
	s.close()
	s, found := start(t, disk)
	require.EqualValues(t, 5, found.Snapshot.Zxid)
	require.True(t, s.has("/a"))
	require.True(t, s.has("/zookeeper/config"))
}

// The tree is replaced in the middle of a walk. The file that was begun is removed.
func TestAWalkThatFailsLeavesNothing(t *testing.T) {
	disk := simfs.New()
	s, _ := start(t, disk)
	s.create("/a", 0)
	before, err := disk.ReadDir(s.dir.SnapDir())
	require.NoError(t, err)
	walk := snapshotting.New(
		s.dir, replica.NewSnapshotJob(s.tree, nil), snapshotting.Options{})
	more, err := walk.Step(1)
	require.NoError(t, err)
	require.True(t, more)
	s.tree.BeginLoad()
	more, err = walk.Step(1)
	require.Error(t, err)
	require.False(t, more)
	after, err := disk.ReadDir(s.dir.SnapDir())
	require.NoError(t, err)
	require.Equal(t, before, after)
}
