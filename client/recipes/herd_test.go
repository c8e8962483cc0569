package recipes_test

import (
	"context"
	"io"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"quoll/client"
	"quoll/client/recipes"
	"quoll/client/recipes/lock"
	"quoll/jute"
)

// numbers are what the server says of itself (the four-letter word mntr).
func (w *world) numbers() map[string]int {
	w.t.Helper()
	nc, err := net.Dial("tcp", w.server)
	require.NoError(w.t, err)
	defer nc.Close()
	require.NoError(w.t, nc.SetDeadline(time.Now().Add(10*time.Second)))
	_, err = io.WriteString(nc, "mntr")
	require.NoError(w.t, err)
	text, err := io.ReadAll(nc)
	require.NoError(w.t, err)
	all := map[string]int{}
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "\t")
		if n, err := strconv.ParseFloat(value, 64); err == nil {
			all[key] = int(n)
		}
	}
	return all
}

// A thousand wait on ten connections. The server counts: a release fires the watch of one of them,
// and brings the few requests of one.
func TestNoHerdOfAThousand(t *testing.T) {
	const connections, each, releases = 10, 100, 20
	ctx := testContext(t)
	w := newWorld(t)
	if w.root != "" {
		t.Skip("a server that others use too")
	}
	judge := w.beside()
	holder, err := lock.New(judge, path).Lock(ctx)
	require.NoError(t, err)
	won := make(chan *recipes.Held, connections*each)
	leaving, leave := context.WithCancel(ctx)
	done := make(chan struct{})
	var crowd []*client.Client
	var reads atomic.Int64
	counts := client.WithTrace(&client.Trace{
		Answered: func(op, _ string, _ jute.ErrorCode, _ time.Duration) {
			if op == jute.OpGetData.String() {
				reads.Add(1)
			}
		},
	})
	for range connections {
		c := w.beside(counts)
		crowd = append(crowd, c)
		for range each {
			go func() {
				defer func() { done <- struct{}{} }()
				if h, err := lock.New(c, path).Lock(leaving); err == nil {
					won <- h
				}
			}()
		}
	}
	for reads.Load() < 2*connections*each { // each watches its own node and the one before it
		require.NoError(t, ctx.Err())
		time.Sleep(5 * time.Millisecond)
	}
	for range releases {
		before := w.numbers()
		require.NoError(t, holder.Release(ctx))
		holder = <-won
		for _, c := range crowd {
			require.NoError(t, c.Sync(ctx, path))
		}
		after := w.numbers()
		fired := after["zk_sum_node_deleted_watch_count"] - before["zk_sum_node_deleted_watch_count"]
		require.Positive(t, fired)
		require.LessOrEqual(t, fired, 2, "one waiter, and the holder that watches its own node")
		asked := after["zk_packets_received"] - before["zk_packets_received"] - connections
		require.LessOrEqual(t, asked, 4, "the holder deletes and takes its watch off, one lists")
		require.Empty(t, won)
	}
	leave()
	for range connections * each {
		<-done
	}
}
