package server

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	zapobserver "go.uber.org/zap/zaptest/observer"

	"quoll/datatree"
	"quoll/internal/config"
	"quoll/jute"
	"quoll/persistence"
)

const (
	differs   = "the digest of the tree differs from the log's"
	doesntFit = "a transaction does not fit the tree"
)

func messages(logs *zapobserver.ObservedLogs) (all []string) {
	for _, e := range logs.TakeAll() {
		all = append(all, e.Message)
	}
	return all
}

func TestFaultsAreToldOnceAMinute(t *testing.T) {
	seen, logs := zapobserver.New(zap.ErrorLevel)
	l := faultLog{logger: zap.New(seen)}
	l.look(datatree.Faults{}, 1)
	require.Empty(t, messages(logs))
	f := datatree.Faults{Mismatches: 1}
	l.look(f, 2)
	require.Equal(t, []string{differs}, messages(logs))
	f.Mismatches, f.Inconsistencies = 7, 1
	l.look(f, 3)
	require.Equal(t, []string{doesntFit}, messages(logs), "the first of its kind does not wait")
	l.look(f, 4)
	require.Empty(t, messages(logs))
	l.look(f, 3+faultsAgainMillis)
	told := logs.TakeAll()
	require.Len(t, told, 1)
	require.EqualValues(t, 6, told[0].ContextMap()["times"])
	l.look(f, 3+10*faultsAgainMillis)
	require.Empty(t, messages(logs), "nothing new")
}

// restored is a server on a directory that has done everything up to restore.
func restored(t *testing.T, dir string) (*Server, *zapobserver.ObservedLogs) {
	t.Helper()
	cfg, err := config.Load("", []string{"dataDir=" + dir, "clientPort=0"})
	require.NoError(t, err)
	seen, logs := zapobserver.New(zap.ErrorLevel)
	s := New(cfg, persistence.OS{}, zap.New(seen))
	require.NoError(t, s.openOutlook())
	t.Cleanup(func() { require.NoError(t, s.outlook.close()) })
	require.NoError(t, s.take(t.Context()))
	t.Cleanup(s.own.lock.Release)
	s.assemble()
	saved, err := s.restore(t.Context())
	require.NoError(t, err)
	require.NoError(t, s.begin(t.Context(), saved))
	return s, logs
}

// Faults of the tree are logged when they are found: at the start, and while the server runs.
func TestFaultsOfTheTreeAreTold(t *testing.T) {
	dir := t.TempDir()
	s, logs := restored(t, dir)
	require.Empty(t, messages(logs))
	wrong := jute.Entry{
		Header: jute.TxnHeader{Zxid: 1, Type: jute.OpCreate},
		Body: jute.Append(nil, &jute.CreateTxn{
			Path: []byte("/a"), ACL: []jute.ACL{{Perms: jute.PermAll, ID: jute.ID{Scheme: "world", ID: "anyone"}}},
		}),
		HasDigest: true,
		Digest:    jute.TxnDigest{Version: jute.DigestVersion, TreeDigest: 1},
	}
	wrong.Payload = jute.AppendEntry(nil, &wrong)
	log := s.store.Log()
	require.NoError(t, log.Append(&wrong))
	_, err := log.Commit()
	require.NoError(t, err)
	require.NoError(t, s.store.Close())
	s.own.lock.Release()

	s, logs = restored(t, dir)
	require.Equal(t, []string{differs}, messages(logs))
	disk := &s.outlook.metrics.Disk
	require.EqualValues(t, 1, disk.StartupTxnsLoaded.Snapshot().Sum)
	require.EqualValues(t, 1, disk.StartupTxnsLoadTime.Snapshot().Count)
	require.EqualValues(t, 1, disk.StartupSnapLoadTime.Snapshot().Count)
	wrong.Header.Zxid, wrong.HasDigest = 2, false // /a is there
	s.tree.Lock()
	s.tree.Apply(&wrong, &datatree.Result{})
	s.tree.Unlock()
	s.core.published(s.core.replica)
	require.Equal(t, []string{doesntFit}, messages(logs))
	require.NoError(t, s.store.Close())
}

func TestQuotaLinesAreRare(t *testing.T) {
	var l quotaLog
	_, ok := l.due("/a", 5000)
	require.True(t, ok)
	for range 10 {
		_, ok = l.due("/a", 5999)
		require.False(t, ok)
	}
	_, ok = l.due("/b", 5999)
	require.True(t, ok, "another quota")
	unsaid, ok := l.due("/a", 6000)
	require.True(t, ok)
	require.Equal(t, 10, unsaid)
	told := 0
	for i := range 5 * maxQuotaLines {
		if _, ok = l.due(fmt.Sprint("/c", i), 6001); ok {
			told++
		}
	}
	require.Equal(t, maxQuotaLines-2, told)
	require.Len(t, l.lines, maxQuotaLines)
	_, ok = l.due("/d", 8000)
	require.True(t, ok, "old lines are forgotten")
}

func TestASoftQuotaDoesNotFloodTheLog(t *testing.T) {
	s, _ := restored(t, t.TempDir())
	seen, logs := zapobserver.New(zap.WarnLevel)
	s.logger = zap.New(seen)
	for range 1000 {
		s.overQuota(datatree.QuotaVerdict{Prefix: "/a", Count: datatree.Excess{Exceeded: true}})
	}
	require.LessOrEqual(t, logs.Len(), 3)
	require.GreaterOrEqual(t, logs.Len(), 1)
	require.NoError(t, s.store.Close())
}

// A failure is the last thing that mntr can show, while the connections are being closed.
func TestAFailureIsCounted(t *testing.T) {
	s, _ := restored(t, t.TempDir())
	s.fail(persistence.ErrDisk)
	require.EqualValues(t, 1, s.outlook.metrics.Final.Unrecoverable.Value())
	require.ErrorIs(t, context.Cause(s.failed), persistence.ErrDisk)
	require.NoError(t, s.store.Close())
}

// Files beside the data are named once, at the start. Very many of them do not fill the log.
func TestStraysAreTold(t *testing.T) {
	seen, logs := zapobserver.New(zap.InfoLevel)
	s := &Server{logger: zap.New(seen)}
	found := &persistence.Recovered{LookAlikes: []string{"/d/log.1.bak"}}
	for i := range 100 {
		found.Foreign = append(found.Foreign, fmt.Sprint("/d/notes", i))
	}
	s.report(found)
	var told []string
	for _, e := range logs.TakeAll() {
		if files, ok := e.ContextMap()["files"]; ok {
			told = append(told, fmt.Sprint(e.Level, e.ContextMap()["count"], len(files.([]any))))
		}
	}
	require.Equal(t, []string{"warn 1 1", "info 100 20"}, told)
	s.report(&persistence.Recovered{})
	require.Len(t, logs.TakeAll(), 1, "nothing but what was recovered")
}

// Slow flushes are logged, with the same limit of lines as events of clients.
func TestASlowFlushIsTold(t *testing.T) {
	cfg, err := config.Load("", []string{
		"dataDir=" + t.TempDir(), "clientPort=0", "zookeeper.fsync.warningthresholdms=20",
	})
	require.NoError(t, err)
	seen, logs := zapobserver.New(zap.WarnLevel)
	s := New(cfg, persistence.OS{}, zap.New(seen))
	require.NoError(t, s.openOutlook())
	s.noteFlush(20*time.Millisecond, 7)
	for range 1000 {
		s.noteFlush(1200*time.Millisecond, 3)
	}
	require.NoError(t, s.outlook.close())
	all := logs.All()
	require.LessOrEqual(t, len(all), 100)
	require.Equal(t, map[string]any{"took ms": int64(1200), "transactions": int64(3)},
		all[0].ContextMap())
	more := all[len(all)-1].ContextMap()["more"].(int64)
	require.EqualValues(t, 1000, int64(len(all)-1)+more)
}
