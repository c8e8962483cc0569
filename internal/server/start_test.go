package server_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest"
	"go.uber.org/zap/zaptest/observer"

	"quoll/client/wire"
	"quoll/internal/config"
	"quoll/internal/server"
	"quoll/jute"
	"quoll/persistence"
	"quoll/persistence/owner"
)

// attempt runs a server that is expected to end by itself.
func attempt(
	t *testing.T, ctx context.Context, disk persistence.FS, defines ...string,
) error {
	t.Helper()
	cfg, err := config.Load("", append([]string{"clientPort=0", "clientPortAddress=127.0.0.1"},
		defines...))
	require.NoError(t, err)
	s := server.New(cfg, disk, zap.NewNop())
	s.Listening = func([]netip.AddrPort) { t.Error("it serves") }
	return s.Run(ctx)
}

// file has the facts of a file that a refused start must not change.
type file struct {
	bytes string
	mtime time.Time
}

// files returns all files below dir, without the empty lock file that a start may leave.
func files(t *testing.T, dir string) map[string]file {
	t.Helper()
	all := map[string]file{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		require.NoError(t, err)
		if e.IsDir() {
			return nil
		}
		info, err := e.Info()
		require.NoError(t, err)
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		if e.Name() == owner.LockName && len(text) == 0 {
			return nil
		}
		all[path] = file{string(text), info.ModTime()}
		return nil
	}))
	return all
}

// written is a directory with a snapshot and a log whose end is torn, as a kill leaves it.
func written(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	r := start(t, dir, persistence.OS{}, "zookeeper.snapCount=4")
	c := dial(t, r.addr)
	for i := range 9 {
		_, _, err := c.Create(t.Context(), fmt.Sprintf("/n%d", i), []byte("data"), wire.World(),
			jute.ModePersistent)
		require.NoError(t, err)
	}
	require.NoError(t, c.Close(t.Context()))
	r.finish(t)
	logs, err := filepath.Glob(filepath.Join(dir, "version-2", "log.*"))
	require.NoError(t, err)
	torn, err := os.OpenFile(logs[len(logs)-1], os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = torn.WriteString("half a record")
	require.NoError(t, errors.Join(err, torn.Close()))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "version-2", "tmp.snapshot.5"), nil, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "initialize"), nil, 0o600))
	return dir
}

// When a start fails, for any reason, every file has the name, size, bytes and mtime that it had.
func TestAFailedStartChangesNoFile(t *testing.T) {
	version := func(dir string) string { return filepath.Join(dir, "version-2") }
	for name, c := range map[string]struct {
		prepare func(t *testing.T, dir string) (defines []string)
		err     error
	}{
		"the port is busy": {func(t *testing.T, _ string) []string {
			door, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			t.Cleanup(func() { _ = door.Close() })
			return []string{fmt.Sprintf("clientPort=%d", door.Addr().(*net.TCPAddr).Port)}
		}, nil},
		"the address is none": {func(t *testing.T, _ string) []string {
			return []string{"clientPortAddress=no.such.name.invalid"}
		}, config.ErrInvalid},
		"another address": {func(t *testing.T, _ string) []string {
			return []string{"clientPortAddress=192.0.2.1"} // no machine has this address
		}, nil},
		"the directory is locked": {func(t *testing.T, dir string) []string {
			l, err := owner.Take(t.Context(), zap.NewNop(), owner.Options{Mode: owner.Auto}, version(dir))
			require.NoError(t, err)
			t.Cleanup(l.Release)
			return []string{"quoll.lockWaitMillis=30"}
		}, owner.ErrBusy},
		"no snapshot": {func(t *testing.T, dir string) []string {
			snaps, err := filepath.Glob(filepath.Join(version(dir), "snapshot.*"))
			require.NoError(t, err)
			for _, s := range snaps {
				require.NoError(t, os.Remove(s))
			}
			return nil
		}, persistence.ErrNoSnapshot},
		"a twin is missing": {func(t *testing.T, dir string) []string {
			require.NoError(t, os.Remove(filepath.Join(version(dir), "walmeta.1")))
			return nil
		}, persistence.ErrDamaged},
		"a record is broken": {func(t *testing.T, dir string) []string {
			logs, err := filepath.Glob(filepath.Join(version(dir), "log.*"))
			require.NoError(t, err)
			f, err := os.OpenFile(logs[len(logs)-1], os.O_RDWR, 0)
			require.NoError(t, err)
			_, err = f.WriteAt([]byte{0xff}, 40)
			require.NoError(t, errors.Join(err, f.Close()))
			return nil
		}, persistence.ErrDamaged},
		"two directories, files in the wrong one": {func(t *testing.T, dir string) []string {
			return []string{"dataLogDir=" + t.TempDir()}
		}, persistence.ErrDirectory},
		"a directory is missing": {func(t *testing.T, dir string) []string {
			return []string{"dataLogDir=" + filepath.Join(dir, "gone"), "zookeeper.datadir.autocreate=false"}
		}, persistence.ErrDirectory},
		"the audit file cannot be": {func(t *testing.T, dir string) []string {
			return []string{"zookeeper.audit.enable=true", "quoll.auditFile=" + filepath.Join(dir, "a", "b")}
		}, config.ErrInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			dir := written(t)
			defines := append([]string{"dataDir=" + dir}, c.prepare(t, dir)...)
			before := files(t, dir)
			err := attempt(t, t.Context(), persistence.OS{}, defines...)
			require.Error(t, err)
			if c.err != nil {
				require.ErrorIs(t, err, c.err)
			}
			if after := files(t, dir); !maps.Equal(before, after) {
				t.Errorf("it changed files: before %d, after %d", len(before), len(after))
			}
		})
	}
}

// The lock is given back by a server that ends, for any reason, and by a start that fails.
func TestTheDirectoryIsGivenBack(t *testing.T) {
	dir := t.TempDir()
	free := func() {
		t.Helper()
		l, err := owner.Take(t.Context(), zap.NewNop(), owner.Options{Mode: owner.Auto},
			filepath.Join(dir, "version-2"))
		require.NoError(t, err)
		l.Release()
	}
	r := start(t, dir, persistence.OS{})
	err := attempt(t, t.Context(), persistence.OS{}, "dataDir="+dir, "quoll.lockWaitMillis=0")
	require.ErrorIs(t, err, owner.ErrBusy)
	require.ErrorContains(t, err, "clients on "+r.addr)
	r.finish(t)
	free()
	disk := &failingDisk{FS: persistence.OS{}}
	r = start(t, dir, disk, "quoll.transport=std")
	c := dial(t, r.addr)
	disk.broken.Store(true)
	c.Send(jute.OpCreate, &jute.CreateRequest{Path: []byte("/a"), ACL: wire.World()})
	require.ErrorIs(t, <-r.ended, persistence.ErrDisk)
	c.Abort()
	free()
	require.NoError(t, os.Remove(filepath.Join(dir, "version-2", "walmeta.0")))
	err = attempt(t, t.Context(), persistence.OS{}, "dataDir="+dir)
	require.ErrorIs(t, err, persistence.ErrDamaged)
	free()
}

// A successor waits for the lock before it looks at the port or at the files. Then it serves
// everything that its predecessor acknowledged, on the same port.
func TestASuccessorWaitsAndServesEverything(t *testing.T) {
	both(t, func(t *testing.T, transport string) {
		dir := t.TempDir()
		first := start(t, dir, persistence.OS{}, transport)
		c := dial(t, first.addr)
		_, port, err := net.SplitHostPort(first.addr)
		require.NoError(t, err)
		served := make(chan *running, 1)
		go func() {
			served <- start(t, dir, persistence.OS{}, transport, "clientPort="+port,
				"quoll.lockWaitMillis=60000")
		}()
		for i := range 20 {
			_, _, err := c.Create(t.Context(), fmt.Sprintf("/n%d", i), nil, wire.World(),
				jute.ModePersistent)
			require.NoError(t, err)
		}
		first.finish(t)
		c.Abort()
		second := <-served
		require.Equal(t, first.addr, second.addr)
		c = dial(t, second.addr)
		names, _, err := c.Children(t.Context(), "/", false)
		require.NoError(t, err)
		require.Len(t, names, 20+1)
		require.NoError(t, c.Close(t.Context()))
		second.finish(t)
	})
}

// A server that waits or recovers and is asked to end does so in order, and has changed nothing.
func TestAWaitingStartCanBeEnded(t *testing.T) {
	dir := written(t)
	held, err := owner.Take(t.Context(), zap.NewNop(), owner.Options{Mode: owner.Auto},
		filepath.Join(dir, "version-2"))
	require.NoError(t, err)
	before := files(t, dir)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- attempt(t, ctx, persistence.OS{}, "dataDir="+dir, "quoll.lockWaitMillis=600000")
	}()
	cancel()
	require.NoError(t, <-ended)
	held.Release()

	ctx, cancel = context.WithCancel(t.Context())
	disk := &slowDisk{FS: persistence.OS{}, reading: func() { cancel() }}
	err = attempt(t, ctx, disk, "dataDir="+dir)
	require.NoError(t, err)
	require.True(t, maps.Equal(before, files(t, dir)))
}

// slowDisk calls reading when the first log is opened.
type slowDisk struct {
	persistence.FS
	reading func()
	once    sync.Once
}

func (d *slowDisk) Open(name string) (persistence.File, error) {
	if strings.HasPrefix(filepath.Base(name), "log.") {
		d.once.Do(d.reading)
	}
	return d.FS.Open(name)
}

// A server accepts connections while it recovers. A word gets the answer that the server does not
// serve. A connection that asks for a session is closed at once. A connection that asks only after
// the recovery is served.
func TestItAnswersWhileItRecovers(t *testing.T) {
	both(t, func(t *testing.T, transport string) {
		dir := written(t)
		door, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		addr := door.Addr().String()
		require.NoError(t, door.Close())
		_, port, err := net.SplitHostPort(addr)
		require.NoError(t, err)
		var early net.Conn
		disk := &slowDisk{FS: persistence.OS{}, reading: func() {
			early = connect(t, addr)
			for word, want := range map[string]string{
				"srvr": "This ZooKeeper instance is not currently serving requests\n",
				"mntr": "This ZooKeeper instance is not currently serving requests\n",
				"ruok": "imok", "isro": "null",
			} {
				require.Equal(t, want, exchange(t, addr, []byte(word)))
			}
			request := jute.Append(make([]byte, 4), &jute.ConnectRequest{
				TimeOut: 4000, Passwd: make([]byte, 16)})
			request[3] = byte(len(request) - 4)
			require.Empty(t, exchange(t, addr, request), "it is closed, not answered")
			require.Empty(t, exchange(t, addr, request[:4]), "what follows is not waited for")
		}}
		r := start(t, dir, disk, transport, "clientPort="+port,
			"4lw.commands.whitelist=*")
		require.Equal(t, addr, r.addr)
		require.Contains(t, exchange(t, addr, []byte("srvr")), "Mode: standalone")
		require.Regexp(t, `zk_cnxn_closed_without_zk_server_running\t2\n`,
			exchange(t, addr, []byte("mntr")))
		_, err = early.Write([]byte("srvr"))
		require.NoError(t, err)
		text, err := io.ReadAll(early)
		require.NoError(t, err)
		require.Contains(t, string(text), "Mode: standalone")
		require.NoError(t, early.Close())
		r.finish(t)
	})
}

func connect(t *testing.T, addr string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	require.NoError(t, c.SetDeadline(time.Now().Add(20*time.Second)))
	return c
}

// exchange sends something and returns everything that comes back until the connection ends.
func exchange(t *testing.T, addr string, send []byte) string {
	t.Helper()
	c := connect(t, addr)
	defer c.Close()
	_, err := c.Write(send)
	require.NoError(t, err)
	text, err := io.ReadAll(c)
	require.NoError(t, err)
	return string(text)
}

// Another server takes no lock and writes while this one reads. This one waits for its end and
// reads everything again, so it serves what the other has written.
func TestAForeignServerIsWaitedForAndReadAgain(t *testing.T) {
	dir := written(t)
	added := filepath.Join(dir, "version-2", "snapshot.64")
	disk := &slowDisk{FS: persistence.OS{}, reading: func() {
		older, err := filepath.Glob(filepath.Join(dir, "version-2", "snapshot.*"))
		require.NoError(t, err)
		text, err := os.ReadFile(older[len(older)-1])
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(added, text, 0o600))
	}}
	cfg, err := config.Load("", []string{"dataDir=" + dir, "clientPort=0"})
	require.NoError(t, err)
	core, logs := observer.New(zap.InfoLevel)
	s := server.New(cfg, disk, zap.New(core))
	ctx, cancel := context.WithCancel(t.Context())
	s.Listening = func([]netip.AddrPort) { cancel() }
	require.NoError(t, s.Run(ctx))
	recovered := logs.FilterMessage("data recovered").All()
	require.Len(t, recovered, 1)
	require.Equal(t, added, recovered[0].ContextMap()["snapshot"])
}

// dataDir and dataLogDir may be two names of one directory. The directory is locked once, and its
// own logs do not prevent the next start. The same holds if only version-2 is a link.
func TestTwoNamesOfOneDirectory(t *testing.T) {
	for _, below := range []string{"", "version-2"} {
		dir, other := t.TempDir(), t.TempDir()
		name := filepath.Join(other, "link")
		if below == "" {
			require.NoError(t, os.Symlink(dir, name))
		} else {
			require.NoError(t, os.Mkdir(name, 0o700))
			require.NoError(t, os.Mkdir(filepath.Join(dir, below), 0o700))
			require.NoError(t, os.Symlink(filepath.Join(dir, below), filepath.Join(name, below)))
		}
		for i := range 3 {
			r := start(t, dir, persistence.OS{}, "dataLogDir="+name)
			c := dial(t, r.addr)
			_, _, err := c.Create(t.Context(), fmt.Sprintf("/n%d", i), nil, wire.World(),
				jute.ModePersistent)
			require.NoError(t, err)
			names, _, err := c.Children(t.Context(), "/", false)
			require.NoError(t, err)
			require.Len(t, names, i+2)
			require.NoError(t, c.Close(t.Context()))
			err = attempt(t, t.Context(), persistence.OS{}, "dataDir="+name, "quoll.lockWaitMillis=0")
			require.ErrorIs(t, err, owner.ErrBusy)
			r.finish(t)
		}
	}
}

// vanishingDisk gets a new snapshot of another server when it is listed after the logs were read.
// From then on it is empty.
type vanishingDisk struct {
	slowDisk
	read     bool
	vanished bool
}

func (d *vanishingDisk) ReadDir(dir string) ([]persistence.FileInfo, error) {
	list, err := d.slowDisk.ReadDir(dir)
	if err != nil || !d.read || d.vanished {
		return list, err
	}
	d.vanished = true
	for _, f := range list {
		if f.Name != owner.LockName {
			err = errors.Join(err, os.Remove(filepath.Join(dir, f.Name)))
		}
	}
	return append(list, persistence.FileInfo{Name: "snapshot.ff", Size: 1}), err
}

// A second attempt drops what the first one has read, and serves the data that is there then.
func TestASecondAttemptBeginsAnew(t *testing.T) {
	dir := written(t)
	disk := &vanishingDisk{slowDisk: slowDisk{FS: persistence.OS{}}}
	disk.reading = func() { disk.read = true }
	r := start(t, dir, disk)
	c := dial(t, r.addr)
	names, _, err := c.Children(t.Context(), "/", false)
	require.NoError(t, err)
	require.Equal(t, []string{"zookeeper"}, names)
	require.NoError(t, c.Close(t.Context()))
	r.finish(t)
	require.True(t, disk.vanished)
}

// The kernel releases the locks and ports of a killed predecessor in no certain order. So a port
// that is in use is tried again for a moment. A server that is asked to end ends this wait too.
func TestAPortThatIsInUseForAMoment(t *testing.T) {
	for _, free := range []bool{true, false} {
		door, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		cfg, err := config.Load("", []string{
			"dataDir=" + t.TempDir(), "clientPortAddress=127.0.0.1",
			fmt.Sprintf("clientPort=%d", door.Addr().(*net.TCPAddr).Port),
		})
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		waited, served := 0, 0
		logger := zaptest.NewLogger(t, zaptest.WrapOptions(zap.Hooks(func(e zapcore.Entry) error {
			if e.Message != "waiting for the port" {
				return nil
			}
			waited++
			if !free {
				cancel()
				return nil
			}
			return door.Close()
		})))
		s := server.New(cfg, persistence.OS{}, logger)
		s.Listening = func([]netip.AddrPort) { served++; cancel() }
		require.NoError(t, s.Run(ctx))
		require.Equal(t, 1, waited)
		require.Equal(t, free, served == 1)
		_ = door.Close() // it may be closed already
	}
}

// A member's own name can be known later than the member starts, as in a pod, and its port can be
// free later. electionPortBindRetry says for how many seconds the start waits.
func TestTheElectionPortIsAwaited(t *testing.T) {
	for _, retries := range []int{0, 1} {
		door, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, "myid"), []byte("1\n"), 0o600))
		cfg, err := config.Load("", []string{
			"dataDir=" + dir, "clientPortAddress=127.0.0.1", "clientPort=0", "initLimit=5",
			"syncLimit=2", fmt.Sprintf("electionPortBindRetry=%d", retries),
			fmt.Sprintf("server.1=127.0.0.1:1:%d", door.Addr().(*net.TCPAddr).Port),
			"server.2=127.0.0.1:2:3",
		})
		require.NoError(t, err)
		waited, listening := 0, 0
		logger := zaptest.NewLogger(t, zaptest.WrapOptions(zap.Hooks(func(e zapcore.Entry) error {
			if e.Message != "waiting for the election port" {
				return nil
			}
			waited++
			if retries > 0 {
				return nil
			}
			return door.Close()
		})))
		ctx, cancel := context.WithCancel(t.Context())
		s := server.New(cfg, persistence.OS{}, logger)
		s.Listening = func([]netip.AddrPort) { listening++; cancel() }
		err = s.Run(ctx)
		cancel()
		if retries > 0 {
			require.ErrorContains(t, err, "election port: listen at 127.0.0.1:")
		}
		require.Equal(t, 1, waited)
		require.Equal(t, retries == 0, listening == 1)
		_ = door.Close() // it may be closed already
	}
}
