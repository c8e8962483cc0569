package contest

import (
	"context"
	"errors"
	"fmt"

	"github.com/anishathalye/porcupine"

	"quoll/client"
)

// Queueing puts items into a queue, and takes them out of it.
type Queueing interface {
	Put(ctx context.Context, item string) (id string, err error)
	Take(ctx context.Context) (item string, err error)
}

// handed is an operation on one item: it was put, or taken.
type handed struct {
	item  string
	taken bool
}

// where an item is.
const (
	nowhere = iota
	inQueue
	outOfIt
)

// everySo is after how many items a worker puts one more than it takes, so that those whose answers
// got lost do not leave all workers in front of an empty queue.
const everySo = 10

// Handing is the contest for the items of a queue: nobody takes one that was not put, or that
// somebody has taken. Order is not judged.
func Handing(of func(c *client.Client) Queueing) Recipe {
	return Recipe{
		prepare: nothing,
		step: func(ctx context.Context, c *Contest, w *worker) error {
			q := of(w.client)
			w.steps++
			err := c.putOne(ctx, w, q)
			if w.steps%everySo == 0 {
				err = errors.Join(err, c.putOne(ctx, w, q))
			}
			return errors.Join(err, c.takeOne(ctx, w, q))
		},
		model: porcupine.Model{
			Partition: byItem,
			Init:      func() any { return nowhere },
			Step: func(state, input, _ any) (bool, any) {
				if input.(handed).taken {
					return state == inQueue, outOfIt
				}
				return state == nowhere, inQueue
			},
		},
	}
}

func (c *Contest) putOne(ctx context.Context, w *worker, q Queueing) error {
	w.items++
	item := fmt.Sprint(w.id, "-", w.items)
	call, back := c.now(), never
	_, err := q.Put(ctx, item)
	if err == nil {
		back = c.now()
	}
	if err == nil || errors.Is(err, client.ErrUnknownOutcome) {
		c.record(ctx, w, handed{item, false}, call, back)
	}
	return err
}

func (c *Contest) takeOne(ctx context.Context, w *worker, q Queueing) error {
	call := c.now()
	item, err := q.Take(ctx)
	if err == nil {
		c.record(ctx, w, handed{item, true}, call, c.now())
	}
	return err
}

// byItem divides a history into those of single items, which do not depend on each other.
func byItem(history []porcupine.Operation) [][]porcupine.Operation {
	at := map[string]int{}
	var parts [][]porcupine.Operation
	for _, op := range history {
		item := op.Input.(handed).item
		i, ok := at[item]
		if !ok {
			i = len(parts)
			at[item], parts = i, append(parts, nil)
		}
		parts[i] = append(parts[i], op)
	}
	return parts
}
