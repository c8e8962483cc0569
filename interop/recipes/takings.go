package main

import (
	"context"
	"errors"

	"quoll/client"
	"quoll/client/recipes"
	"quoll/client/recipes/counter"
	"quoll/client/recipes/elect"
	"quoll/client/recipes/lock"
	"quoll/client/recipes/queue"
	"quoll/internal/contest"
)

// recipe is one that is contended for.
type recipe struct {
	name string
	take contest.Taking // of what only one can have; nil: see other
	// other is the contest for anything else.
	other func() contest.Recipe
}

func (r recipe) contest() contest.Recipe {
	if r.take != nil {
		return contest.Exclusive(r.take)
	}
	return r.other()
}

// leases is how many a semaphore of the contest has.
const leases = 3

// path is where the recipes work.
const path = "/app/recipe"

func campaign(ctx context.Context, c *client.Client) (*recipes.Held, error) {
	term, err := elect.New(c, path, nil).Campaign(ctx)
	if err != nil {
		return nil, err
	}
	return term.Held, nil
}

// receive receives the one item of a queue, which nobody acknowledges.
func receive(ctx context.Context, c *client.Client) (*recipes.Held, error) {
	const item = path + "/entry-100-0000000000"
	for {
		_, _, err := c.Create(ctx, item, nil, client.Parents)
		if err == nil || errors.Is(err, client.ErrNodeExists) {
			break
		}
		if !errors.Is(err, client.ErrConnectionLoss) {
			return nil, err
		}
	}
	it, err := queue.New(c, path, recipes.Raw(),
		queue.With(recipes.WithLayout(recipes.Kazoo))).Receive(ctx)
	if err != nil {
		return nil, err
	}
	return it.Held, nil
}

func items(c *client.Client) *contest.Items { return queue.New(c, path, recipes.JSON[string]()) }

// all are the recipes.
func all() []recipe {
	kazoo := recipes.WithLayout(recipes.Kazoo)
	mutex := func(of func(c *client.Client) *lock.Mutex) contest.Taking {
		return func(ctx context.Context, c *client.Client) (*recipes.Held, error) {
			return of(c).Lock(ctx)
		}
	}
	return []recipe{
		{name: "lock", take: mutex(func(c *client.Client) *lock.Mutex {
			return lock.New(c, path)
		})},
		{name: "kazoo-lock", take: mutex(func(c *client.Client) *lock.Mutex {
			return lock.New(c, path, kazoo)
		})},
		{name: "write-lock", take: mutex(func(c *client.Client) *lock.Mutex {
			return lock.NewRW(c, path).W()
		})},
		{name: "simple-lock", take: mutex(func(c *client.Client) *lock.Mutex {
			return lock.NewSimple(c, path)
		})},
		{name: "election", take: campaign},
		{name: "item", take: receive},
		{name: "counter", other: func() contest.Recipe {
			return contest.Counting(func(ctx context.Context, c *client.Client) (int64, error) {
				return counter.NewInt64(c, path).Add(ctx, 1)
			})
		}},
		{name: "queue", other: func() contest.Recipe {
			return contest.Handing(func(c *client.Client) contest.Queueing {
				return queue.New(c, path, recipes.JSON[string]())
			})
		}},
		{name: "take", other: func() contest.Recipe { return contest.Taken(items) }},
		{name: "receive", other: func() contest.Recipe { return contest.Received(items) }},
		{name: "semaphore", other: func() contest.Recipe {
			return contest.Shared(leases,
				func(ctx context.Context, c *client.Client, k int) (*recipes.Held, error) {
					return lock.NewSemaphore(c, path, leases).Acquire(ctx, k)
				})
		}},
	}
}
