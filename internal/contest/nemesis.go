package contest

import (
	"context"
	"fmt"
	"math/rand/v2"

	"quoll/internal/proxy"
	"quoll/jute"
)

// cutEvery is after how many records a connection breaks.
const cutEvery = 25

// requests are those at which connections are cut.
//
// read-only: looked up, never changed.
var requests = []jute.OpCode{
	jute.OpCreate2, jute.OpMulti, jute.OpGetChildren2, jute.OpGetData, jute.OpExists, jute.OpSync,
	jute.OpDelete, jute.OpRemoveWatches, jute.OpMulti, jute.OpMulti, jute.OpSetData,
}

// disturb is the nemesis: it hurts the worker that has just recorded something, until there are
// enough records.
func (c *Contest) disturb(ctx context.Context, s Server, failed <-chan error) error {
	rng := rand.New(rand.NewPCG(c.options.Seed, 1))
	for n := 1; n <= c.options.Operations; n++ {
		var victim *worker
		select {
		case victim = <-c.recorded:
		case err := <-failed:
			return err
		case <-ctx.Done():
			return fmt.Errorf("nobody gets on any more: %w", ctx.Err())
		}
		switch {
		case due(n, c.options.Kills, c.options.Operations, 2):
			c.report.Kills++
			if err := s.Kill(); err != nil {
				return err
			}
		case due(n, c.options.Pauses, c.options.Operations, 3):
			c.report.Pauses++
			if err := c.pause(ctx, victim); err != nil {
				return err
			}
		case n%cutEvery == 0:
			c.report.Cuts++
			if rng.IntN(4) == 0 {
				victim.proxy.Drop(0)
			} else {
				victim.proxy.Cut(requests[rng.IntN(len(requests))], proxy.Where(rng.IntN(3)))
			}
		}
	}
	return nil
}

// due spreads some events over all records, each at a part of its share of them.
func due(n, events, all, part int) bool {
	return events > 0 && n%(all/events) == all/events/part
}

// pause lets a worker's connection stand still until others have had their turn behind the end of
// its session.
func (c *Contest) pause(ctx context.Context, victim *worker) error {
	lapsed := victim.client.Session().Lapsed()
	victim.proxy.Pause()
	defer victim.proxy.Resume()
	for over := false; !over; {
		select {
		case <-lapsed:
			over = true
		case <-c.recorded:
		case <-ctx.Done():
			return fmt.Errorf("a session does not lapse: %w", ctx.Err())
		}
	}
	for range 2 * c.options.Workers {
		select {
		case <-c.recorded:
		case <-ctx.Done():
			return fmt.Errorf("nobody follows a lost holder: %w", ctx.Err())
		}
	}
	return nil
}
