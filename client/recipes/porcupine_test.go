package recipes_test

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"quoll/client"
	"quoll/client/recipes"
	"quoll/client/recipes/counter"
	"quoll/client/recipes/lock"
	"quoll/client/recipes/queue"
	"quoll/internal/contest"
	"quoll/zktest"
)

// short is a contest that takes a few seconds. The long ones are interop/recipes.
var short = contest.Options{
	Workers: 4, Operations: 600, Session: time.Second, Seed: 1, Pauses: 1, Kills: 2,
}

func contestServer(t *testing.T) contest.Server {
	if os.Getenv(serverVariable) != "" {
		t.Skip("a server that cannot be killed here")
	}
	zk := zktest.Start(t)
	return contest.Server{Addr: zk.Servers(), Kill: func() error {
		zk.Restart()
		return nil
	}}
}

// Histories of what only one can have, under cuts, pauses and restarts of the server.
func TestExclusiveHistories(t *testing.T) {
	eachTaking(t, func(t *testing.T, take taking) {
		report, err := contest.Run(testContext(t), contestServer(t), short,
			contest.Exclusive(contest.Taking(take)))
		t.Log(report)
		require.NoError(t, err)
	})
}

// The same of leases.
func TestSemaphoreHistories(t *testing.T) {
	acquire := func(ctx context.Context, c *client.Client, k int) (*recipes.Held, error) {
		return lock.NewSemaphore(c, path, 3).Acquire(ctx, k)
	}
	report, err := contest.Run(testContext(t), contestServer(t), short,
		contest.Shared(3, acquire))
	t.Log(report)
	require.NoError(t, err)
}

// The same of sums.
func TestCounterHistories(t *testing.T) {
	add := func(ctx context.Context, c *client.Client) (int64, error) {
		return counter.NewInt64(c, path).Add(ctx, 1)
	}
	report, err := contest.Run(testContext(t), contestServer(t), short, contest.Counting(add))
	t.Log(report)
	require.NoError(t, err)
}

// No item is lost, and none is delivered to two.
func TestItemHistories(t *testing.T) {
	items := func(c *client.Client) *contest.Items {
		return queue.New(c, path, recipes.JSON[string]())
	}
	for name, recipe := range map[string]contest.Recipe{
		"take": contest.Taken(items), "receive": contest.Received(items),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			report, err := contest.Run(testContext(t), contestServer(t), short, recipe)
			t.Log(report)
			require.NoError(t, err)
		})
	}
}

// The same of items that are taken. Those that are received are among TestExclusiveHistories.
func TestQueueHistories(t *testing.T) {
	texts := func(c *client.Client) contest.Queueing {
		return queue.New(c, path, recipes.JSON[string]())
	}
	report, err := contest.Run(testContext(t), contestServer(t), short, contest.Handing(texts))
	t.Log(report)
	require.NoError(t, err)
}
