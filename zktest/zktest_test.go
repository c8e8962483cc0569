package zktest_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"quoll/client"
	"quoll/jute"
	"quoll/zktest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A user's test may look for goroutines left behind, without exceptions.
func TestNoGoroutineIsLeft(t *testing.T) {
	goleak.VerifyNone(t)
	t.Run("one server", func(t *testing.T) {
		zk := zktest.Start(t)
		require.NoError(t, zk.Client().Sync(testContext(t), "/"))
		zk.Restart()
	})
	goleak.VerifyNone(t)
	t.Run("a cluster", func(t *testing.T) {
		cl := zktest.StartCluster(t, 3)
		require.NoError(t, cl.Client().Sync(testContext(t), "/"))
		cl.Kill(cl.Leader())
	})
	goleak.VerifyNone(t)
}

func testContext(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// A test has a server and a connected client within 20 ms. The best of some counts, because other
// tests run on the same machine.
func TestStartIsFast(t *testing.T) {
	best := time.Hour
	for range 20 {
		begin := time.Now()
		zktest.Start(t).Client()
		best = min(best, time.Since(begin))
	}
	t.Log("best: ", best)
	require.Less(t, best, 20*time.Millisecond)
}

func TestServersAreApart(t *testing.T) {
	ctx := testContext(t)
	one, two := zktest.Start(t), zktest.Start(t)
	require.NotEqual(t, one.Servers(), two.Servers())
	_, _, err := one.Client().Create(ctx, "/a", nil)
	require.NoError(t, err)
	_, exists, err := two.Client().Exists(ctx, "/a")
	require.NoError(t, err)
	require.False(t, exists)
}

func TestRestartKeepsDataAndSessions(t *testing.T) {
	ctx := testContext(t)
	zk := zktest.Start(t)
	c := zk.Client()
	session := c.Session()
	_, _, err := c.Create(ctx, "/a", []byte("kept"), client.Ephemeral)
	require.NoError(t, err)
	zk.Restart()
	data, stat, err := c.Get(ctx, "/a")
	require.NoError(t, err)
	require.Equal(t, "kept", string(data))
	require.Equal(t, session.ID(), stat.EphemeralOwner)
	zk.Stop()
	zk.Stop()
	short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	_, _, err = c.Get(short, "/a")
	require.ErrorIs(t, err, context.DeadlineExceeded)
	zk.Restart()
	_, _, err = c.Get(ctx, "/a")
	require.NoError(t, err)
}

func TestExpire(t *testing.T) {
	ctx := testContext(t)
	zk := zktest.Start(t)
	c := zk.Client()
	session := c.Session()
	_, _, err := c.Create(ctx, "/mine", nil, client.Ephemeral)
	require.NoError(t, err)
	zk.Expire(session.ID())
	<-session.Done()
	require.ErrorIs(t, session.Err(), client.ErrSessionExpired)
	_, exists, err := c.Exists(ctx, "/mine")
	require.NoError(t, err)
	require.False(t, exists)
}

func TestKnobs(t *testing.T) {
	ctx := testContext(t)
	zk := zktest.Start(t)
	c := zk.Client()
	session := c.Session()

	done := zk.CutBefore(jute.OpSetData)
	_, err := c.Set(ctx, "/", []byte("1"), -1)
	require.ErrorIs(t, err, client.ErrUnknownOutcome)
	<-done
	data, _, err := c.Get(ctx, "/")
	require.NoError(t, err)
	require.Empty(t, data)

	done = zk.CutAfter(jute.OpSetData)
	_, err = c.Set(ctx, "/", []byte("2"), -1)
	require.ErrorIs(t, err, client.ErrUnknownOutcome)
	<-done
	data, _, err = c.Get(ctx, "/")
	require.NoError(t, err)
	require.Equal(t, "2", string(data))

	zk.Pause()
	got := c.Async().Get(ctx, "/")
	select {
	case <-got.Done():
		t.Fatal("nothing passes")
	case <-time.After(20 * time.Millisecond):
	}
	zk.Resume()
	_, err = got.Wait(ctx)
	require.NoError(t, err)

	zk.Delay(10 * time.Millisecond)
	begin := time.Now()
	require.NoError(t, c.Sync(ctx, "/"))
	require.GreaterOrEqual(t, time.Since(begin), 20*time.Millisecond, "there and back")
	zk.Delay(0)

	zk.DropConn(session.ID())
	require.NoError(t, c.Sync(ctx, "/"))
	require.Same(t, session, c.Session())
}

func TestClusterIsReady(t *testing.T) {
	ctx := testContext(t)
	var cl *zktest.Cluster
	best := time.Hour
	for range 3 {
		begin := time.Now()
		cl = zktest.StartCluster(t, 3)
		best = min(best, time.Since(begin))
	}
	t.Log("best: ", best)
	require.Less(t, best, time.Second)
	require.Len(t, strings.Split(cl.Servers(), ","), 3)
	c := cl.Client()
	_, _, err := c.Create(ctx, "/a", []byte("d"))
	require.NoError(t, err)
	for i := range 3 {
		each := cl.Server(i).Client()
		require.NoError(t, each.Sync(ctx, "/a"))
		data, _, err := each.Get(ctx, "/a")
		require.NoError(t, err)
		require.Equal(t, "d", string(data))
	}
	leader := cl.Leader()
	require.Contains(t, []int{0, 1, 2}, leader)
}

// The leader is killed: the others elect another one, the session goes on, and the killed one comes
// back with what it missed.
func TestKillTheLeader(t *testing.T) {
	ctx := testContext(t)
	cl := zktest.StartCluster(t, 3)
	c := cl.Client()
	session := c.Session()
	_, _, err := c.Create(ctx, "/before", nil)
	require.NoError(t, err)
	killed := cl.Leader()
	cl.Kill(killed)
	require.NotEqual(t, killed, cl.Leader())
	_, _, err = c.Create(ctx, "/after", nil, client.Protected)
	require.NoError(t, err)
	require.Equal(t, session.ID(), c.Session().ID())
	cl.Server(killed).Restart()
	back := cl.Server(killed).Client()
	require.NoError(t, back.Sync(ctx, "/"))
	names, _, err := back.Children(ctx, "/")
	require.NoError(t, err)
	require.Len(t, names, 3)
}

// A leader that is cut off from both others leads no more.
func TestPartition(t *testing.T) {
	ctx := testContext(t)
	cl := zktest.StartCluster(t, 3)
	c := cl.Client()
	alone := cl.Leader()
	for i := range 3 {
		if i != alone {
			cl.Partition(alone, i)
		}
	}
	require.Eventually(t, func() bool { return cl.Leader() != alone }, 20*time.Second,
		time.Millisecond)
	_, _, err := c.Create(ctx, "/a", nil, client.Protected)
	require.NoError(t, err)
	cl.Heal()
	back := cl.Server(alone).Client()
	require.NoError(t, back.Sync(ctx, "/"))
	names, _, err := back.Children(ctx, "/")
	require.NoError(t, err)
	require.Len(t, names, 2)
}
