package server

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"quoll/internal/config"
	"quoll/internal/replica"
	"quoll/jute"
	"quoll/persistence"
	"quoll/persistence/owner"
	"quoll/quorum/effects"
)

// A running server logs files of another server, and a lock file that lost its name, once each. It
// does not log its own files.
func TestTheGuardTellsOfAnotherServer(t *testing.T) {
	dir := t.TempDir()
	s, logs := restored(t, dir)
	g := newGuard(s)
	log := s.store.Log()
	e := jute.Entry{Header: jute.TxnHeader{Zxid: 1, Type: jute.OpError}}
	e.Body = []byte{0, 0, 0, 0}
	e.Payload = jute.AppendEntry(nil, &e)
	require.NoError(t, log.Append(&e))
	_, err := log.Commit()
	require.NoError(t, err)
	w, err := s.store.CreateSnapshot(1)
	require.NoError(t, err)
	w.Abort()
	g.look()
	require.Empty(t, messages(logs))

	version := filepath.Join(dir, "version-2")
	theirs := filepath.Join(version, "log.2")
	require.NoError(t, os.WriteFile(theirs, nil, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(version, "notes"), nil, 0o600))
	g.look()
	require.Equal(t, theirs, logs.All()[0].ContextMap()["file"])
	require.Len(t, messages(logs), 1)
	require.EqualValues(t, 1, s.outlook.metrics.Disk.ForeignFiles.Value())
	lock := filepath.Join(version, owner.LockName)
	require.NoError(t, os.Remove(lock))
	g.look()
	require.Equal(t, lock, logs.All()[0].ContextMap()["file"])
	require.Len(t, messages(logs), 1)
	g.look()
	require.Empty(t, messages(logs), "each is told once")
	require.NoError(t, s.store.Close())
}

// Someone removes the log that is written, as a script does that goes by age when nobody has
// written for a month. It is written anew. A log that the server itself removes is not missed.
func TestTheLogThatIsWrittenIsMissed(t *testing.T) {
	s, logs := restored(t, t.TempDir())
	tellRescue, looked := s.log.rescued, make(chan bool, 1)
	s.log.rescued = func(done bool, err error) {
		tellRescue(done, err)
		looked <- done
	}
	durable := make(chan struct{}, 1)
	s.log.durable = func(effects.Ticket, bool) { durable <- struct{}{} }
	go s.log.run()
	put := func(op replica.DiskOp) {
		s.log.put([]replica.DiskOp{op})
		<-durable
	}
	write := func(zxid jute.Zxid, roll bool) {
		e := jute.Entry{Header: jute.TxnHeader{Zxid: zxid, Type: jute.OpError}}
		e.Body = []byte{0, 0, 0, 0}
		e.Payload = jute.AppendEntry(nil, &e)
		put(replica.DiskOp{DiskOp: effects.DiskOp{Kind: effects.Append, Entry: e}, Roll: roll})
	}
	g := newGuard(s)
	write(1, false)
	put(replica.DiskOp{DiskOp: effects.DiskOp{Kind: effects.Cut}})
	g.look()
	require.Empty(t, s.own.made.LostLog(), "its own removal")
	write(1, true)
	write(2, false)
	require.NoError(t, os.Remove(filepath.Join(s.store.LogDir(), "log.1")))
	g.look()
	require.Empty(t, s.own.made.LostLog(), "an old log")
	newest := filepath.Join(s.store.LogDir(), "log.2")
	require.NoError(t, os.Rename(newest, filepath.Join(t.TempDir(), "away")))
	g.look()
	require.True(t, <-looked)
	require.FileExists(t, newest)
	g.look()
	require.Empty(t, s.own.made.LostLog())
	write(3, false)
	require.NoError(t, os.Remove(newest))
	require.NoError(t, s.log.stop())
	require.True(t, <-looked, "at the end, without a look of the guard")
	require.FileExists(t, newest)
	require.Empty(t, messages(logs), "errors")
	tellRescue(false, syscall.ENOSPC)
	require.Equal(t, newest, logs.All()[0].ContextMap()["file"])
	require.NoError(t, s.store.Close())
}

func TestTheGuardLooksNowAndThen(t *testing.T) {
	s, logs := restored(t, t.TempDir())
	g := newGuard(s)
	require.NoError(t, os.Remove(filepath.Join(s.store.LogDir(), owner.LockName)))
	g.maybe(time.Now())
	s.walkers.Wait()
	require.Empty(t, messages(logs))
	later := time.Now().Add(guardEvery)
	g.busy <- struct{}{}
	g.maybe(later)
	s.walkers.Wait()
	require.Empty(t, messages(logs), "a look is under way")
	<-g.busy
	g.maybe(later)
	s.walkers.Wait()
	require.Empty(t, messages(logs), "the next one is not due")
	g.maybe(later.Add(guardEvery))
	s.walkers.Wait()
	require.Len(t, messages(logs), 1)
	require.Empty(t, g.busy)
	require.NoError(t, s.store.Close())
}

// The lock stays when a server has ended and its log writer may still write, for example because it
// waits in a call to a disk that hangs.
func TestTheLockIsKeptWhileTheLogCanBeWritten(t *testing.T) {
	dir := t.TempDir()
	s, _ := restored(t, dir)
	take := func() error {
		l, err := owner.Take(t.Context(), zap.NewNop(), owner.Options{Mode: owner.Auto},
			s.store.LogDir())
		if err == nil {
			l.Release()
		}
		return err
	}
	s.letGo()
	require.ErrorIs(t, take(), owner.ErrBusy)
	close(s.log.quiet)
	s.letGo()
	require.NoError(t, take())
	require.NoError(t, s.store.Close())
}

// Two names of one directory count as one already at the first start, when there is no version-2
// yet.
func TestTwoNamesAreOneFromTheFirstStart(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(t.TempDir(), "link")
	require.NoError(t, os.Symlink(dir, link))
	cfg, err := config.Load("", []string{"dataDir=" + dir, "dataLogDir=" + link, "clientPort=0"})
	require.NoError(t, err)
	s := New(cfg, persistence.OS{}, zap.NewNop())
	require.NoError(t, s.take(t.Context()))
	defer s.own.lock.Release()
	require.Equal(t, s.store.SnapDir(), s.store.LogDir())
}
