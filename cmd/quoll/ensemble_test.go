package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"quoll/client/wire"
	"quoll/jute"
)

// patience bounds everything that an ensemble must do soon.
const patience = 30 * time.Second

// member is one server of an ensemble, as a process.
type member struct {
	t      *testing.T
	file   string // zoo.cfg
	addr   string // of clients
	log    string
	ports  []string  // of members: at which a leader is found, and of elections
	files  int       // the limit of open files; 0: that of the test
	server *exec.Cmd // nil: it does not run
}

// trio makes the files of three servers on loopback.
func trio(t *testing.T) (all []*member) {
	ports := make([]int, 9)
	for i := range ports {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer l.Close()
		ports[i] = l.Addr().(*net.TCPAddr).Port
	}
	lines := ""
	for i := range 3 {
		lines += fmt.Sprintf("server.%d=127.0.0.1:%d:%d;127.0.0.1:%d\n",
			i+1, ports[3*i], ports[3*i+1], ports[3*i+2])
	}
	for i := range 3 {
		dir := t.TempDir()
		m := &member{
			t: t, file: filepath.Join(dir, "zoo.cfg"), log: filepath.Join(dir, "log"),
			addr: fmt.Sprintf("127.0.0.1:%d", ports[3*i+2]),
			ports: []string{
				fmt.Sprintf("127.0.0.1:%d", ports[3*i]), fmt.Sprintf("127.0.0.1:%d", ports[3*i+1]),
			},
		}
		require.NoError(t, os.WriteFile(filepath.Join(dir, "myid"),
			[]byte(fmt.Sprintf("%d\n", i+1)), 0o600))
		require.NoError(t, os.WriteFile(m.file, []byte(fmt.Sprintf("tickTime=2000\n"+
			"initLimit=10\nsyncLimit=5\ndataDir=%s\npreAllocSize=64\n%s", dir, lines)), 0o600))
		t.Cleanup(func() {
			if m.server != nil {
				m.kill()
			}
			if t.Failed() {
				text, _ := os.ReadFile(m.log)
				t.Logf("server %d:\n%s", i+1, text)
			}
		})
		all = append(all, m)
	}
	return all
}

func (m *member) start() {
	m.t.Helper()
	log, err := os.OpenFile(m.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	require.NoError(m.t, err)
	defer log.Close()
	m.server = exec.Command(os.Args[0], "server", m.file) //nolint:gosec // this test binary
	if m.files > 0 {
		m.server = exec.Command("sh", "-c", fmt.Sprintf(`ulimit -n %d; exec "$0" "$@"`, m.files),
			os.Args[0], "server", m.file)
	}
	m.server.Env = append(os.Environ(), "QUOLL_TEST_COMMAND=1")
	m.server.Stderr = log
	require.NoError(m.t, m.server.Start())
}

// kill is kill -9.
func (m *member) kill() {
	m.t.Helper()
	require.NoError(m.t, m.server.Process.Signal(syscall.SIGKILL))
	_ = m.server.Wait()
	m.server = nil
}

var modeOf = regexp.MustCompile(`\nMode: (\w+)\n`)

// mode is what the server says that it is, "" while it does not serve.
func (m *member) mode() string {
	c, err := net.DialTimeout("tcp", m.addr, time.Second)
	if err != nil {
		return ""
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(patience))
	if _, err := c.Write([]byte("srvr")); err != nil {
		return ""
	}
	answer, _ := io.ReadAll(c)
	if found := modeOf.FindSubmatch(answer); found != nil {
		return string(found[1])
	}
	return ""
}

// serving waits until all servers that run serve, and returns the leader.
func serving(t *testing.T, all []*member) (leader *member) {
	t.Helper()
	require.Eventually(t, func() bool {
		leaders := 0
		for _, m := range all {
			switch mode := ""; {
			case m.server == nil:
			default:
				if mode = m.mode(); mode == "" {
					return false
				} else if mode == "leader" {
					leader = m
					leaders++
				}
			}
		}
		return leaders == 1
	}, patience, 5*time.Millisecond)
	return leader
}

// writer writes to whichever server lets it, until it is stopped. Each node is one write.
type writer struct {
	acked atomic.Int64 // writes that were acknowledged: nodes /w0 and so on
	stop  chan struct{}
	ended chan struct{}
	took  atomic.Int64 // the longest time between two acknowledged writes, ns
}

func write(addrs []string) *writer {
	w := &writer{stop: make(chan struct{}), ended: make(chan struct{})}
	go func() {
		defer close(w.ended)
		var c *wire.Conn
		last := time.Now()
		for at, next := 0, int64(0); ; {
			select {
			case <-w.stop:
				if c != nil {
					c.Abort()
				}
				return
			default:
			}
			ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
			var err error
			if c == nil {
				c, err = wire.Dial(ctx, addrs[at%len(addrs)], wire.Options{Timeout: 8 * time.Second})
			}
			if err == nil {
				_, _, err = c.Create(ctx, fmt.Sprintf("/w%d", next), nil, wire.World(),
					jute.ModePersistent)
			}
			cancel()
			if err == nil || strings.Contains(err.Error(), jute.NodeExists.String()) {
				next++ // it exists if its answer was lost
				w.acked.Store(next)
				w.took.Store(max(w.took.Load(), int64(time.Since(last))))
				last = time.Now()
				continue
			}
			if c != nil {
				c.Abort()
			}
			c = nil
			at++
		}
	}()
	return w
}

func (w *writer) end() int64 {
	close(w.stop)
	<-w.ended
	return w.acked.Load()
}

// The leader is killed again and again while a client writes. Nothing that was acknowledged is
// lost, on no server; a killed server comes back by DIFF; at last all hold the same.
func TestTheLeaderIsKilled(t *testing.T) {
	all := trio(t)
	var addrs []string
	for _, m := range all {
		m.start()
		addrs = append(addrs, m.addr)
	}
	serving(t, all)
	w := write(addrs)
	more := func(n int64) {
		from := w.acked.Load()
		require.Eventually(t, func() bool { return w.acked.Load() >= from+n }, patience,
			time.Millisecond)
	}
	for range 4 {
		more(100)
		leader := serving(t, all)
		leader.kill()
		more(100)
		leader.start()
		serving(t, all)
	}
	acked := w.end()
	t.Logf("%d writes, the longest pause %v", acked, time.Duration(w.took.Load()))
	serving(t, all)
	for _, m := range all {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		c, err := wire.Dial(ctx, m.addr, wire.Options{Timeout: 8 * time.Second})
		require.NoError(t, err)
		require.NoError(t, c.Sync(ctx, "/"))
		names, _, err := c.Children(ctx, "/", false)
		require.NoError(t, err)
		require.GreaterOrEqual(t, int64(len(names)), acked+1) // and /zookeeper
		for i := range acked {
			require.Contains(t, names, fmt.Sprintf("w%d", i))
		}
		c.Abort()
		cancel()
		text, err := os.ReadFile(m.log)
		require.NoError(t, err)
		require.False(t, bytes.Contains(text, []byte("SNAP")), "nobody needed the whole tree")
		require.NotContains(t, string(text), "digest of the tree differs")
	}
}

// The ports of a member are looked at too, and a member whose election port is in use does not
// start.
func TestTheElectionPortIsInUse(t *testing.T) {
	m := trio(t)[0]
	out, code := execute("config", "check", "--here", m.file)
	require.Zero(t, code, out)
	text, err := os.ReadFile(m.file)
	require.NoError(t, err)
	found := regexp.MustCompile(`server\.1=127\.0\.0\.1:\d+:(\d+)`).FindSubmatch(text)
	door, err := net.Listen("tcp", "127.0.0.1:"+string(found[1]))
	require.NoError(t, err)
	defer door.Close()
	out, code = execute("config", "check", "--here", m.file)
	require.Equal(t, 2, code)
	require.Contains(t, out, "server.1: listen tcp 127.0.0.1:"+string(found[1]))
	out, code = execute("server", m.file)
	require.Equal(t, 1, code)
	require.Contains(t, out, "election port: listen at 127.0.0.1:"+string(found[1]))
}
