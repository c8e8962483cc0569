package server

import (
	"io/fs"
	"os"
	"path/filepath"
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
// written for a month. It is written anew, behind a look of the guard and at the end.
func TestTheLogThatIsWrittenIsMissed(t *testing.T) {
	s, logs := restored(t, t.TempDir())
	rescue, looked := s.log.rescue, make(chan error, 1)
	s.log.rescue = func() error {
		err := rescue()
		looked <- err
		return err
	}
	durable := make(chan struct{}, 1)
	s.log.durable = func(effects.Ticket, bool) { durable <- struct{}{} }
	go s.log.run()
	write := func(zxid jute.Zxid, roll bool) {
		e := jute.Entry{Header: jute.TxnHeader{Zxid: zxid, Type: jute.OpError}}
		e.Body = []byte{0, 0, 0, 0}
		e.Payload = jute.AppendEntry(nil, &e)
		s.log.put([]replica.DiskOp{{DiskOp: effects.DiskOp{Kind: effects.Append, Entry: e}, Roll: roll}})
		<-durable
	}
	g := newGuard(s)
	write(1, true)
	write(2, false)
	newest := filepath.Join(s.store.LogDir(), "log.2")
	require.NoError(t, os.Rename(newest, filepath.Join(t.TempDir(), "away")))
	g.look()
	require.NoError(t, <-looked)
	require.FileExists(t, newest)
	write(3, false)
	require.NoError(t, os.RemoveAll(s.store.LogDir()))
	g.look()
	require.ErrorIs(t, <-looked, fs.ErrNotExist)
	require.Contains(t, messages(logs), "files that are written were removed or renamed, and cannot be"+
		" written anew: what they have and no snapshot has, also what is acknowledged from now on, is"+
		" gone when this server ends")
	require.ErrorIs(t, s.log.stop(), fs.ErrNotExist, "a server that loses data does not end well")
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
