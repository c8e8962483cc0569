package owner

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"quoll/persistence"
)

const (
	readOnly  = "0100000" // O_RDONLY|O_LARGEFILE, as the kernel prints it
	writeOnly = "0100001"
	readWrite = "02100002" // and O_CLOEXEC
)

// fakeProc is a /proc with one descriptor a process.
func fakeProc(t *testing.T, pid int, target, flags string) string {
	t.Helper()
	proc := t.TempDir()
	dir := filepath.Join(proc, strconv.Itoa(pid))
	for _, d := range []string{"fd", "fdinfo"} {
		require.NoError(t, os.MkdirAll(filepath.Join(dir, d), 0o700))
	}
	require.NoError(t, os.MkdirAll(filepath.Join(proc, "self", "fd"), 0o700))
	require.NoError(t, os.Symlink(target, filepath.Join(dir, "fd", "7")))
	text := fmt.Sprintf("pos:\t0\nflags:\t%s\nmnt_id:\t29\n", flags)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "fdinfo", "7"), []byte(text), 0o600))
	return proc
}

// old is a file that was not written for a long time.
func old(t *testing.T, dir, name string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	require.NoError(t, os.WriteFile(path, []byte("data of "+name), 0o600))
	long := time.Now().Add(-time.Hour)
	require.NoError(t, os.Chtimes(path, long, long))
	return path
}

// look makes a sight that finds no processes; in lets it find some.
func look(t *testing.T, dirs ...string) *Sight {
	t.Helper()
	s, err := Look(persistence.OS{}, dirs[0], dirs[len(dirs)-1])
	require.NoError(t, err)
	return s.in(t.TempDir(), 1)
}

// in lets a sight look for processes in another /proc, without a limit of time.
func (s *Sight) in(proc string, self int) *Sight {
	s.others = processes{proc: proc, self: self, atMost: time.Hour}
	return s
}

func TestAProcessThatHasDataOpenForWritingIsForeign(t *testing.T) {
	snaps, logs := t.TempDir(), t.TempDir()
	log, snapshot := old(t, logs, "log.1"), old(t, snaps, "snapshot.0")
	meta, other := old(t, logs, "walmeta.0"), old(t, logs, "zoo.log.1")
	elsewhere := old(t, t.TempDir(), "log.1")
	lock := old(t, logs, LockName)
	link := filepath.Join(t.TempDir(), "log.of-a-mount")
	require.NoError(t, os.Symlink(log, link))
	for _, c := range []struct {
		target, flags string
		foreign       bool
	}{
		{log, writeOnly, true}, {log, readWrite, true}, {log, readOnly, false},
		{snapshot, writeOnly, true}, {snapshot, readOnly, false},
		{meta, readWrite, true}, {lock, readWrite, false},
		{other, writeOnly, false}, {elsewhere, writeOnly, false},
		{link, writeOnly, true}, {log + " (deleted)", writeOnly, false},
		{log, "", false},
	} {
		s := look(t, snaps, logs)
		proc := fakeProc(t, 4711, c.target, c.flags)
		err := s.in(proc, 1).Foreign(t.Context())
		require.Equal(t, c.foreign, errors.Is(err, ErrForeign), "%s %s: %v", c.target, c.flags, err)
		if c.foreign {
			require.ErrorContains(t, err, "process 4711 has open for writing "+filepath.Dir(c.target)[:4])
		} else {
			require.NoError(t, err)
		}
		require.NoError(t, s.in(proc, 4711).Foreign(t.Context()), "we are not foreign to ourselves")
	}
}

func TestWhatCannotBeReadBelongsToNobody(t *testing.T) {
	dir := t.TempDir()
	log := old(t, dir, "log.1")
	s := look(t, dir)
	require.NoError(t, s.in(filepath.Join(t.TempDir(), "no proc"), 1).Foreign(t.Context()))
	proc := fakeProc(t, 12, log, writeOnly)
	require.NoError(t, os.Remove(filepath.Join(proc, "12", "fdinfo", "7")))
	require.NoError(t, s.in(proc, 1).Foreign(t.Context()))
	require.NoError(t, os.RemoveAll(filepath.Join(proc, "12")))
	require.NoError(t, os.Mkdir(filepath.Join(proc, "12"), 0o700))
	require.NoError(t, s.in(proc, 1).Foreign(t.Context()))
}

func TestALogThatMovesOrAppearsIsForeign(t *testing.T) {
	for name, change := range map[string]func(dir, log string) string{
		"size": func(_, log string) string {
			info, err := os.Stat(log)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(log, []byte("more and more of it"), 0o600))
			require.NoError(t, os.Chtimes(log, time.Time{}, info.ModTime()))
			return log
		},
		"mtime": func(_, log string) string {
			require.NoError(t, os.Chtimes(log, time.Time{}, time.Now().Add(-time.Minute)))
			return log
		},
		"new log":      func(dir, _ string) string { return old(t, dir, "log.b") },
		"new snapshot": func(dir, _ string) string { return old(t, dir, "snapshot.b") },
		"nothing":      func(dir, _ string) string { old(t, dir, "b.log"); return "" },
		"an older log": func(dir, _ string) string {
			require.NoError(t, os.Chtimes(filepath.Join(dir, "log.1"), time.Time{}, time.Now()))
			return ""
		},
		"a log that goes": func(_, log string) string {
			require.NoError(t, os.Remove(log))
			return ""
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			old(t, dir, "log.1")
			log := old(t, dir, "log.a")
			s := look(t, dir)
			file := change(dir, log)
			err := s.Foreign(t.Context())
			if file == "" {
				require.NoError(t, err)
				return
			}
			var foreign *ForeignError
			require.ErrorAs(t, err, &foreign)
			require.Equal(t, file, foreign.File)
			require.Zero(t, foreign.Pid)
		})
	}
}

// A log that was just written is looked at twice. A write between the two looks is noticed, also if
// the process that writes cannot be seen.
func TestARecentLogIsLookedAtTwice(t *testing.T) {
	dir := t.TempDir()
	log := old(t, dir, "log.1")
	require.NoError(t, os.Chtimes(log, time.Time{}, time.Now()))
	s := look(t, dir)
	require.NoError(t, s.Foreign(t.Context()))
	require.GreaterOrEqual(t, time.Since(s.at), apart)
	s = look(t, dir)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, s.Foreign(ctx), context.Canceled)
}

// child is a process that has a file open. It ends when its input does: with the test at the
// latest.
func child(t *testing.T, file string, flag int) (stop func()) {
	t.Helper()
	f, err := os.OpenFile(file, flag, 0)
	require.NoError(t, err)
	defer f.Close()
	cmd := exec.Command("cat")
	cmd.ExtraFiles = []*os.File{f}
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	stop = sync.OnceFunc(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	t.Cleanup(stop)
	return stop
}

// The kernel's own /proc: a child of ours has a log open, for reading and then for writing.
func TestRealProcesses(t *testing.T) {
	if _, err := os.Stat("/proc/self/fdinfo"); err != nil {
		t.Skip("no /proc here")
	}
	dir := t.TempDir()
	log := old(t, dir, "log.1")
	real := func() (*Sight, error) { return look(t, dir).in("/proc", os.Getpid()), nil }
	foreign := func() error {
		s, _ := real()
		return s.Foreign(t.Context())
	}
	child(t, log, os.O_RDONLY)
	require.NoError(t, foreign())
	stop := child(t, log, os.O_WRONLY)
	err := foreign()
	require.ErrorIs(t, err, ErrForeign)
	require.ErrorContains(t, err, log)

	told := 0
	_, err = wait(t.Context(), real, 30*time.Millisecond, func(error) { told++ })
	require.ErrorIs(t, err, ErrForeign)
	require.LessOrEqual(t, told, 1)
	s, err := wait(t.Context(), real, time.Hour, func(error) { told += 10; stop() })
	require.NoError(t, err)
	require.True(t, s.names[log])
	require.GreaterOrEqual(t, told, 10)
	require.Less(t, told, 20, "it is told once")
	_, err = Wait(t.Context(), persistence.OS{}, dir, dir, 0, nil)
	require.NoError(t, err)
}

func TestStrangers(t *testing.T) {
	dir := t.TempDir()
	old(t, dir, "log.1")
	s := look(t, dir)
	made := NewMade(persistence.OS{})
	ours := func(name string) {
		f, err := made.Create(filepath.Join(dir, name))
		require.NoError(t, err)
		require.NoError(t, f.Close())
	}
	strangers := func() []string {
		changes, err := s.Changes(made)
		require.NoError(t, err)
		return changes.Strangers
	}
	ours("log.2")
	ours("tmp.snapshot.2")
	require.NoError(t, made.Rename(filepath.Join(dir, "tmp.snapshot.2"), filepath.Join(dir, "snapshot.2")))
	require.Empty(t, strangers())
	require.Empty(t, strangers())
	ours("log.3")
	require.NoError(t, made.Remove(filepath.Join(dir, "log.3"))) // a later one is not ours
	theirs := []string{old(t, dir, "log.3"), old(t, dir, "snapshot.3")}
	old(t, dir, "notes.txt")
	require.Equal(t, theirs, strangers())
	require.Empty(t, strangers(), "each is told once")
	require.Empty(t, made.names)

	made.note(filepath.Join(dir, "log.4")) // the file appears later
	require.Empty(t, strangers())
	old(t, dir, "log.4")
	require.Empty(t, strangers())
}

// Files that others have removed are lost if a start would need them. Those that a newer snapshot
// covers may go, as with zkCleanup.sh, and so may those that we remove.
func TestLostFiles(t *testing.T) {
	for name, test := range map[string]struct {
		there, removed, ours string
		lost                 string
	}{
		"what a snapshot covers":        {there: "snapshot.5 log.1 log.3 log.6", removed: "log.1 log.3"},
		"older snapshots":               {there: "snapshot.2 snapshot.5 log.3 log.6", removed: "snapshot.2 log.3"},
		"the snapshot may be above":     {there: "snapshot.5 log.1", removed: "log.1", lost: "log.1"},
		"the newest log":                {there: "snapshot.5 log.6", removed: "log.6", lost: "log.6"},
		"a log that goes on above":      {there: "snapshot.5 log.3 log.8", removed: "log.3", lost: "log.3"},
		"the only snapshot":             {there: "snapshot.0 log.1", removed: "snapshot.0", lost: "snapshot.0"},
		"a snapshot with logs below it": {there: "snapshot.0 snapshot.5 log.1 log.6", removed: "snapshot.5"},
		"all":                           {there: "snapshot.5 log.6", removed: "snapshot.5 log.6", lost: "log.6 snapshot.5"},
		"by us":                         {there: "snapshot.5 log.6 log.8", ours: "log.8"},
		"no data":                       {there: "snapshot.5 log.6 notes", removed: "notes"},
	} {
		dir := t.TempDir()
		for _, file := range strings.Fields(test.there) {
			old(t, dir, file)
		}
		s, made := look(t, dir), NewMade(persistence.OS{})
		for _, file := range strings.Fields(test.ours) {
			require.NoError(t, made.Remove(filepath.Join(dir, file)))
		}
		for _, file := range strings.Fields(test.removed) {
			require.NoError(t, os.Remove(filepath.Join(dir, file)))
		}
		changes, err := s.Changes(made)
		require.NoError(t, err)
		var lost []string
		for _, path := range changes.Lost {
			lost = append(lost, filepath.Base(path))
		}
		require.Equal(t, test.lost, strings.Join(lost, " "), name)
		again, err := s.Changes(made)
		require.NoError(t, err)
		require.Equal(t, changes.Lost, again.Lost, "until a snapshot takes their place")
		require.Empty(t, made.removed)
		old(t, dir, "snapshot.9")
		old(t, dir, "log.a")
		changes, err = s.Changes(made)
		require.NoError(t, err)
		require.Empty(t, changes.Lost, name)
	}
}

// A name that we take away can be there still when somebody looks, and is ours again when a new
// file has it.
func TestANameThatIsTakenAway(t *testing.T) {
	dir := t.TempDir()
	log := old(t, dir, "log.1")
	s, made := look(t, dir), NewMade(persistence.OS{})
	made.mark(log)
	_, err := s.Changes(made)
	require.NoError(t, err)
	require.NoError(t, os.Remove(log))
	changes, err := s.Changes(made)
	require.NoError(t, err)
	require.Empty(t, changes.Lost)
	require.Error(t, made.Remove(log))
	require.Empty(t, made.removed, "nothing was taken away")
	made.mark(log)
	made.note(log)
	require.Empty(t, made.removed)
}
