package server

import (
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/datatree"
	"quoll/internal/replica"
	"quoll/internal/server/jobs"
)

// A snapshot whose tree is replaced is given up. That is no error in the log or in the metrics. The
// core gets the end of the job, so that the next one can begin.
func TestASnapshotOfATreeThatIsReplacedIsNoAlarm(t *testing.T) {
	s, logs := restored(t, t.TempDir())
	job := replica.NewSnapshotJob(s.tree, nil)
	job.Generation = 7
	s.tree.Lock()
	s.tree.Adopt(datatree.New(s.tree.Options()))
	s.tree.Unlock()
	told := make(chan replica.JobDone, 2)
	s.jobs = jobs.New(jobs.Config{Dir: s.store, Report: func(d replica.JobDone) { told <- d }})
	s.startSnapshot(job)
	done := <-told
	s.jobs.Stop()
	require.Empty(t, messages(logs))
	require.Zero(t, s.outlook.metrics.Disk.SnapshotErrors.Value())
	require.EqualValues(t, 7, done.Generation)
	require.Empty(t, told)
	require.NoError(t, s.store.Close())
}

// What a full disk stops is said: of a server's own snapshot the log has everything, a member that
// needs its leader's tree does not serve.
func TestASnapshotThatFailsSaysWhatItWasFor(t *testing.T) {
	s, logs := restored(t, t.TempDir())
	s.snapshotEnded(&replica.SnapshotJob{Kind: replica.ToDisk}, nil, 0, syscall.ENOSPC)
	s.snapshotEnded(&replica.SnapshotJob{Kind: replica.ToInstall}, nil, 0, syscall.ENOSPC)
	require.Equal(t, []string{
		"snapshot failed; the log is kept and the next roll tries again",
		"the leader's tree cannot be written: this server does not serve, and asks again",
	}, messages(logs))
	require.NoError(t, s.store.Close())
}
