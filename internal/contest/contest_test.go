package contest_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"quoll/client"
	"quoll/client/recipes"
	"quoll/client/recipes/lock"
	"quoll/internal/contest"
	"quoll/zktest"
)

// What lets too many in is found out: readers are no writers, and three leases are not two.
func TestViolationsAreFound(t *testing.T) {
	readers := func(ctx context.Context, c *client.Client) (*recipes.Held, error) {
		return lock.NewRW(c, "/lock").R().Lock(ctx)
	}
	three := func(ctx context.Context, c *client.Client, k int) (*recipes.Held, error) {
		return lock.NewSemaphore(c, "/semaphore", 3).Acquire(ctx, k)
	}
	for name, recipe := range map[string]contest.Recipe{
		"exclusive": contest.Exclusive(readers), "shared": contest.Shared(2, three),
	} {
		t.Run(name, func(t *testing.T) {
			zk := zktest.Start(t)
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			_, err := contest.Run(ctx, contest.Server{Addr: zk.Servers()},
				contest.Options{Workers: 4, Operations: 1000, Session: 10 * time.Second}, recipe)
			require.ErrorIs(t, err, contest.ErrViolated)
		})
	}
}
