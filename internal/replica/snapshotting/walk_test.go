package snapshotting_test

import (
	"errors"
	"fmt"
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
)

// A tree that a walk reads in four chunks. The writer's block of 1 MiB is full with the last node,
// so that the disk is written to between the end of the walk and the end of the file.
func large(t *testing.T) *datatree.Tree {
	tree := datatree.New(datatree.Options{Digest: true})
	var out datatree.Result
	for i := range 7 {
		tree.Apply(&jute.Entry{
			Header: jute.TxnHeader{Zxid: jute.Zxid(i + 1), Type: jute.OpCreate},
			Body: jute.Append(nil, &jute.CreateTxn{
				Path: fmt.Appendf(nil, "/n%d", i), Data: make([]byte, 150_000), ParentCVersion: -1,
			}),
		}, &out)
		require.Equal(t, jute.OK, out.Err)
	}
	return tree
}

// The tree is replaced at each call of the disk in turn while a snapshot is written. If that
// happens before the trailer is made, the snapshot is given up and its file removed. Otherwise it
// stays.
func TestASnapshotOfATreeThatIsReplaced(t *testing.T) {
	var lost, written int
	for at, calls := 1, 1; at <= calls; at++ {
		disk := simfs.New()
		dir, err := persistence.Open(disk, persistence.DefaultOptions("/data"))
		require.NoError(t, err)
		_, err = restore.Tree(dir, datatree.New(datatree.Options{}), restore.Hooks{})
		require.NoError(t, err)
		tree := large(t)
		walk := snapshotting.New(dir, replica.NewSnapshotJob(tree, nil),
			snapshotting.Options{Digest: true})
		calls = 0
		disk.Inject = func(simfs.Call) simfs.Outcome {
			if calls++; calls == at {
				tree.Lock()
				tree.Adopt(datatree.New(datatree.Options{Digest: true}))
				tree.Unlock()
			}
			return simfs.Outcome{}
		}
		more, err := walk.Step(1000)
		for more {
			more, err = walk.Step(1000)
		}
		switch {
		case errors.Is(err, datatree.ErrWalkLost):
			lost++
			require.False(t, has(disk, "snapshot."), "at call %d", at)
		default:
			require.NoError(t, err)
			written++
			// The digest at the end is that of the tree whose nodes are in the file.
			require.EqualValues(t, 7, walk.Info().Trailer.Digest.Zxid, "at call %d", at)
		}
		more, err = walk.Step(1000)
		require.NoError(t, err, "it is over")
		require.False(t, more)
	}
	require.Positive(t, lost)
	require.Positive(t, written)
}

func has(disk *simfs.Disk, name string) bool {
	for _, n := range disk.Names() {
		if strings.Contains(n, name) {
			return true
		}
	}
	return false
}

// In an ensemble a commit may come before the own disk is done. A snapshot that holds a part of
// such a transaction would outlive a power failure that the log's end does not.
func TestASnapshotWaitsForTheLogOfItsFuzzyRange(t *testing.T) {
	disk := simfs.New()
	dir, err := persistence.Open(disk, persistence.DefaultOptions("/data"))
	require.NoError(t, err)
	_, err = restore.Tree(dir, datatree.New(datatree.Options{}), restore.Hooks{})
	require.NoError(t, err)
	tree := large(t)
	logged := jute.Zxid(6)
	walk := snapshotting.New(dir, replica.NewSnapshotJob(tree, nil), snapshotting.Options{
		Logged: func() jute.Zxid { return logged },
	})
	for !walk.Waits() {
		more, err := walk.Step(2)
		require.NoError(t, err)
		require.True(t, more)
	}
	more, err := walk.Step(2)
	require.NoError(t, err)
	require.True(t, more, "the log is at 6, the tree at 7")
	files, err := disk.ReadDir(dir.SnapDir())
	require.NoError(t, err)
	for _, f := range files {
		require.NotEqual(t, "snapshot.7", f.Name)
	}
	logged = 7
	more, err = walk.Step(2)
	require.NoError(t, err)
	require.False(t, more)
	require.Equal(t, jute.Zxid(7), walk.Info().Zxid)
}

// The beginning of an epoch is in the tree's last zxid, and in no log.
func TestASnapshotDoesNotWaitForTheBeginningOfAnEpoch(t *testing.T) {
	for _, counter := range []int64{0, 0xfefffff0} {
		testBeginning(t, counter)
	}
}

func testBeginning(t *testing.T, counter int64) {
	dir, err := persistence.Open(simfs.New(), persistence.DefaultOptions("/data"))
	require.NoError(t, err)
	_, err = restore.Tree(dir, datatree.New(datatree.Options{}), restore.Hooks{})
	require.NoError(t, err)
	tree := large(t)
	tree.SetLastZxid(jute.Zxid(2<<32 + counter))
	walk := snapshotting.New(dir, replica.NewSnapshotJob(tree, nil), snapshotting.Options{
		Logged: func() jute.Zxid { return 7 }, InitialZxid: counter,
	})
	for more := true; more; {
		more, err = walk.Step(100)
		require.NoError(t, err)
		require.False(t, walk.Waits())
	}
}
