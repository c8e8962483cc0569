package topic

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"quoll/client"
	"quoll/client/recipes/internal/hold"
)

// Where a subscription begins, besides a number.
const (
	Oldest int64 = 0  // with the oldest message that is kept
	Newest int64 = -1 // with the first message that is published from now on
)

// Subscribe tells the messages from a number on, in the order of their numbers, and then each that
// is published. Messages that are not kept any more, because the loop was slow or has begun late,
// are an element with the error *Gap, and the next ones follow. It goes on over lost connections
// and sessions. An element with another error is the last one: ctx has ended, the client can have
// no session any more, or the node is no topic.
func (t *Topic) Subscribe(ctx context.Context, from int64) iter.Seq2[Message, error] {
	return func(yield func(Message, error) bool) {
		if from < Newest {
			yield(Message{}, hold.Wrap("subscribe", t.path,
				fmt.Errorf("%w: from message %d", client.ErrBadArguments, from)))
			return
		}
		next, missing := from, Newest
		for {
			h, w, err := t.watchHead(ctx)
			if err == nil {
				if next == missing && h.First <= next {
					h.First = next + 1 // somebody has deleted the message by hand
				}
				next, missing, err = t.deliver(ctx, next, h, yield)
				switch {
				case err == errEnough:
					_ = w.Close()
					return
				case err == nil && missing == Newest:
					_, err = w.Next(ctx)
				}
				_ = w.Close()
			}
			if err != nil {
				if err = hold.Again(ctx, t.c, err); err != nil {
					yield(Message{}, hold.Wrap("subscribe", t.path, err))
					return
				}
			}
		}
	}
}

// errEnough: the loop wants no more messages.
var errEnough = errors.New("enough")

// watchHead reads the node of the topic, with a watch that fires when it has changed.
func (t *Topic) watchHead(ctx context.Context) (head, *client.Watch, error) {
	for {
		data, _, w, err := t.c.GetW(ctx, t.path)
		if errors.Is(err, client.ErrNoNode) {
			if err := hold.Ensure(ctx, t.c, t.path, client.World()); err != nil {
				return head{}, nil, err
			}
			continue
		}
		if err != nil {
			return head{}, nil, err
		}
		h, err := parseHead(data)
		if err != nil {
			_ = w.Close()
		}
		return h, w, err
	}
}

// deliver yields the messages from next on, as far as h has them. missing is one that is not there,
// because h is old; Newest if there is none.
func (t *Topic) deliver(
	ctx context.Context, next int64, h head, yield func(Message, error) bool,
) (after, missing int64, err error) {
	var gap *Gap
	switch {
	case next == Newest:
		next = h.Last + 1
	case next == Oldest:
		next = h.First
	case next < h.First:
		gap, next = &Gap{h.First - next}, h.First
	case next > h.Last+1:
		gap, next = &Gap{}, h.First
	}
	if gap != nil && !yield(Message{}, gap) {
		return next, Newest, errEnough
	}
	for next <= h.Last {
		list, err := t.read(ctx, next, min(h.Last, next+batch-1))
		if err != nil {
			return next, Newest, err
		}
		for i := range list {
			if next++; !yield(list[i], nil) {
				return next, Newest, errEnough
			}
		}
		if len(list) == 0 {
			return next, next, nil
		}
	}
	return next, Newest, nil
}

// batch is how many messages are read at once.
const batch = 64

// read reads messages, up to the first one that is not kept any more.
func (t *Topic) read(ctx context.Context, first, last int64) ([]Message, error) {
	asked := make([]*client.Future[client.Node], 0, batch)
	for seq := first; seq <= last; seq++ {
		asked = append(asked, t.c.Async().Get(ctx, t.messagePath(seq)))
	}
	var list []Message
	for i, f := range asked {
		node, err := f.Wait(ctx)
		if errors.Is(err, client.ErrNoNode) {
			return list, nil
		}
		if err != nil {
			return nil, err
		}
		_, data, ok := bytes.Cut(node.Data, []byte("\n"))
		if !ok {
			return nil, fmt.Errorf("%w: %q is no message", hold.ErrLayout, t.messagePath(first))
		}
		list = append(list, Message{
			Seq: first + int64(i), Data: data, Time: time.UnixMilli(node.Stat.Ctime),
		})
	}
	return list, nil
}
