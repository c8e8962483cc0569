package main

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"quoll/client"
	"quoll/client/recipes"
	"quoll/client/recipes/barrier"
	"quoll/client/recipes/elect"
	"quoll/client/recipes/lock"
)

// leases is how many the semaphore has.
const leases = 3

// play is our side of the recipe, until ctx ends or all rounds are over.
func (c *contest) play(ctx context.Context, zk *client.Client) error {
	switch c.recipe {
	case "barrier":
		return c.barrier(ctx, zk)
	case "double":
		return c.double(ctx, zk)
	case "group":
		return c.comeAndGo(ctx, zk, c.member)
	case "discovery":
		return c.comeAndGo(ctx, zk, c.instance)
	}
	var both sync.WaitGroup
	failed := make([]error, 2)
	for i := range failed {
		both.Go(func() {
			own, err := client.Dial(ctx, c.addr)
			if err != nil {
				failed[i] = err
				return
			}
			defer own.Close()
			for turn := 0; ctx.Err() == nil && failed[i] == nil; turn++ {
				failed[i] = c.once(ctx, own, turn)
			}
			if ctx.Err() != nil && errors.Is(failed[i], ctx.Err()) {
				failed[i] = nil
			}
		})
	}
	both.Wait()
	return errors.Join(failed...)
}

// once is one turn of ours.
func (c *contest) once(ctx context.Context, zk *client.Client, turn int) error {
	switch c.recipe {
	case "counter":
		return c.add(ctx, zk)
	case "queue":
		return c.item(ctx, zk)
	}
	return c.enter(ctx, zk, turn)
}

// enter takes what the recipe hands out, does what is to be done inside, and gives it back. It is
// not interrupted inside: what is begun there is counted.
func (c *contest) enter(ctx context.Context, zk *client.Client, turn int) error {
	shared := c.recipe == "rw" && turn%3 > 0
	giveBack, err := c.take(ctx, zk, shared)
	if err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	switch {
	case c.recipe == "semaphore":
		err = c.together(ctx, zk, leases)
	case shared:
		err = c.together(ctx, zk, anyNumber)
	default:
		err = c.alone(ctx, zk)
	}
	return errors.Join(err, giveBack(ctx))
}

// take takes what the recipe hands out, and returns how to give it back.
func (c *contest) take(
	ctx context.Context, zk *client.Client, shared bool,
) (giveBack func(context.Context) error, err error) {
	layout := recipes.WithLayout(c.foreign.layout)
	var h *recipes.Held
	switch c.recipe {
	case "rw":
		rw := lock.NewRW(zk, path, layout)
		m := rw.W()
		if shared {
			m = rw.R()
		}
		h, err = m.Lock(ctx)
	case "semaphore":
		h, err = lock.NewSemaphore(zk, path, leases, layout).Acquire(ctx, 1)
	case "election":
		var term *elect.Term
		if term, err = elect.New(zk, path, []byte("go"), layout).Campaign(ctx); err == nil {
			h = term.Held
		}
	case "latch":
		latch := elect.NewLatch(zk, path, []byte("go"))
		if err := latch.Start(); err != nil {
			return nil, err
		}
		if _, err := latch.Wait(ctx); err != nil {
			return nil, errors.Join(err, latch.Close())
		}
		return func(context.Context) error { return latch.Close() }, nil
	default:
		h, err = lock.New(zk, path, layout).Lock(ctx)
	}
	if err != nil {
		return nil, err
	}
	return h.Release, nil
}

// await waits for a node that the other side makes.
func await(ctx context.Context, zk *client.Client, node string) error {
	for {
		_, exists, watch, err := zk.ExistsW(ctx, node)
		if err != nil || exists {
			return err
		}
		_, err = watch.Next(ctx)
		if err != nil {
			return err
		}
	}
}

func say(ctx context.Context, zk *client.Client, what string, round int) error {
	_, _, err := zk.Create(ctx, fmt.Sprintf("/contend/%s-%d", what, round), nil)
	return err
}

func (c *contest) hears(ctx context.Context, zk *client.Client, what string, round int) error {
	_, exists, err := zk.Exists(ctx, fmt.Sprintf("/contend/%s-%d", what, round))
	if err == nil && !exists {
		c.violation(what + " was not there")
	}
	return err
}

// barrier closes and opens it; their side waits at it.
func (c *contest) barrier(ctx context.Context, zk *client.Client) error {
	b := barrier.New(zk, path)
	for i := range c.rounds() {
		err := errors.Join(b.Set(ctx), say(ctx, zk, "set", i),
			await(ctx, zk, fmt.Sprintf("/contend/waits-%d", i)),
			say(ctx, zk, "open", i), b.Remove(ctx),
			await(ctx, zk, fmt.Sprintf("/contend/passed-%d", i)))
		if err != nil {
			return err
		}
		c.turn(0)
	}
	return nil
}

// double enters and leaves together with their side.
func (c *contest) double(ctx context.Context, zk *client.Client) error {
	for i := range c.rounds() {
		d := barrier.NewDouble(zk, fmt.Sprintf("%s-%d", path, i), 2, "go")
		if err := say(ctx, zk, "enters-go", i); err != nil {
			return err
		}
		if _, err := d.Enter(ctx); err != nil {
			return err
		}
		if err := c.hears(ctx, zk, "enters-theirs", i); err != nil {
			return err
		}
		if err := say(ctx, zk, "leaves-go", i); err != nil {
			return err
		}
		if err := d.Leave(ctx); err != nil {
			return err
		}
		if err := c.hears(ctx, zk, "leaves-theirs", i); err != nil {
			return err
		}
		c.turn(0)
	}
	return nil
}
