package zktest_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"quoll/client"
	"quoll/jute"
	"quoll/zktest"
)

func TestMain(m *testing.M) {
	// Importing gnet starts these two goroutines, which never end.
	goleak.VerifyTestMain(m,
		goleak.IgnoreTopFunction("github.com/panjf2000/ants/v2.(*poolCommon).purgeStaleWorkers"),
		goleak.IgnoreTopFunction("github.com/panjf2000/ants/v2.(*poolCommon).ticktock"))
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
