package server

import (
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/datatree"
	"quoll/internal/replica"
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
	s.startSnapshot(job)
	<-s.core.signal
	s.jobs.Stop()
	require.Empty(t, messages(logs))
	require.Zero(t, s.outlook.metrics.Disk.SnapshotErrors.Value())
	done := s.core.inbox.Take().Jobs
	require.Len(t, done, 1)
	require.EqualValues(t, 7, done[0].Generation)
	require.NoError(t, s.store.Close())
}
