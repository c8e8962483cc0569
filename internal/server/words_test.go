package server_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"quoll/client/wire"
	"quoll/jute"
	"quoll/persistence"
)

// word asks in the way of `echo word | nc`, which sends its FIN before the answer comes.
func word(t *testing.T, addr, text string) string {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	defer c.Close()
	require.NoError(t, c.SetDeadline(time.Now().Add(20*time.Second)))
	_, err = io.WriteString(c, text)
	require.NoError(t, err)
	require.NoError(t, c.(*net.TCPConn).CloseWrite())
	answer, err := io.ReadAll(c)
	require.NoError(t, err)
	return string(answer)
}

func TestWordsOverSockets(t *testing.T) {
	both(t, func(t *testing.T, transport string) {
		dir := t.TempDir()
		audit := filepath.Join(dir, "audit.log")
		r := start(t, filepath.Join(dir, "data"), persistence.OS{}, transport,
			"4lw.commands.whitelist=*", "audit.enable=true", "quoll.auditFile="+audit)
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		c := dial(t, r.addr)
		_, _, err := c.Create(ctx, "/a", []byte("x"), wire.World(), jute.ModeEphemeral)
		require.NoError(t, err)
		_, _, err = c.Get(ctx, "/a", true)
		require.NoError(t, err)
		_, err = c.Set(ctx, "/nope", nil, -1)
		require.Error(t, err)

		require.Equal(t, "imok", word(t, r.addr, "ruok"))
		require.Equal(t, "rw", word(t, r.addr, "isro\n"))
		_, port, _ := net.SplitHostPort(r.addr)
		require.Contains(t, word(t, r.addr, "conf"), "clientPort="+port+"\n")
		id := c.Session().ID.String()
		require.Contains(t, word(t, r.addr, "cons"), "(queued=0,recved=4,sent=4,sid="+id+",lop=NA,")
		require.Contains(t, word(t, r.addr, "srvr"), "Connections: 2\nOutstanding: 0\nZxid: 0x3\n"+
			"Mode: standalone\nNode count: 6\n")
		dump := word(t, r.addr, "dump")
		require.Contains(t, dump, "Session Sets (1)/(1):\n1 expire at ")
		require.Contains(t, dump, "Sessions with Ephemerals (1):\n"+id+":\n\t/a\n")
		require.Contains(t, dump, "Connections Sets (")
		require.Equal(t, "/a\n\t"+id+"\n\n", word(t, r.addr, "wchp"))
		mntr := word(t, r.addr, "mntr")
		for _, line := range []string{
			"zk_cnt_fsynctime\t", "zk_cnt_sync_processor_batch_size\t3\n",
			"zk_quoll_create2_txns\t1\n", "zk_quoll_error_txns\t1\n",
			"zk_cnt_updatelatency\t3\n", "zk_cnt_readlatency\t1\n", "zk_ephemerals_count\t1\n",
			"zk_connection_request_count\t1\n", "zk_cnt_propagation_latency\t3\n",
		} {
			require.Contains(t, mntr, line)
		}
		require.Empty(t, word(t, r.addr, "\xff\xf4\xff\xfd"))
		require.NoError(t, c.Close(ctx))
		r.finish(t)

		text, err := os.ReadFile(audit)
		require.NoError(t, err)
		lines := strings.Split(strings.TrimSpace(string(text)), "\n")
		require.Len(t, lines, 5)
		require.Contains(t, lines[0], "operation=serverStart\tresult=success")
		require.Contains(t, lines[1], "operation=create\tznode=/a\tznode_type=ephemeral")
		require.Contains(t, lines[2], "ERROR audit: session="+id)
		require.Contains(t, lines[3], "OnSessionCloseOrExpire\tznode=/a")
		require.Contains(t, lines[4], "operation=serverStop\tresult=invoked")
	})
}

// TestWordsUnderLoad asks words on every loop while everything changes.
func TestWordsUnderLoad(t *testing.T) {
	both(t, func(t *testing.T, transport string) {
		r := start(t, t.TempDir(), persistence.OS{}, transport, "4lw.commands.whitelist=*",
			"quoll.eventLoops=3")
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		var writers sync.WaitGroup
		for i := range 4 {
			writers.Go(func() {
				c, err := wire.Dial(ctx, r.addr, wire.Options{Timeout: 4 * time.Second})
				if err != nil {
					t.Error(err)
					return
				}
				for j := range 100 {
					path := fmt.Sprintf("/n%d-%d", i, j)
					_, _, err := c.Create(ctx, path, nil, wire.World(), jute.ModeEphemeral)
					if err == nil {
						_, _, err = c.Get(ctx, path, true)
					}
					if err != nil {
						t.Error(err)
						return
					}
				}
				c.Abort()
			})
		}
		for range 3 {
			for _, w := range strings.Fields("conf cons crst dirs dump envi gtmk hash isro mntr " +
				"ruok srst srvr stat wchc wchp wchs") {
				word(t, r.addr, w)
			}
		}
		writers.Wait()
		r.finish(t)
	})
}

// The limits of the bytes of watched paths come from the configuration.
func TestAConnectionThatWatchesTooMuchIsClosed(t *testing.T) {
	for _, setting := range []string{"quoll.watchBytes=1000", "quoll.watchTotalBytes=1000"} {
		r := start(t, t.TempDir(), persistence.OS{}, "gnet", setting)
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		c := dial(t, r.addr)
		path := "/" + strings.Repeat("n", 599)
		_, err := c.Exists(ctx, path, true)
		require.ErrorIs(t, err, jute.NoNode, setting)
		_, err = c.Exists(ctx, path+"2", true)
		require.ErrorIs(t, err, io.EOF, setting)
		c.Abort()
		r.finish(t)
	}
}
