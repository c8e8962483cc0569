package restore_test

import (
	"fmt"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/datatree"
	"quoll/internal/replica"
	"quoll/internal/replica/restore"
	"quoll/internal/replica/snapshotting"
	"quoll/internal/sim/simfs"
	"quoll/jute"
	"quoll/persistence"
	"quoll/processor/session"
	"quoll/quorum/zab/history"
)

// load reads the files of a running server again.
func (s *server) load(disk *simfs.Disk) *replica.Built {
	s.t.Helper()
	tree := datatree.New(datatree.Options{Digest: true})
	done, err := restore.Load(disk, s.dir, tree, 7)
	require.NoError(s.t, err)
	require.EqualValues(s.t, 7, done.Generation)
	require.Equal(s.t, s.dir.Log().LastZxid(), done.Zxid)
	require.Same(s.t, tree, done.Built.Tree)
	require.Zero(s.t, tree.Faults())
	return done.Built
}

// The history is cut while the server runs. The tree that is loaded from the files holds what is
// left, and so do the sessions; a start finds the same.
func TestTheFilesAreReadAgainBehindACut(t *testing.T) {
	for cut := jute.Zxid(1); cut <= 8; cut++ {
		t.Run(cut.String(), func(t *testing.T) {
			disk := simfs.New()
			s, _ := start(t, disk)
			s.openSession(5)                       // zxid 1
			s.create("/a", 0)                      // 2
			s.create("/b", 5)                      // 3
			require.NoError(t, s.dir.Log().Roll()) // the next file begins with 4
			s.snapshot([]session.Saved{{ID: 5, TimeoutMillis: 4000}})
			s.openSession(6)  // 4
			s.create("/c", 6) // 5
			s.write(jute.OpCloseSession, 5, &jute.CloseSessionTxn{})
			s.create("/d", 0) // 7
			s.create("/e", 0) // 8
			_, err := s.dir.Log().Commit()
			require.NoError(t, err)
			if cut < 8 {
				require.NoError(t, s.dir.Truncate(cut))
			}
			built := s.load(disk)
			require.Equal(t, cut, built.Tree.Peek().LastZxid())
			require.NoError(t, s.dir.Close())
			again, found := start(t, disk)
			require.Equal(t, cut, found.LastZxid)
			require.Equal(t, again.tree.Peek().TreeDigest(), built.Tree.Peek().TreeDigest())
			require.Equal(t, again.tree.Peek().NodeCount(), built.Tree.Peek().NodeCount())
			require.Equal(t, found.Sessions, built.Sessions())
			again.close()
		})
	}
}

// A leader's snapshot took the place of the whole history, so the log begins above it: with the
// next transaction, or with the first of a later epoch.
func TestTheFilesAreReadAgainBehindAnInstall(t *testing.T) {
	for _, next := range []jute.Zxid{5<<32 | 8, 6<<32 | 1} {
		t.Run(next.String(), func(t *testing.T) {
			disk := simfs.New()
			s, _ := start(t, disk)
			s.create("/old", 0)
			s.tree.Renew()
			s.tree.Lock()
			s.tree.SetLastZxid(5<<32 | 7)
			s.tree.Unlock()
			job := replica.NewSnapshotJob(s.tree, nil)
			job.Kind = replica.ToInstall
			walk := snapshotting.New(s.dir, job, snapshotting.Options{Digest: true})
			more, err := walk.Step(1000)
			require.False(t, more)
			require.NoError(t, err)
			require.NoError(t, s.dir.Install(5<<32|7))
			require.EqualValues(t, 5<<32|7, s.load(disk).Tree.Peek().LastZxid(), "no log at all")
			s.tree.Lock()
			s.tree.SetLastZxid(next - 1)
			s.tree.Unlock()
			s.create("/new", 0)
			s.create("/new2", 0)
			_, err = s.dir.Log().Commit()
			require.NoError(t, err)
			built := s.load(disk)
			require.Equal(t, next+1, built.Tree.Peek().LastZxid())
			require.Equal(t, s.tree.Peek().TreeDigest(), built.Tree.Peek().TreeDigest())
			s.close()
		})
	}
}

// Files that do not reach up to the last transaction are an error, not a smaller tree.
func TestFilesThatLackTheEndAreNotRead(t *testing.T) {
	disk := simfs.New()
	s, _ := start(t, disk)
	s.create("/a", 0)
	s.create("/b", 0)
	require.NoError(t, s.dir.Log().Roll())
	s.create("/c", 0)
	_, err := s.dir.Log().Commit()
	require.NoError(t, err)
	require.NoError(t, disk.Remove("/data/version-2/log.3"))
	_, err = restore.Load(disk, s.dir, datatree.New(datatree.Options{Digest: true}), 1)
	require.ErrorIs(t, err, persistence.ErrGap)
	require.ErrorIs(t, err, persistence.ErrDisk, "final")
	require.NoError(t, disk.Remove("/data/version-2/snapshot.0"))
	_, err = restore.Load(disk, s.dir, datatree.New(datatree.Options{Digest: true}), 1)
	require.ErrorIs(t, err, persistence.ErrNoValidSnapshot)
	require.ErrorIs(t, err, persistence.ErrDisk, "final")
}

// Whatever call of the disk fails while the files are read again: the server cannot go on with the
// tree that it has, so the error is one that ends it.
func TestALoadThatFailsIsFinal(t *testing.T) {
	disk := simfs.New()
	s, _ := start(t, disk)
	s.create("/a", 0)
	_, err := s.dir.Log().Commit()
	require.NoError(t, err)
	failed := 0
	for at := 1; ; at++ {
		calls := 0
		disk.Inject = func(simfs.Call) (out simfs.Outcome) {
			if calls++; calls == at {
				out.Err = syscall.EIO
			}
			return out
		}
		_, err := restore.Load(disk, s.dir, datatree.New(datatree.Options{Digest: true}), 1)
		if err != nil {
			failed++
			require.ErrorIs(t, err, syscall.EIO)
			require.ErrorIs(t, err, persistence.ErrDisk, "call %d", at)
		}
		if calls < at {
			break
		}
	}
	require.Greater(t, failed, 4, "listings, snapshot, log")
	disk.Inject = nil
	s.close()
}

// The tail is what a naive list would be: the last transactions, without a gap, within limits.
func TestTheTailOfTheLog(t *testing.T) {
	entry := func(zxid jute.Zxid, bytes int) *jute.Entry {
		return &jute.Entry{Header: jute.TxnHeader{Zxid: zxid}, Payload: make([]byte, bytes)}
	}
	for name, c := range map[string]struct {
		limits history.Limits
		add    []*jute.Entry
		want   []jute.Zxid
	}{
		"all of it": {history.Limits{Entries: 3, Bytes: 100},
			[]*jute.Entry{entry(1, 10), entry(2, 10)}, []jute.Zxid{1, 2}},
		"the last entries": {history.Limits{Entries: 2, Bytes: 100},
			[]*jute.Entry{entry(1, 10), entry(2, 10), entry(3, 10)}, []jute.Zxid{2, 3}},
		"the last bytes": {history.Limits{Entries: 9, Bytes: 20},
			[]*jute.Entry{entry(1, 10), entry(2, 10), entry(3, 10)}, []jute.Zxid{2, 3}},
		"one that is too large": {history.Limits{Entries: 9, Bytes: 20},
			[]*jute.Entry{entry(1, 10), entry(2, 21)}, nil},
		"a repeated zxid": {history.Limits{Entries: 9, Bytes: 100},
			[]*jute.Entry{entry(1, 10), entry(2, 10), entry(2, 10), entry(3, 1)},
			[]jute.Zxid{1, 2, 3}},
		"an epoch": {history.Limits{Entries: 9, Bytes: 100},
			[]*jute.Entry{entry(1, 10), entry(1<<32|7, 10)}, []jute.Zxid{1, 1<<32 | 7}},
		"a gap": {history.Limits{Entries: 9, Bytes: 100},
			[]*jute.Entry{entry(1, 10), entry(2, 10), entry(4, 10), entry(5, 10), entry(6, 10)},
			[]jute.Zxid{4, 5, 6}},
		"nothing is kept": {history.Limits{Entries: 0, Bytes: 100},
			[]*jute.Entry{entry(1, 10), entry(2, 10)}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			tail := restore.NewTail(c.limits)
			for _, e := range c.add {
				tail.Add(e)
			}
			var have []jute.Zxid
			for _, e := range tail.Entries() {
				have = append(have, e.Header.Zxid)
			}
			require.Equal(t, fmt.Sprint(c.want), fmt.Sprint(have))
		})
	}
}

// A snapshot that was written at the beginning of a reign has a zxid that no transaction has. The
// log is read above it, although nobody could tell whether it lacks something below it.
func TestTheFilesAreReadAgainBehindTheSnapshotOfAReign(t *testing.T) {
	disk := simfs.New()
	s, _ := start(t, disk)
	s.create("/a", 0)
	s.tree.Lock()
	s.tree.SetLastZxid(5 << 32)
	s.tree.Unlock()
	s.snapshot(nil)
	s.create("/b", 0)
	s.create("/c", 0)
	require.NoError(t, s.dir.Truncate(5<<32|1))
	built := s.load(disk)
	require.EqualValues(t, 5<<32|1, built.Tree.Peek().LastZxid())
}
