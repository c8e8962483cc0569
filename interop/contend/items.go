package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"quoll/client"
	"quoll/client/recipes"
	"quoll/client/recipes/counter"
	"quoll/client/recipes/queue"
)

// had has a node for each item that somebody has had.
const had = "/contend/had"

// number is the counter.
func (c *contest) number(zk *client.Client) *counter.Int64 {
	return counter.NewInt64(zk, path, recipes.WithLayout(c.foreign.layout))
}

// breath is how long we wait between two additions. Whoever changes a number is ahead of a slower
// one each time, and kazoo waits longer after each failure.
const breath = 10 * time.Millisecond

// add adds one. It is not interrupted: what is begun is counted.
func (c *contest) add(ctx context.Context, zk *client.Client) error {
	_, err := c.number(zk).Add(context.WithoutCancel(ctx), 1)
	if err == nil {
		c.turn(1)
	}
	timer := time.NewTimer(breath)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	return err
}

// queue is that of Curator with a lock path, or kazoo's LockingQueue.
func (c *contest) queue(zk *client.Client) *queue.Queue[[]byte] {
	if c.foreign.layout == recipes.Kazoo {
		return queue.New(zk, path+"/entries", recipes.Raw(), queue.WithLocks(path+"/taken"),
			queue.With(recipes.WithLayout(recipes.Kazoo)))
	}
	return queue.New(zk, path, recipes.Raw())
}

// item puts an item and receives one of anybody. At the end nothing is put any more, because
// Curator waits for an empty queue.
func (c *contest) item(ctx context.Context, zk *client.Client) error {
	if time.Since(c.begun) > time.Duration(c.settings.seconds)*time.Second {
		return c.receive(ctx, zk, c.queue(zk))
	}
	c.mu.Lock()
	n := c.counts + 1
	c.turns, c.counts = c.turns+1, n
	c.mu.Unlock()
	q := c.queue(zk)
	if _, err := q.Put(context.WithoutCancel(ctx), fmt.Appendf(nil, "go-%d", n)); err != nil {
		return err
	}
	return c.receive(ctx, zk, q)
}

// receive receives an item, says so, and acknowledges it.
func (c *contest) receive(
	ctx context.Context, zk *client.Client, q *queue.Queue[[]byte],
) error {
	item, err := q.Receive(ctx)
	if err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	_, _, err = zk.Create(ctx, had+"/"+string(item.Value), nil)
	if errors.Is(err, client.ErrNodeExists) {
		c.violation(fmt.Sprintf("%s was had twice", item.Value))
	} else if err != nil {
		return err
	}
	return item.Ack(ctx)
}

// rest empties the queue, and returns how many items were had in all.
func (c *contest) rest(ctx context.Context, zk *client.Client) (int, error) {
	q := c.queue(zk)
	for {
		n, err := q.Len(ctx)
		if err != nil {
			return 0, err
		}
		if n == 0 {
			break
		}
		if err := c.receive(ctx, zk, q); err != nil {
			return 0, fmt.Errorf("%d items are left: %w", n, err)
		}
	}
	names, _, err := zk.Children(ctx, had)
	theirs := 0
	for _, name := range names {
		if strings.HasPrefix(name, "theirs") {
			theirs++
		}
	}
	if err == nil && (theirs == 0 || theirs == len(names)) {
		err = errors.New("items of one side alone were had")
	}
	return len(names), err
}
