package topic

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"

	"quoll/client"
	"quoll/client/recipes/internal/hold"
)

// Cursor is how far the subscribers of one name have come. It stays when they end.
type Cursor struct {
	topic *Topic
	path  string
	name  string
}

// Cursor is the cursor of a name.
func (t *Topic) Cursor(name string) *Cursor {
	return &Cursor{t, hold.Join(hold.Join(t.path, "cursors"), name), name}
}

// Messages is Subscribe from the message behind the last one that was saved; from the oldest one
// that is kept if there was none.
func (c *Cursor) Messages(ctx context.Context) iter.Seq2[Message, error] {
	return func(yield func(Message, error) bool) {
		var seq int64
		for {
			var err error
			if seq, err = c.Seq(ctx); err == nil {
				break
			}
			if err = hold.Again(ctx, c.topic.c, err); err != nil {
				yield(Message{}, err)
				return
			}
		}
		from := Oldest
		if seq > 0 {
			from = seq + 1
		}
		c.topic.Subscribe(ctx, from)(yield)
	}
}

// Seq is the number of the message that was saved last, 0 if there is none.
func (c *Cursor) Seq(ctx context.Context) (int64, error) {
	data, _, err := c.topic.c.Get(ctx, c.path)
	if errors.Is(err, client.ErrNoNode) {
		return 0, nil
	}
	var seq int64
	if err == nil {
		seq, err = parseSeq(data)
	}
	return seq, hold.Wrap("cursor", c.path, err)
}

func parseSeq(data []byte) (int64, error) {
	if len(data) == 0 {
		return 0, nil
	}
	seq, err := strconv.ParseInt(string(data), 10, 64)
	if err != nil || seq < 0 {
		return 0, fmt.Errorf("%w: %q is no cursor", hold.ErrLayout, data)
	}
	return seq, nil
}

// Save notes that all messages up to a number are done with. It never goes back. Whoever saves when
// the work for a message is done gets each message at least once, and after a crash the last ones
// again.
func (c *Cursor) Save(ctx context.Context, seq int64) error {
	if c.name == "" || strings.Contains(c.name, "/") {
		return hold.Wrap("save cursor", c.path,
			fmt.Errorf("%w: %q is not a name of a node", client.ErrBadArguments, c.name))
	}
	for {
		_, err := client.Update(ctx, c.topic.c, c.path, func(old []byte) ([]byte, error) {
			last, err := parseSeq(old)
			return strconv.AppendInt(nil, max(last, seq), 10), err
		})
		switch {
		case err == nil:
			return nil
		case errors.Is(err, client.ErrNoNode):
			err = hold.Ensure(ctx, c.topic.c, c.path, client.World())
		default:
			err = hold.Again(ctx, c.topic.c, err) // the same write may come twice
		}
		if err != nil {
			return hold.Wrap("save cursor", c.path, err)
		}
	}
}
