//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package owner

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"quoll/persistence"
)

// read-only: the calls of the system.
var real = system{openLock, flock, closeLock}

func quiet() (*zap.Logger, *observer.ObservedLogs) {
	core, logs := observer.New(zap.DebugLevel)
	return zap.New(core), logs
}

func at(mode Mode, wait time.Duration) Options { return Options{Mode: mode, Wait: wait} }

func mustTake(t *testing.T, dirs ...string) *Lock {
	t.Helper()
	logger, _ := quiet()
	l, err := Take(t.Context(), logger, at(Auto, 0), dirs...)
	require.NoError(t, err)
	return l
}

func TestABusyLockIsToldWithWhatItsHolderWrote(t *testing.T) {
	dir := t.TempDir()
	held := mustTake(t, dir)
	logger, logs := quiet()
	_, err := Take(t.Context(), logger, at(Auto, 0), dir)
	require.ErrorIs(t, err, ErrBusy)
	require.ErrorContains(t, err, "has not said who it is")
	info, err := os.Stat(filepath.Join(dir, LockName))
	require.NoError(t, err)
	require.Zero(t, info.Size(), "a lock that was not announced is empty")

	require.NoError(t, held.Announce("127.0.0.1:2181"))
	begin := time.Now()
	_, err = Take(t.Context(), logger, at(Auto, 60*time.Millisecond), dir)
	require.ErrorIs(t, err, ErrBusy)
	require.ErrorContains(t, err, "clients on 127.0.0.1:2181")
	require.GreaterOrEqual(t, time.Since(begin), 60*time.Millisecond)
	require.LessOrEqual(t, logs.Len(), 1)

	held.Release()
	mustTake(t, dir).Release() // the content of the lock file means nothing
}

func TestASuccessorWaitsForItsPredecessor(t *testing.T) {
	dir := t.TempDir()
	held := mustTake(t, dir)
	tries := 0
	sys := real
	sys.lock = func(fd int) error {
		if tries++; tries == 3 {
			held.Release()
		}
		return flock(fd)
	}
	logger, _ := quiet()
	l, err := take(t.Context(), logger, at(Auto, time.Minute), sys, []string{dir})
	require.NoError(t, err)
	require.Equal(t, 3, tries)
	l.Release()
}

func TestTheWaitEndsWhenAsked(t *testing.T) {
	dir := t.TempDir()
	defer mustTake(t, dir).Release()
	ctx, cancel := context.WithCancel(t.Context())
	sys := real
	sys.lock = func(fd int) error { cancel(); return flock(fd) }
	logger, logs := quiet()
	_, err := take(ctx, logger, at(Auto, time.Hour), sys, []string{dir})
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, 1, logs.FilterMessage("waiting for the directory").Len())
}

// A server that waits for its second directory does not hold the first one, and two servers with
// swapped directories take the locks in the same order.
func TestSwappedDirectoriesDoNotBlockEachOther(t *testing.T) {
	a, b := t.TempDir(), t.TempDir()
	logger, _ := quiet()
	for _, busy := range []string{a, b} {
		held := mustTake(t, busy)
		for _, dirs := range [][]string{{a, b}, {b, a}} {
			_, err := Take(t.Context(), logger, at(Auto, 0), dirs...)
			require.ErrorIs(t, err, ErrBusy)
		}
		held.Release()
		mustTake(t, a).Release()
		mustTake(t, b).Release()
	}

	var orders [2][]uint64
	for i, dirs := range [][]string{{a, b}, {b, a}} {
		sys := real
		sys.lock = func(fd int) error {
			st, _ := statOf(fd)
			orders[i] = append(orders[i], st.Ino)
			return flock(fd)
		}
		l, err := take(t.Context(), logger, at(Auto, 0), sys, dirs)
		require.NoError(t, err)
		require.Len(t, l.files, 2)
		l.Release()
	}
	require.Equal(t, orders[0], orders[1])
}

func TestTwoNamesOfOneDirectoryAreOneLock(t *testing.T) {
	a := t.TempDir()
	b := filepath.Join(t.TempDir(), "link")
	require.NoError(t, os.Symlink(a, b))
	l := mustTake(t, a, b)
	require.Len(t, l.files, 1)
	logger, _ := quiet()
	_, err := Take(t.Context(), logger, at(Auto, 0), b)
	require.ErrorIs(t, err, ErrBusy)
	l.Release()
	mustTake(t, a, a).Release()
}

// A lock on a file whose name now leads to another file keeps no server out.
func TestALockOnAFileWithoutItsNameIsNone(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, LockName)
	replaced := 0
	sys := real
	sys.lock = func(fd int) error {
		if replaced++; replaced <= 2 {
			require.NoError(t, os.Rename(name, name+".away"))
		}
		return flock(fd)
	}
	logger, _ := quiet()
	l, err := take(t.Context(), logger, at(Auto, 0), sys, []string{dir})
	require.NoError(t, err)
	require.Equal(t, 3, replaced)
	require.Empty(t, l.Lost())
	require.NoError(t, os.Remove(name))
	require.Equal(t, []string{name}, l.Lost())
	l.Release()

	sys.lock = func(fd int) error {
		require.NoError(t, os.Remove(name))
		return flock(fd)
	}
	_, err = take(t.Context(), logger, at(Auto, 0), sys, []string{dir})
	require.ErrorIs(t, err, ErrBusy)
}

func TestFileSystemsWithoutLocks(t *testing.T) {
	dir := t.TempDir()
	for _, errno := range []error{
		syscall.ENOLCK, syscall.ENOSYS, syscall.EOPNOTSUPP, syscall.EINVAL, syscall.EBADF,
		errors.ErrUnsupported,
	} {
		sys := real
		sys.lock = func(int) error { return errno }
		logger, logs := quiet()
		l, err := take(t.Context(), logger, at(Auto, 0), sys, []string{dir, t.TempDir()})
		require.NoError(t, err, errno)
		l.Release()
		require.Equal(t, 1, logs.FilterLevelExact(zap.WarnLevel).Len())
		_, err = take(t.Context(), logger, at(Required, 0), sys, []string{dir})
		require.ErrorIs(t, err, persistence.ErrDirectory, errno)
		require.ErrorIs(t, err, errno)
	}
	sys := real
	sys.lock = func(int) error { return syscall.EIO }
	logger, _ := quiet()
	_, err := take(t.Context(), logger, at(Auto, 0), sys, []string{dir})
	require.ErrorIs(t, err, syscall.EIO)

	held := mustTake(t, dir)
	l, err := Take(t.Context(), logger, at(Off, 0), dir)
	require.NoError(t, err)
	require.NoError(t, l.Announce("x"))
	l.Release()
	held.Release()
}

func TestADirectoryThatCannotBeWritten(t *testing.T) {
	logger, _ := quiet()
	_, err := Take(t.Context(), logger, at(Auto, time.Hour), filepath.Join(t.TempDir(), "gone"))
	require.ErrorIs(t, err, persistence.ErrDirectory)
	require.False(t, errors.Is(err, ErrBusy))
	dir := t.TempDir()
	require.NoError(t, os.Symlink("/dev/null", filepath.Join(dir, LockName)))
	_, err = Take(t.Context(), logger, at(Auto, 0), dir)
	require.ErrorIs(t, err, persistence.ErrDirectory)
}

func TestAnnounceReplacesALongerText(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, LockName)
	require.NoError(t, os.WriteFile(name, []byte(strings.Repeat("x", 1000)), 0o600))
	l := mustTake(t, dir)
	require.NoError(t, l.Announce("here"))
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	require.Regexp(t, `^pid \d+, host .*, since .*, clients on here\n$`, string(text))
	l.Release()
	_, err = os.Stat(name)
	require.NoError(t, err, "a lock file is never deleted")
}
