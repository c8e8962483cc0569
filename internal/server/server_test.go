package server_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest"

	"quoll/client/wire"
	"quoll/internal/config"
	"quoll/internal/server"
	"quoll/jute"
	"quoll/persistence"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// running is a server under test.
type running struct {
	addr  string
	stop  context.CancelFunc
	ended chan error
}

func start(t *testing.T, dir string, fs persistence.FS, defines ...string) *running {
	t.Helper()
	return startLogging(t, zaptest.NewLogger(t, zaptest.Level(zapError)), dir, fs, defines...)
}

// startLogging does what start does, with a logger of the test.
func startLogging(
	t *testing.T, logger *zap.Logger, dir string, fs persistence.FS, defines ...string,
) *running {
	t.Helper()
	defines = append([]string{
		"dataDir=" + dir, "clientPort=0", "clientPortAddress=127.0.0.1", "tickTime=200",
		"zookeeper.preAllocSize=64", "maxClientCnxns=0",
	}, defines...)
	cfg, err := config.Load("", defines)
	require.NoError(t, err)
	s := server.New(cfg, fs, logger)
	at := make(chan string, 1)
	s.Listening = func(a []netip.AddrPort) { at <- a[0].String() }
	ctx, stop := context.WithCancel(context.Background())
	r := &running{stop: stop, ended: make(chan error, 1)}
	go func() { r.ended <- s.Run(ctx) }()
	select {
	case r.addr = <-at:
	case err := <-r.ended:
		t.Fatal("the server ended: ", err)
	}
	return r
}

func (r *running) finish(t *testing.T) {
	t.Helper()
	r.stop()
	require.NoError(t, <-r.ended)
}

// TestFilesThatAreRemovedUnderTheServer: a purge by age takes all files of a server to which nobody
// has written for a month, the log that is written among them. Before the next start the directory
// has everything again.
func TestFilesThatAreRemovedUnderTheServer(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	create := func(r *running, path string) {
		c := dial(t, r.addr)
		_, _, err := c.Create(ctx, path, nil, wire.World(), jute.ModePersistent)
		require.NoError(t, err)
		require.NoError(t, c.Close(ctx))
	}
	files := func() (all []string) {
		for _, kind := range []string{"log.*", "snapshot.*"} {
			found, err := filepath.Glob(filepath.Join(dir, "version-2", kind))
			require.NoError(t, err)
			all = append(all, found...)
		}
		return all
	}
	r := start(t, dir, persistence.OS{})
	create(r, "/a")
	r.finish(t)
	r = start(t, dir, persistence.OS{})
	create(r, "/b")
	all := append(files(), filepath.Join(dir, "version-2", "walmeta.0"))
	require.Len(t, all, 4)
	for _, file := range all {
		require.NoError(t, os.Remove(file))
	}
	require.Eventually(t, func() bool {
		found := files()
		_, err := os.Stat(all[3])
		return err == nil && len(found) == 2 && slices.Contains(all, found[0])
	}, 20*time.Second, 5*time.Millisecond, "a log, a snapshot, and the sidecar")
	create(r, "/c")
	for _, file := range files() {
		require.NoError(t, os.Remove(file))
	}
	r.finish(t)
	r = start(t, dir, persistence.OS{})
	c := dial(t, r.addr)
	for _, path := range []string{"/a", "/b", "/c"} {
		_, _, err := c.Get(ctx, path, false)
		require.NoError(t, err, path)
	}
	require.NoError(t, c.Close(ctx))
	r.finish(t)
}

func dial(t *testing.T, addr string) *wire.Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	c, err := wire.Dial(ctx, addr, wire.Options{Timeout: 4 * time.Second})
	require.NoError(t, err)
	return c
}

func both(t *testing.T, test func(t *testing.T, transport string)) {
	for _, transport := range []string{"gnet", "std"} {
		t.Run(transport, func(t *testing.T) { test(t, "quoll.transport="+transport) })
	}
}

func TestServesAndRestarts(t *testing.T) {
	both(t, func(t *testing.T, transport string) {
		ctx := context.Background()
		dir := t.TempDir()
		r := start(t, dir, persistence.OS{}, transport)
		c := dial(t, r.addr)
		_, _, err := c.Create(ctx, "/a", []byte("one"), wire.World(), jute.ModePersistent)
		require.NoError(t, err)
		_, err = c.Set(ctx, "/a", []byte("two"), 0)
		require.NoError(t, err)
		r.finish(t)
		c.Abort()

		r = start(t, dir, persistence.OS{}, transport)
		c = dial(t, r.addr)
		data, stat, err := c.Get(ctx, "/a", false)
		require.NoError(t, err)
		require.Equal(t, "two", string(data))
		require.Equal(t, int32(1), stat.Version)
		require.NoError(t, c.Close(ctx))
		r.finish(t)
	})
}

// Each client works on nodes of its own and on one node that all share. Snapshots are taken all the
// time. Each client must see its own writes in order, and the counter must be right at the end.
func TestManyClientsAndSnapshots(t *testing.T) {
	both(t, func(t *testing.T, transport string) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		dir := t.TempDir()
		r := start(t, dir, persistence.OS{}, transport, "zookeeper.snapCount=100")
		setup := dial(t, r.addr)
		_, _, err := setup.Create(ctx, "/all", nil, wire.World(), jute.ModePersistent)
		require.NoError(t, err)
		var wg sync.WaitGroup
		const clients, rounds = 8, 60
		for i := range clients {
			c := dial(t, r.addr)
			wg.Go(func() { work(t, ctx, c, fmt.Sprintf("/c%d", i), rounds) })
		}
		wg.Wait()
		stat, err := setup.Exists(ctx, "/all", false)
		require.NoError(t, err)
		require.Equal(t, int32(clients*rounds), stat.Version)
		require.NoError(t, setup.Close(ctx))
		r.finish(t)
		snaps, err := filepath.Glob(filepath.Join(dir, "version-2", "snapshot.*"))
		require.NoError(t, err)
		require.Greater(t, len(snaps), 2)

		r = start(t, dir, persistence.OS{}, transport)
		c := dial(t, r.addr)
		stat, err = c.Exists(ctx, "/all", false)
		require.NoError(t, err)
		require.Equal(t, int32(clients*rounds), stat.Version)
		require.NoError(t, c.Close(ctx))
		r.finish(t)
	})
}

func work(t *testing.T, ctx context.Context, c *wire.Conn, path string, rounds int) {
	_, _, err := c.Create(ctx, path, []byte("-1"), wire.World(), jute.ModePersistent)
	if !check(t, err) {
		return
	}
	for i := range rounds {
		want := strconv.Itoa(i)
		set := c.Send(jute.OpSetData, &jute.SetDataRequest{
			Path: []byte(path), Data: []byte(want), Version: -1,
		})
		got := c.Send(jute.OpGetData, &jute.PathWatch{Path: []byte(path), Watch: true})
		shared := c.Send(jute.OpSetData, &jute.SetDataRequest{Path: []byte("/all"), Version: -1})
		after := c.Send(jute.OpGetData, &jute.PathWatch{Path: []byte(path)})
		for _, f := range []*wire.Future{set, shared} {
			_, _, err := f.Wait(ctx)
			check(t, err)
		}
		for _, f := range []*wire.Future{got, after} {
			var data jute.DataStat
			_, err := f.Into(ctx, &data)
			if check(t, err) && string(data.Data) != want {
				t.Errorf("%s: read %q after writing %q", path, data.Data, want)
			}
		}
	}
	check(t, c.Close(ctx))
}

func check(t *testing.T, err error) bool {
	if err != nil {
		t.Error(err)
	}
	return err == nil
}

// A disk that cannot be written ends the server, and nothing is acknowledged after it.
func TestDiskErrorEndsTheServer(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	disk := &failingDisk{FS: persistence.OS{}}
	r := start(t, t.TempDir(), disk, "quoll.transport=std")
	c := dial(t, r.addr)
	_, _, err := c.Create(ctx, "/a", nil, wire.World(), jute.ModePersistent)
	require.NoError(t, err)
	disk.broken.Store(true)
	f := c.Send(jute.OpSetData, &jute.SetDataRequest{Path: []byte("/a"), Version: -1})
	err = <-r.ended
	require.ErrorIs(t, err, persistence.ErrDisk)
	c.Abort()
	_, _, err = f.Wait(ctx)
	require.Error(t, err)
	var code jute.ErrorCode
	require.False(t, errors.As(err, &code), "no answer at all")
}

// A disk that fails after the server was asked to stop ends the server at once and with the error,
// as one that fails before, even if a client waits for an answer.
func TestDiskErrorWhileStopping(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	disk := &failingDisk{
		FS: persistence.OS{}, reached: make(chan struct{}), hold: make(chan struct{}),
	}
	r := start(t, t.TempDir(), disk, "quoll.transport=std")
	c := dial(t, r.addr)
	_, _, err := c.Create(ctx, "/a", nil, wire.World(), jute.ModePersistent)
	require.NoError(t, err)
	disk.broken.Store(true)
	f := c.Send(jute.OpSetData, &jute.SetDataRequest{Path: []byte("/a"), Version: -1})
	<-disk.reached
	r.stop()
	require.Eventually(t, func() bool { // the server takes no connection any more: it drains
		door, err := net.Dial("tcp", r.addr)
		if err == nil {
			_ = door.Close()
		}
		return err != nil
	}, 10*time.Second, time.Millisecond)
	close(disk.hold)
	select {
	case err := <-r.ended:
		require.ErrorIs(t, err, persistence.ErrDisk)
	case <-time.After(2 * time.Second):
		t.Error("it goes on waiting for a client that cannot be answered")
		<-r.ended
	}
	c.Abort()
	_, _, err = f.Wait(ctx)
	require.Error(t, err)
}

// A directory that cannot be written is not a failed disk. The process ends with Apache's exit code
// for it, which says that nothing was written.
func TestADirectoryThatCannotBeWritten(t *testing.T) {
	cfg, err := config.Load("", []string{"dataDir=" + t.TempDir(), "clientPort=0"})
	require.NoError(t, err)
	s := server.New(cfg, readOnlyDisk{persistence.OS{}}, zaptest.NewLogger(t))
	err = s.Run(context.Background())
	require.ErrorIs(t, err, persistence.ErrDirectory)
	require.NotErrorIs(t, err, persistence.ErrDisk)
}

// A server that is asked to stop answers the requests that it has taken: every write that took
// effect was acknowledged.
func TestStopAnswersWhatItTookIn(t *testing.T) {
	both(t, func(t *testing.T, transport string) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		dir := t.TempDir()
		r := start(t, dir, persistence.OS{}, transport)
		c := dial(t, r.addr)
		asked := make([]*wire.Future, 2000)
		for i := range asked {
			asked[i] = c.Send(jute.OpCreate, &jute.CreateRequest{
				Path: []byte(fmt.Sprintf("/n%d", i)), ACL: wire.World(),
			})
		}
		_, _, err := asked[0].Wait(ctx)
		require.NoError(t, err)
		r.finish(t)
		answered := map[string]bool{}
		for i, f := range asked {
			if _, _, err := f.Wait(ctx); err == nil {
				answered[fmt.Sprintf("n%d", i)] = true
			}
		}
		c.Abort()

		r = start(t, dir, persistence.OS{}, transport)
		c = dial(t, r.addr)
		names, _, err := c.Children(ctx, "/", false)
		require.NoError(t, err)
		for _, name := range names {
			if name != "zookeeper" && !answered[name] {
				t.Errorf("%s took effect without an answer", name)
			}
		}
		require.Len(t, names, len(answered)+1)
		require.NoError(t, c.Close(ctx))
		r.finish(t)
	})
}
