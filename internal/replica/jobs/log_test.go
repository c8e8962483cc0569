package jobs_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/datatree"
	"quoll/internal/replica/jobs"
	"quoll/internal/replica/restore"
	"quoll/internal/sim/simfs"
	"quoll/jute"
	"quoll/persistence"
	"quoll/persistence/snap"
	"quoll/quorum/effects"
)

// logged is a directory whose log has the transactions from zxid 1 up to last.
func logged(t *testing.T, last jute.Zxid) *persistence.Dir {
	dir, err := persistence.Open(simfs.New(), persistence.DefaultOptions("/data"))
	require.NoError(t, err)
	_, err = restore.Tree(dir, datatree.New(datatree.Options{}), restore.Hooks{})
	require.NoError(t, err)
	w, err := dir.CreateSnapshot(0)
	require.NoError(t, err)
	require.NoError(t, w.Node("", nil, -1, new(jute.StatPersisted)))
	_, err = w.Finish(snap.Trailer{})
	require.NoError(t, err)
	for zxid := jute.Zxid(1); zxid <= last; zxid++ {
		header := jute.TxnHeader{Zxid: zxid, Type: jute.OpError}
		e, err := jute.ParseEntry(jute.Append(jute.Append(nil, &header), &jute.ErrorResponse{Err: -1}))
		require.NoError(t, err)
		require.NoError(t, dir.Log().Append(&e))
	}
	_, err = dir.Log().Commit()
	require.NoError(t, err)
	return dir
}

func TestTheLogIsReadInPieces(t *testing.T) {
	dir := logged(t, 9)
	var log jobs.Log
	done := log.Open(dir, &effects.Job{Generation: 3, From: 4, UpTo: 8})
	require.NoError(t, done.Err)
	require.EqualValues(t, 3, done.Generation)
	require.Positive(t, done.Size)
	var zxids []jute.Zxid
	for done.More {
		done = log.More(&effects.Job{Generation: 3, Bytes: 1})
		require.NoError(t, done.Err)
		require.EqualValues(t, 3, done.Generation)
		for _, e := range done.Entries {
			zxids = append(zxids, e.Header.Zxid)
		}
	}
	require.Equal(t, []jute.Zxid{4, 5, 6, 7, 8}, zxids)
	done = log.More(&effects.Job{Generation: 3, Bytes: 1})
	require.ErrorIs(t, done.Err, effects.ErrGap, "it is over")
	log.Close()
}

// The peer knows one error for all that the own files cannot give.
func TestWhatTheFilesDoNotHave(t *testing.T) {
	dir := logged(t, 3)
	require.NoError(t, dir.Log().Roll())
	require.NoError(t, jobs.CanCut(dir, &effects.Job{Generation: 5, UpTo: 2}).Err)
	w, err := dir.CreateSnapshot(2)
	require.NoError(t, err)
	require.NoError(t, w.Node("", nil, -1, new(jute.StatPersisted)))
	require.NoError(t, w.Complete(snap.Trailer{}))
	require.NoError(t, dir.Install(2))
	var log jobs.Log
	done := log.Open(dir, &effects.Job{Generation: 4, From: 1, UpTo: 2})
	require.ErrorIs(t, done.Err, effects.ErrGap)
	require.ErrorIs(t, done.Err, persistence.ErrGap)
	require.EqualValues(t, 4, done.Generation)
	done = jobs.CanCut(dir, &effects.Job{Generation: 5, UpTo: 1})
	require.ErrorIs(t, done.Err, effects.ErrGap)
	require.ErrorIs(t, done.Err, persistence.ErrNoSnapshot)
	require.EqualValues(t, 5, done.Generation)
}
