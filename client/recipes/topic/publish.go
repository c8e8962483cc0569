package topic

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"quoll/client"
	"quoll/client/recipes/internal/hold"
)

// Publish adds a message and returns its number. An unknown outcome is settled: the message is
// there once, or the error says why not. Only if ctx or the session ends before, or the message is
// not kept any more, the error wraps client.ErrUnknownOutcome.
//
// All who publish write to one node: they come one after the other, and of those who are late each
// tries again. That is for some hundreds of messages a second.
func (t *Topic) Publish(ctx context.Context, data []byte) (seq int64, err error) {
	if t.retain < 1 || t.retain > maxRetain {
		return 0, hold.Wrap("publish", t.path, fmt.Errorf("%w: %d messages are kept, at most %d",
			client.ErrBadArguments, t.retain, maxRetain))
	}
	seq, err = t.publish(ctx, data)
	return seq, hold.Wrap("publish", t.path, err)
}

func (t *Topic) publish(ctx context.Context, data []byte) (int64, error) {
	id := hold.UUID()
	text := append([]byte(id+"\n"), data...)
	for {
		h, stat, err := t.head(ctx)
		if err != nil {
			return 0, err
		}
		seq := h.Last + 1
		done, err := t.tryPublish(ctx, h, stat.Version, text)
		if done || err != nil {
			return seq, err
		}
	}
}

// mostRemovals is how many old messages go with a new one, when fewer are kept than before.
const mostRemovals = 100

// tryPublish adds the message behind the last one of h, unless there is another one by now.
func (t *Topic) tryPublish(
	ctx context.Context, h head, version int32, text []byte,
) (done bool, err error) {
	seq := h.Last + 1
	first := min(max(h.First, seq-t.retain+1), h.First+mostRemovals)
	next, err := json.Marshal(head{first, seq})
	if err != nil {
		return false, err
	}
	ops := []client.Op{
		client.OpSet(t.path, next, version), client.OpCreate(t.messagePath(seq), text),
	}
	for old := h.First; old < first; old++ {
		ops = append(ops, client.OpDelete(t.messagePath(old), client.AnyVersion))
	}
	for {
		_, err = t.c.Multi(ctx, ops...)
		var failed *client.MultiError
		if !errors.As(err, &failed) || failed.Index < 2 || !errors.Is(err, client.ErrNoNode) {
			break
		}
		// Somebody has deleted an old message by hand.
		ops = append(ops[:failed.Index], ops[failed.Index+1:]...)
	}
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, client.ErrBadVersion), errors.Is(err, client.ErrNoNode):
		return false, nil
	case !errors.Is(err, client.ErrConnectionLoss) || ctx.Err() != nil:
		return false, err
	}
	return t.settle(ctx, seq, text)
}

// settle looks whether a message whose write was not answered is there. Behind a sync, what is not
// there will not come any more.
func (t *Topic) settle(ctx context.Context, seq int64, text []byte) (done bool, err error) {
	unknown := func(err error) error {
		return fmt.Errorf("%w: %w", client.ErrUnknownOutcome, err)
	}
	if err := t.c.Sync(ctx, t.path); err != nil {
		return false, unknown(err)
	}
	got, _, err := t.c.Get(ctx, t.messagePath(seq))
	if err == nil {
		return bytes.Equal(got, text), nil
	}
	if !errors.Is(err, client.ErrNoNode) {
		return false, unknown(err)
	}
	h, _, err := t.head(ctx)
	switch {
	case err != nil:
		return false, unknown(err)
	case h.Last < seq:
		return false, nil
	}
	return false, unknown(errors.New("the message with its number is not kept any more"))
}
