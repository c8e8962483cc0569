package contest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"quoll/client"
	"quoll/client/recipes/queue"
)

// Items is a queue that the workers put into and take from.
type Items = queue.Queue[string]

// items is what has become of each item.
type items struct {
	of       func(c *client.Client) *Items
	receives bool

	mu      sync.Mutex
	next    int
	put     map[string]bool // whether it surely is in
	had     map[string]bool // taken, or acknowledged
	held    map[string]*queue.Item[string]
	unknown int // takes or acknowledgements without an answer: each may have had an item
	wrong   error
}

// Taken is the contest of workers who put items and take them: none is taken twice, and none is
// lost but by a take without an answer.
func Taken(of func(c *client.Client) *Items) Recipe { return newItems(of, false) }

// Received is the contest of workers who put items and receive them: none is lost, and none is
// delivered to two but after the loss of the first one.
func Received(of func(c *client.Client) *Items) Recipe { return newItems(of, true) }

func newItems(of func(c *client.Client) *Items, receives bool) Recipe {
	i := &items{
		of: of, receives: receives, put: map[string]bool{}, had: map[string]bool{},
		held: map[string]*queue.Item[string]{},
	}
	return Recipe{
		prepare: nothing,
		step: func(ctx context.Context, c *Contest, w *worker) error {
			q := of(w.client)
			return errors.Join(i.putOne(ctx, c, w, q), i.getOne(ctx, c, w, q))
		},
		judge: i.judge,
	}
}

func (i *items) putOne(ctx context.Context, c *Contest, w *worker, q *Items) error {
	i.mu.Lock()
	i.next++
	value := fmt.Sprint(i.next)
	i.put[value] = false
	i.mu.Unlock()
	call, back := c.now(), never
	_, err := q.Put(ctx, value)
	if err == nil {
		back = c.now()
		i.mu.Lock()
		i.put[value] = true
		i.mu.Unlock()
	} else if !errors.Is(err, client.ErrUnknownOutcome) {
		i.mu.Lock()
		delete(i.put, value)
		i.mu.Unlock()
		return err
	}
	c.record(ctx, w, nil, call, back)
	return err
}

// getPatience is how long a worker waits for an item: a take without an answer may have had one,
// and then there is not one for everybody.
const getPatience = 3 * time.Second

func (i *items) getOne(ctx context.Context, c *Contest, w *worker, q *Items) error {
	ctx, cancel := context.WithTimeout(ctx, getPatience)
	defer cancel()
	get := i.take
	if i.receives {
		get = i.receive
	}
	call, back := c.now(), never
	err := get(ctx, q)
	switch {
	case err == nil:
		back = c.now()
	case errors.Is(err, client.ErrUnknownOutcome):
		i.mu.Lock()
		i.unknown++
		i.mu.Unlock()
	default:
		return err
	}
	c.record(ctx, w, nil, call, back)
	return err
}

func (i *items) take(ctx context.Context, q *Items) error {
	value, err := q.Take(ctx)
	if err != nil {
		return err
	}
	i.have(value, "taken")
	return nil
}

func (i *items) receive(ctx context.Context, q *Items) error {
	item, err := q.Receive(ctx)
	if err != nil {
		return err
	}
	i.deliver(item)
	if err := item.Ack(ctx); err != nil {
		return err
	}
	i.have(item.Value, "acknowledged")
	return nil
}

// deliver is told of a delivery. Whoever had the item before must know of the loss.
func (i *items) deliver(item *queue.Item[string]) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if before := i.held[item.Value]; before != nil && before.Err() == nil {
		i.violation("item %s is believed to be held twice", item.Value)
	}
	if i.had[item.Value] {
		i.violation("item %s was delivered after it was acknowledged", item.Value)
	}
	i.held[item.Value] = item
}

// have is told that an item is done with.
func (i *items) have(value, how string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.had[value] {
		i.violation("item %s was %s twice", value, how)
	}
	if _, put := i.put[value]; !put {
		i.violation("item %s was %s, and put by nobody", value, how)
	}
	i.had[value] = true
}

// violation is called with mu.
func (i *items) violation(format string, args ...any) {
	if i.wrong == nil {
		i.wrong = fmt.Errorf("%w: "+format, append([]any{ErrViolated}, args...)...)
	}
}

// judge empties the queue, and looks for items that are lost.
func (i *items) judge(ctx context.Context, _ *Contest, zk *client.Client) error {
	q := i.of(zk)
	for {
		n, err := q.Len(ctx)
		if err != nil {
			return err
		}
		if n == 0 {
			break
		}
		value, err := q.Take(ctx) // waits for claims of sessions that end
		if err != nil {
			return err
		}
		i.have(value, "taken at the end")
	}
	if i.wrong != nil {
		return i.wrong
	}
	lost := 0
	for value, sure := range i.put {
		if sure && !i.had[value] {
			lost++
		}
	}
	if lost > i.unknown {
		return fmt.Errorf("%w: %d items are lost, and %d takes had no answer",
			ErrViolated, lost, i.unknown)
	}
	return nil
}
