package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"

	"quoll/client"
)

// The nodes by which both sides see each other.
const (
	path   = "/contend/path" // of the recipe
	guard  = "/contend/guard"
	count  = "/contend/count"
	inside = "/contend/inside"
)

// alone is what only one may do at a time: it adds one to the count.
func (c *contest) alone(ctx context.Context, zk *client.Client) error {
	_, _, err := zk.Create(ctx, guard, nil, client.Ephemeral)
	if errors.Is(err, client.ErrNodeExists) {
		c.violation("another one is inside")
		return nil
	}
	if err != nil {
		return err
	}
	readers, _, err := zk.Children(ctx, inside)
	if err != nil {
		return err
	}
	if len(readers) > 0 {
		c.violation(fmt.Sprintf("inside are readers: %v", readers))
	}
	data, stat, err := zk.Get(ctx, count)
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(string(data))
	if err != nil {
		return err
	}
	_, err = zk.Set(ctx, count, []byte(strconv.Itoa(n+1)), stat.Version)
	if errors.Is(err, client.ErrBadVersion) {
		c.violation("another one has counted")
	} else if err != nil {
		return err
	}
	c.turn(1)
	return zk.Delete(ctx, guard, client.AnyVersion)
}

// together is what so many may do at a time, but not beside one who is alone.
func (c *contest) together(ctx context.Context, zk *client.Client, most int) error {
	mine, _, err := zk.Create(ctx, inside+"/go-", nil, client.Ephemeral, client.Sequential)
	if err != nil {
		return err
	}
	_, exists, err := zk.Exists(ctx, guard)
	if err != nil {
		return err
	}
	if exists {
		c.violation("a writer is inside")
	}
	all, _, err := zk.Children(ctx, inside)
	if err != nil {
		return err
	}
	if len(all) > most {
		c.violation(fmt.Sprintf("%d are inside", len(all)))
	}
	c.turn(0)
	return zk.Delete(ctx, mine, client.AnyVersion)
}

// anyNumber is no limit.
const anyNumber = math.MaxInt

func (c *contest) turn(counts int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.turns++
	c.counts += counts
}
