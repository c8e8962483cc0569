package server

import (
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
