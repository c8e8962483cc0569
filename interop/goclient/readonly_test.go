package goclient_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"quoll/client"
	"quoll/interop/apache"
	"quoll/interop/ensemble/members"
)

// becomes waits until a client is in a state.
func becomes(ctx context.Context, t *testing.T, c *client.Client, want client.State) client.Status {
	t.Helper()
	for {
		now, changed := c.Status()
		if now.State == want {
			return now
		}
		select {
		case <-changed:
		case <-ctx.Done():
			require.Fail(t, "wrong state", "%v, never %v: %v", now.State, want, now.Err)
		}
	}
}

// Of three Apaches one is left, with readonlymode.enabled: a new client that takes a server without a
// quorum reads there, and its writes are refused. A session that the quorum has made is not taken by
// such a server; it waits. When the quorum is back, both clients write, and their status says so: the
// one with its session, the other with a new one.
func TestReadOnlyApache(t *testing.T) {
	t.Parallel()
	specs, err := members.ParseSpecs("aaa")
	require.NoError(t, err)
	for i := range specs {
		specs[i].Props = map[string]string{
			"readonlymode.enabled": "true", "zookeeper.preAllocSize": "64",
		}
		// Without local sessions a server without a quorum can make none.
		specs[i].Config = map[string]string{
			"localSessionsEnabled": "true", "localSessionsUpgradingEnabled": "true",
		}
	}
	e, err := members.New(t.Context(), members.Options{Dir: t.TempDir(), TickTime: 500}, specs)
	if errors.Is(err, apache.ErrNoJava) {
		t.Skip(err)
	}
	require.NoError(t, err)
	t.Cleanup(e.Close)
	require.NoError(t, e.Start(e.All()...))
	_, err = e.WaitServing(t.Context(), e.All()...)
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	dial := func() *client.Client {
		c, err := client.New(strings.Join(e.Addrs(e.All()...), ","),
			client.WithReadOnly(), client.WithSessionTimeout(time.Minute),
			client.WithBackoff(10*time.Millisecond, 100*time.Millisecond))
		require.NoError(t, err)
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	before := dial()
	_, _, err = before.Create(ctx, "/a", []byte("old"))
	require.NoError(t, err)
	_, _, err = before.Create(ctx, "/mine", nil, client.Ephemeral)
	require.NoError(t, err)
	first := before.Session()
	stays, err := before.AddWatch(ctx, "/a", client.Persistent)
	require.NoError(t, err)
	_, err = e.WaitEqual(t.Context(), e.All()...)
	require.NoError(t, err)

	e.Kill(2, 3)
	becomes(ctx, t, before, client.Suspended)
	during := dial()
	require.Equal(t, e.Addrs(1)[0], becomes(ctx, t, during, client.ReadOnly).Server)
	passing := during.Session()
	data, _, err := during.Get(ctx, "/a")
	require.NoError(t, err)
	require.Equal(t, "old", string(data))
	_, err = during.Set(ctx, "/a", nil, -1)
	require.ErrorIs(t, err, client.ErrReadOnly)
	require.NotErrorIs(t, err, client.ErrUnknownOutcome)
	_, _, err = during.Create(ctx, "/b", nil)
	require.ErrorIs(t, err, client.ErrReadOnly)
	now, _ := before.Status()
	require.Equal(t, client.Suspended, now.State)

	require.NoError(t, e.Start(2, 3))
	for _, c := range []*client.Client{during, before} {
		becomes(ctx, t, c, client.Connected)
		_, err = c.Set(ctx, "/a", []byte("new"), -1)
		require.NoError(t, err)
	}
	_, stat, err := before.Get(ctx, "/mine")
	require.NoError(t, err)
	require.Equal(t, first.ID(), stat.EphemeralOwner)
	require.NoError(t, first.Err())
	event, err := stays.Next(ctx)
	require.NoError(t, err)
	require.Equal(t, client.Resync, event.Kind)
	require.NotEqual(t, passing.ID(), during.Session().ID())
	<-passing.Done()
	require.ErrorIs(t, passing.Err(), client.ErrSessionExpired)
}
