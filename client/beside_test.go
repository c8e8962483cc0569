package client_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"quoll/client"
	"quoll/internal/proxy"
	"quoll/jute"
)

// What the client sends that is no call is cut too, at each place: the session, its identities and
// its watches are there afterwards as if nothing had happened, and a gap of a watch that stays is
// told. The end of the session is done or not, and Close says that nobody knows.
func TestCutBesideTheCalls(t *testing.T) {
	for _, op := range append(besides, jute.OpNotification) {
		for _, where := range []proxy.Where{proxy.Before, proxy.After, proxy.Inside} {
			t.Run(fmt.Sprint(op, where), func(t *testing.T) {
				t.Parallel()
				cutBeside(t, op, where)
			})
		}
	}
}

func cutBeside(t *testing.T, op jute.OpCode, where proxy.Where) {
	ctx := testContext(t)
	w := newWorld(t)
	other := w.beside()
	var cut <-chan struct{}
	if op == jute.OpCreateSession {
		cut = w.Cut(op, where) // of the first connection, which has no session yet
	}
	timeout := 20 * time.Second
	if op == jute.OpPing {
		timeout = 3 * time.Second // the first one comes after a third of it
	}
	c := w.client(client.WithSessionTimeout(timeout), client.WithAuth("digest",
		func(context.Context) ([]byte, error) { return []byte("a:b"), nil }))
	session := c.Session()
	mine := client.ACL{Perms: jute.PermAll, ID: client.ID{Scheme: "auth"}}
	_, _, err := c.Create(ctx, "/mine", nil, client.Ephemeral, client.WithACL(mine))
	require.NoError(t, err)
	_, _, once, err := c.GetW(ctx, "/")
	require.NoError(t, err)
	_, _, removed, err := c.ExistsW(ctx, "/none")
	require.NoError(t, err)
	var stays *client.Watch
	if op != jute.OpSetWatches { // with one that stays it is setWatches2
		stays, err = c.AddWatch(ctx, "/", client.Persistent)
		require.NoError(t, err)
	}

	if op != jute.OpCreateSession {
		cut = w.Cut(op, where)
	}
	switch op {
	case jute.OpCloseSession:
		require.ErrorIs(t, c.Close(), client.ErrUnknownOutcome)
		closed(t, cut, "the connection was cut")
		require.ErrorIs(t, session.Err(), client.ErrClosed)
		if where != proxy.Before {
			_, exists, err := other.Exists(ctx, "/mine")
			require.NoError(t, err)
			require.False(t, exists, "the session has ended")
		}
		return
	case jute.OpCreateSession:
		w.Cut(op, where)
		w.Drop(0) // and of one that has a session
	case jute.OpRemoveWatches:
		require.NoError(t, removed.Close())
	case jute.OpAuth, jute.OpSetWatches, jute.OpSetWatches2:
		w.Drop(0)
	case jute.OpNotification:
		_, err := other.Set(ctx, "/", nil, -1)
		require.NoError(t, err)
	}
	closed(t, cut, "the connection was cut")
	require.NoError(t, c.Sync(ctx, "/"))
	require.Same(t, session, c.Session())
	_, stat, err := c.Get(ctx, "/mine")
	require.NoError(t, err, "the identity is there")
	require.Equal(t, session.ID(), stat.EphemeralOwner)
	if op != jute.OpNotification {
		_, err = other.Set(ctx, "/", nil, -1)
		require.NoError(t, err)
	}
	require.Equal(t, client.DataChanged, next(t, once).Kind)
	over(t, once)
	if stays == nil {
		return
	}
	require.Equal(t, client.Resync, next(t, stays).Kind)
	e := next(t, stays) // the server tells the one-shot watch that came back, and so all
	for ; e.Kind == client.Resync; e = next(t, stays) {
		require.NotEqual(t, jute.OpPing, op, "one connection was cut")
	}
	require.Equal(t, client.DataChanged, e.Kind)
	silent(t, c, stays)
}

// Calls that are more than one request: each of these is cut. Where the outcome is unknown, the call
// can be made again, and the end is the same.
func TestCutAtEveryRequestOfACall(t *testing.T) {
	for name, call := range map[string]func(ctx context.Context, c *client.Client) error{
		"create with parents": func(ctx context.Context, c *client.Client) error {
			_, _, err := c.Create(ctx, "/r/a/b/c", nil, client.Parents)
			return err
		},
		"protected create with parents": func(ctx context.Context, c *client.Client) error {
			_, _, err := c.Create(ctx, "/r/a/n-", nil, client.Protected, client.Parents)
			return err
		},
		"update": func(ctx context.Context, c *client.Client) error {
			_, err := client.Update(ctx, c, "/r", func([]byte) ([]byte, error) {
				return []byte("new"), nil
			})
			return err
		},
		"walk": func(ctx context.Context, c *client.Client) error {
			n := 0
			for _, err := range c.Walk(ctx, "/r", client.WalkOptions{Data: true}) {
				if err != nil {
					return err
				}
				n++
			}
			if n != 5 {
				return fmt.Errorf("%d nodes", n)
			}
			return nil
		},
		"delete all": func(ctx context.Context, c *client.Client) error {
			_, err := c.DeleteAll(ctx, "/r/old", client.DeleteAllOptions{Batch: 1})
			return err
		},
	} {
		for _, where := range []proxy.Where{
			proxy.Before, proxy.After, proxy.Inside, proxy.Held,
		} {
			t.Run(fmt.Sprint(name, where), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				c, other := w.client(), w.beside()
				for k := 1; ; k++ {
					require.Less(t, k, 100, "there is no end")
					require.NoError(t, prepare(other))
					require.NoError(t, c.Sync(testContext(t), "/"))
					happened := w.CutNth(k, where)
					ctx, cancel := context.WithCancel(testContext(t))
					if where == proxy.Held {
						cancelled(t, w, happened, cancel, func() error { return call(ctx, c) })
					} else {
						done(t, func() error { return call(ctx, c) })
					}
					cancel()
					if w.Forget() > 0 {
						return
					}
				}
			})
		}
	}
}

// prepare makes /r with three generations below.
func prepare(c *client.Client) error {
	ctx := context.Background()
	_, err := c.DeleteAll(ctx, "/r", client.DeleteAllOptions{})
	for _, path := range []string{"/r/old/1/2", "/r/old/3"} {
		if err == nil {
			_, _, err = c.Create(ctx, path, nil, client.Parents)
		}
	}
	return err
}

// done makes a call until it has succeeded, again only after an unknown outcome.
func done(t *testing.T, call func() error) {
	t.Helper()
	err := call()
	for errors.Is(err, client.ErrUnknownOutcome) {
		require.ErrorIs(t, err, client.ErrConnectionLoss)
		err = call()
	}
	if !errors.Is(err, client.ErrNodeExists) { // the first one has made it
		require.NoError(t, err)
	}
}

// cancelled makes a call that is given up when its request is held back.
func cancelled(
	t *testing.T, w *world, held <-chan struct{}, cancel context.CancelFunc, call func() error,
) {
	t.Helper()
	defer w.Resume()
	ended := make(chan error, 1)
	go func() { ended <- call() }()
	select {
	case err := <-ended:
		require.NoError(t, err)
		return
	case <-held:
	}
	begin := time.Now()
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)
	require.Less(t, time.Since(begin), *cancelBound)
}
