package client_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"quoll/client"
)

// A call that finds no room waits for it, or for its context. The others go on.
func TestBackPressure(t *testing.T) {
	for name, limit := range map[string]client.Option{
		"requests": client.WithMaxPending(2, 1<<20),
		"bytes":    client.WithMaxPending(100, 2000),
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			c := w.client(limit)
			data := make([]byte, 900)
			w.Pause()
			one := c.Async().Set(testContext(t), "/", data, -1)
			two := c.Async().Set(testContext(t), "/", data, -1)
			ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
			defer cancel()
			_, err := c.Set(ctx, "/", data, -1)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.NotErrorIs(t, err, client.ErrUnknownOutcome, "it was never sent")
			third := make(chan error, 1)
			go func() {
				_, err := c.Set(testContext(t), "/", data, -1)
				third <- err
			}()
			w.Resume()
			for _, f := range []*client.Future[client.Stat]{one, two} {
				_, err := f.Wait(testContext(t))
				require.NoError(t, err)
			}
			require.NoError(t, <-third)
		})
	}
}

// A call larger than all that may be pending goes when it is alone.
func TestOneLargeCall(t *testing.T) {
	c := newWorld(t).client(client.WithMaxPending(10, 100))
	_, err := c.Set(testContext(t), "/", make([]byte, 5000), -1)
	require.NoError(t, err)
}

// A context without a deadline does not wait for ever. The session goes on.
func TestRequestTimeout(t *testing.T) {
	w := newWorld(t)
	c := w.client(client.WithRequestTimeout(50 * time.Millisecond))
	session := c.Session()
	w.Pause()
	_, _, err := c.Get(context.Background(), "/")
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.NotErrorIs(t, err, client.ErrUnknownOutcome)
	_, err = c.Set(context.Background(), "/", nil, -1)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorIs(t, err, client.ErrUnknownOutcome)
	kept := c.Async().Get(testContext(t), "/")
	w.Resume()
	_, err = kept.Wait(testContext(t))
	require.NoError(t, err, "it has a deadline of its own")
	require.Same(t, session, c.Session())
}

// Many goroutines use one connection. Each finds its own answers.
func TestManyGoroutines(t *testing.T) {
	ctx := testContext(t)
	w := newWorld(t)
	c := w.client()
	var all sync.WaitGroup
	failed := make(chan error, 64)
	for i := range 64 {
		all.Go(func() {
			path := fmt.Sprintf("/n%d", i)
			if _, _, err := c.Create(ctx, path, []byte("-1")); err != nil {
				failed <- err
				return
			}
			for round := range 50 {
				want := fmt.Sprint(i, round)
				if _, err := c.Set(ctx, path, []byte(want), int32(round)); err != nil {
					failed <- err
					return
				}
				data, _, err := c.Get(ctx, path)
				if err == nil && string(data) != want {
					err = fmt.Errorf("%s is %q, not %q", path, data, want)
				}
				if err != nil {
					failed <- err
					return
				}
			}
		})
	}
	all.Wait()
	close(failed)
	for err := range failed {
		t.Error(err)
	}
}

// The same while the connection is cut all the time: reads are answered, writes are done or not.
func TestManyGoroutinesUnderCuts(t *testing.T) {
	ctx := testContext(t)
	w := newWorld(t)
	c := w.client()
	stop := make(chan struct{})
	var all sync.WaitGroup
	cuts := 0
	all.Go(func() {
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				cuts += w.Drop(0)
			case <-stop:
				return
			}
		}
	})
	var workers sync.WaitGroup
	failed := make(chan error, 16)
	for i := range 16 {
		workers.Go(func() {
			path := fmt.Sprintf("/n%d", i)
			if _, _, err := c.Create(ctx, path, nil, client.Protected); err != nil {
				failed <- err
				return
			}
			for range 100 {
				if _, _, err := c.Children(ctx, "/"); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	workers.Wait()
	close(stop)
	all.Wait()
	close(failed)
	for err := range failed {
		t.Error(err)
	}
	require.NotZero(t, cuts)
	names, _, err := c.Children(ctx, "/")
	require.NoError(t, err)
	require.Len(t, names, 16)
}

// writes counts what a connection is given to write.
type writes struct {
	net.Conn
	n *atomic.Int64
}

func (w writes) Write(b []byte) (int, error) {
	w.n.Add(1)
	return w.Conn.Write(b)
}

// Those whose answers came together ask again together: the requests of many goroutines share the
// writes. Each of them alone would cost more than all the rest of the client.
func TestManyGoroutinesShareWrites(t *testing.T) {
	if os.Getenv(serversVariable) != "" {
		t.Skip("other servers answer one by one")
	}
	const goroutines, gets = 64, 50
	ctx := testContext(t)
	w := newWorld(t)
	var n atomic.Int64
	c, err := client.Dial(ctx, w.server+w.root, client.WithDialer(
		func(ctx context.Context, network, addr string) (net.Conn, error) {
			nc, err := new(net.Dialer).DialContext(ctx, network, addr)
			return writes{nc, &n}, err
		}))
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	n.Store(0)
	var all sync.WaitGroup
	for range goroutines {
		all.Go(func() {
			for range gets {
				_, _, _ = c.Get(ctx, "/")
			}
		})
	}
	all.Wait()
	require.Less(t, n.Load(), int64(goroutines*gets/2))
}
