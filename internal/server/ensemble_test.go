package server_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest"

	"quoll/client/wire"
	"quoll/internal/config"
	"quoll/internal/server"
	"quoll/jute"
	"quoll/persistence"
	"quoll/persistence/snap"
)

// patience bounds everything that an ensemble must do soon.
const patience = 30 * time.Second

// ensemble is several servers on loopback, from plain zoo.cfg files.
type ensemble struct {
	t       *testing.T
	dir     string
	lines   string // the server lines
	clients []int  // ports
	servers []*running
	extra   string // further lines of each zoo.cfg
	seen    zapcore.Core
}

// newEnsemble makes the files of servers 1 to n, of which the last ones are observers. None runs.
func newEnsemble(t *testing.T, n, observers int) *ensemble {
	e := &ensemble{t: t, dir: t.TempDir(), servers: make([]*running, n), seen: zapcore.NewNopCore()}
	ports := freePorts(t, 3*n)
	for i := range n {
		role := ""
		if i >= n-observers {
			role = ":observer"
		}
		e.lines += fmt.Sprintf("server.%d=127.0.0.1:%d:%d%s\n", i+1, ports[3*i], ports[3*i+1], role)
		e.clients = append(e.clients, ports[3*i+2])
		require.NoError(t, os.MkdirAll(filepath.Join(e.home(i), "data"), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(e.home(i), "data", "myid"),
			[]byte(strconv.Itoa(i+1)), 0o600))
	}
	t.Cleanup(func() {
		for i, r := range e.servers {
			if r != nil {
				e.stop(i)
			}
		}
	})
	return e
}

func freePorts(t *testing.T, n int) (ports []int) {
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer l.Close()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports
}

func (e *ensemble) home(i int) string { return filepath.Join(e.dir, strconv.Itoa(i+1)) }

func (e *ensemble) start(all ...int) {
	e.t.Helper()
	for _, i := range all {
		file := filepath.Join(e.home(i), "zoo.cfg")
		require.NoError(e.t, os.WriteFile(file, []byte(fmt.Sprintf("tickTime=500\ninitLimit=20\n"+
			"syncLimit=10\ndataDir=%s\nclientPort=%d\nclientPortAddress=127.0.0.1\n"+
			"preAllocSize=64\n4lw.commands.whitelist=*\n%s%s",
			filepath.Join(e.home(i), "data"), e.clients[i], e.extra, e.lines)), 0o600))
		cfg, err := config.Load(file, nil)
		require.NoError(e.t, err)
		logger := zaptest.NewLogger(e.t, zaptest.Level(zap.InfoLevel), zaptest.WrapOptions(
			zap.WrapCore(func(c zapcore.Core) zapcore.Core { return zapcore.NewTee(c, e.seen) })))
		s := server.New(cfg, persistence.OS{}, logger.With(zap.Int("server", i+1)))
		at := make(chan string, 1)
		s.Listening = func(a []netip.AddrPort) { at <- a[0].String() }
		ctx, stop := context.WithCancel(context.Background())
		r := &running{stop: stop, ended: make(chan error, 1)}
		go func() { r.ended <- s.Run(ctx) }()
		select {
		case r.addr = <-at:
		case err := <-r.ended:
			e.t.Fatal("server ", i+1, " ended: ", err)
		}
		e.servers[i] = r
	}
}

func (e *ensemble) stop(i int) {
	e.t.Helper()
	e.servers[i].finish(e.t)
	e.servers[i] = nil
}

// word asks a server a four-letter word; "" is no answer.
func (e *ensemble) word(i int, word string) string {
	c, err := net.DialTimeout("tcp", e.servers[i].addr, time.Second)
	if err != nil {
		return ""
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(patience))
	if _, err := c.Write([]byte(word)); err != nil {
		return ""
	}
	var answer strings.Builder
	b := make([]byte, 4096)
	for {
		n, err := c.Read(b)
		answer.Write(b[:n])
		if err != nil {
			return answer.String()
		}
	}
}

// mode is what a server says that it is, "" while it does not serve.
func (e *ensemble) mode(i int) string {
	_, mode, _ := strings.Cut(e.word(i, "srvr"), "\nMode: ")
	mode, _, _ = strings.Cut(mode, "\n")
	return mode
}

// snapshots are the files of a server.
func (e *ensemble) snapshots(i int) []string {
	files, err := filepath.Glob(filepath.Join(e.home(i), "data", "version-2", "snapshot.*"))
	require.NoError(e.t, err)
	return files
}

// gauge is a number of mntr.
func (e *ensemble) gauge(i int, name string) string {
	_, value, _ := strings.Cut(e.word(i, "mntr"), "\nzk_"+name+"\t")
	value, _, _ = strings.Cut(value, "\n")
	return value
}

// eventually waits until something holds.
func (e *ensemble) eventually(what string, holds func() bool) {
	e.t.Helper()
	require.Eventually(e.t, holds, patience, 5*time.Millisecond, what)
}

// serving waits until all servers that run serve clients, and returns the leader.
func (e *ensemble) serving() (leader int) {
	e.t.Helper()
	e.eventually("all serve, under one leader", func() bool {
		leaders := 0
		for i, r := range e.servers {
			if r == nil {
				continue
			}
			switch e.mode(i) {
			case "leader":
				leader = i
				leaders++
			case "follower", "observer":
			default:
				return false
			}
		}
		return leaders == 1
	})
	return leader
}

// client is a session on a server; it comes as soon as the server lets it in.
func (e *ensemble) client(i int) *wire.Conn {
	e.t.Helper()
	var c *wire.Conn
	e.eventually("a client is let in", func() bool {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		var err error
		c, err = wire.Dial(ctx, e.servers[i].addr, wire.Options{Timeout: 8 * time.Second})
		return err == nil
	})
	return c
}

func (e *ensemble) create(c *wire.Conn, from, to int) {
	e.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for k := from; k < to; k++ {
		_, _, err := c.Create(ctx, fmt.Sprintf("/n%d", k), []byte("data"), wire.World(),
			jute.ModePersistent)
		require.NoError(e.t, err)
	}
}

// has waits until a server shows a node.
func (e *ensemble) has(i int, path string) {
	e.t.Helper()
	c := e.client(i)
	defer c.Abort()
	e.eventually(path+" is there", func() bool {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		_, err := c.Exists(ctx, path, false)
		return err == nil
	})
}

// same waits until all servers that run have applied the same, and compares their trees.
func (e *ensemble) same() {
	e.t.Helper()
	e.eventually("all have applied the same", func() bool {
		seen := map[string]bool{}
		for i, r := range e.servers {
			if r != nil {
				_, zxid, _ := strings.Cut(e.word(i, "srvr"), "\nZxid: ")
				zxid, _, _ = strings.Cut(zxid, "\n")
				seen[zxid+" "+e.gauge(i, "znode_count")+" "+e.gauge(i, "ephemerals_count")] = true
			}
		}
		return len(seen) == 1
	})
	digests := map[string]string{}
	for i, r := range e.servers {
		if r != nil {
			require.Equal(e.t, "0", e.gauge(i, "digest_mismatches_count"))
			require.Equal(e.t, "0", e.gauge(i, "quoll_inconsistencies_count"))
			for _, line := range strings.Split(strings.TrimSpace(e.word(i, "hash")), "\n") {
				zxid, digest, _ := strings.Cut(line, ": ")
				if other, known := digests[zxid]; known {
					require.Equal(e.t, other, digest, zxid)
				}
				digests[zxid] = digest
			}
		}
	}
}

// Three servers from plain zoo.cfg files elect a leader, serve clients through each of them, go on
// when the leader ends, and take it back by DIFF.
func TestThreeServers(t *testing.T) {
	e := newEnsemble(t, 3, 0)
	e.start(0, 1, 2)
	leader := e.serving()
	require.Equal(t, "3", e.gauge(leader, "quorum_size"))
	e.eventually("both follow", func() bool { return e.gauge(leader, "synced_followers") == "2" })
	var clients []*wire.Conn
	for i := range e.servers {
		c := e.client(i)
		e.create(c, 100*i, 100*i+50)
		clients = append(clients, c)
	}
	for i := range e.servers {
		for j := range e.servers {
			e.has(i, fmt.Sprintf("/n%d", 100*j+49))
		}
	}
	e.same()
	config, _, err := clients[0].Get(t.Context(), "/zookeeper/config", false)
	require.NoError(t, err)
	require.Contains(t, string(config), "server.3=127.0.0.1:")
	require.Contains(t, string(config), ":participant\n")

	e.stop(leader)
	next := e.serving()
	require.NotEqual(t, leader, next)
	follower := 3 - leader - next
	c := e.client(follower)
	e.create(c, 1000, 1050)
	require.NotEqual(t, "0", e.gauge(follower, "learner_proposal_received_count"))

	before := e.snapshots(leader)
	e.start(leader)
	e.serving()
	require.Equal(t, before, e.snapshots(leader), "the log may hold what nobody has committed")
	require.Equal(t, "1", e.gauge(leader, "quoll_joins_by_diff_count"))
	require.Equal(t, "0", e.gauge(leader, "quoll_reloads_count"))
	e.has(leader, "/n1049")
	e.same()
	for _, c := range append(clients, c) {
		c.Abort()
	}
}

// An observer has no vote and serves clients. A server with an empty disk comes back by SNAP, while
// clients write, because the leader sends no log.
func TestAnObserverAndAnEmptyDisk(t *testing.T) {
	e := newEnsemble(t, 4, 1)
	e.extra = "forceSnapshotSync=true\nsnapCount=200\n"
	e.start(0, 1, 2, 3)
	leader := e.serving()
	require.Equal(t, "observer", e.mode(3))
	require.Equal(t, "3", e.gauge(3, "quorum_size"))
	e.eventually("all are there", func() bool {
		return e.gauge(leader, "synced_followers") == "2" &&
			e.gauge(leader, "synced_observers") == "1"
	})
	observer, writer := e.client(3), e.client(leader)
	e.create(observer, 0, 300)
	e.same()

	follower := (leader + 1) % 3
	for _, i := range []int{follower, 3} {
		e.stop(i)
		require.NoError(t, os.RemoveAll(filepath.Join(e.home(i), "data", "version-2")))
	}
	e.create(writer, 1000, 1100)
	snaps := e.gauge(leader, "snap_count")
	wrote := make(chan struct{})
	go func() {
		defer close(wrote)
		e.create(writer, 2000, 2200)
	}()
	e.start(follower, 3)
	e.serving()
	<-wrote
	require.NotEqual(t, snaps, e.gauge(leader, "snap_count"))
	e.has(follower, "/n2199")
	e.has(3, "/n2199")
	e.same()
	e.create(e.client(3), 3000, 3050)
	e.same()
	files := e.snapshots(follower)
	require.NotEmpty(t, files)
	require.NotContains(t, files, filepath.Join(e.home(follower), "data", "version-2", "snapshot.0"),
		"the leader's tree took the place of what an empty server begins with")
	observer.Abort()
	writer.Abort()
}

// A server alone has a history that the others did not see. As a member it cuts it off: it has
// applied it at its start, so it reads its files again.
func TestAHistoryThatTheOthersDidNotSee(t *testing.T) {
	e := newEnsemble(t, 3, 0)
	lonely := e.lonely(50)
	others := []int{(lonely + 1) % 3, (lonely + 2) % 3}
	e.start(others...)
	e.serving()
	c := e.client(others[0])
	e.create(c, 100, 150)
	c.Abort()
	e.start(lonely)
	e.serving()
	e.has(lonely, "/n149")
	e.same()
	require.Equal(t, "1", e.gauge(lonely, "quoll_reloads_count"))
}

// lonely makes some nodes with three servers, and stops them. Then the one that led gets what nobody
// else has: three transactions behind the common history.
func (e *ensemble) lonely(nodes int) (leader int) {
	e.start(0, 1, 2)
	leader = e.serving()
	c := e.client(leader)
	e.create(c, 0, nodes)
	e.same()
	c.Abort()
	for i := range e.servers {
		e.stop(i)
	}
	logUnseen(e.t, filepath.Join(e.home(leader), "data"), 3)
	return leader
}

// logUnseen appends transactions to the log of a server that does not run.
func logUnseen(t *testing.T, dir string, n int) {
	d, err := persistence.Open(persistence.OS{}, persistence.DefaultOptions(dir))
	require.NoError(t, err)
	var last jute.Zxid
	found, err := d.Recover(discard{})
	require.NoError(t, err)
	last = found.LastZxid
	for range n {
		last++
		header := jute.TxnHeader{Zxid: last, Type: jute.OpCreate}
		e, err := jute.ParseEntry(jute.Append(jute.Append(nil, &header), &jute.CreateTxn{
			Path: fmt.Appendf(nil, "/lonely%d", last.Counter()), ParentCVersion: 60,
		}))
		require.NoError(t, err)
		require.NoError(t, d.Log().Append(&e))
	}
	_, err = d.Log().Commit()
	require.NoError(t, err)
	require.NoError(t, d.Close())
}

// discard is told of everything and keeps nothing.
type discard struct{ snap.Discard }

func (discard) Reset()                                         {}
func (discard) SnapshotLoaded(info persistence.SnapInfo) error { return nil }
func (discard) Txn(*jute.Entry) error                          { return nil }

// A member that cannot be heard does not start, and gives its directory back.
func TestAMemberWithoutItsElectionPort(t *testing.T) {
	e := newEnsemble(t, 1, 0)
	e.extra = "standaloneEnabled=false\n"
	e.start(0) // an ensemble of one
	require.Equal(t, 0, e.serving())
	c := e.client(0)
	e.create(c, 0, 10)
	require.NoError(t, c.Sync(t.Context(), "/"))
	c.Abort()
	e.stop(0)
	_, at, _ := strings.Cut(strings.TrimSpace(e.lines), "=")
	parts := strings.Split(at, ":")
	door, err := net.Listen("tcp", "127.0.0.1:"+parts[2])
	require.NoError(t, err)
	defer door.Close()
	cfg, err := config.Load(filepath.Join(e.home(0), "zoo.cfg"), nil)
	require.NoError(t, err)
	err = server.New(cfg, persistence.OS{}, zap.NewNop()).Run(t.Context())
	require.ErrorContains(t, err, "election port: listen at 127.0.0.1:"+parts[2])
	require.NoError(t, door.Close())
	e.start(0)
	e.serving()
	e.has(0, "/n9")
	require.Equal(t, "leader", e.mode(0))
}

// With db.autocreate=false a member without data has no vote until a leader has filled it.
func TestAMemberThatMayNotVoteYet(t *testing.T) {
	e := newEnsemble(t, 3, 0)
	e.start(0, 1)
	c := e.client(e.serving())
	e.create(c, 0, 20)
	c.Abort()
	e.extra = "db.autocreate=false\n"
	e.start(2)
	e.serving()
	e.has(2, "/n19")
	e.same()
	e.stop(2)
	e.start(2)
	e.serving()
	e.same()
}

// A member whose promises cannot be known says so, although the start has changed files before it
// came to them.
func TestAMemberWithAnEpochOfAnother(t *testing.T) {
	e := newEnsemble(t, 1, 0)
	e.extra = "standaloneEnabled=false\n"
	e.start(0)
	e.serving()
	c := e.client(0)
	e.create(c, 0, 10)
	c.Abort()
	e.stop(0)
	below := filepath.Join(e.home(0), "data", "version-2")
	log, err := os.OpenFile(filepath.Join(below, "log.100000001"), os.O_RDWR|os.O_APPEND, 0)
	require.NoError(t, err)
	_, err = log.WriteString("torn by a crash") // the start cuts it off
	require.NoError(t, errors.Join(err, log.Close()))
	require.NoError(t, os.WriteFile(filepath.Join(below, "currentEpoch"), []byte("9"), 0o600))
	cfg, err := config.Load(filepath.Join(e.home(0), "zoo.cfg"), nil)
	require.NoError(t, err)
	err = server.New(cfg, persistence.OS{}, zap.NewNop()).Run(t.Context())
	require.ErrorContains(t, err, "currentEpoch: damaged: it says 9, its second copy 1")
}
