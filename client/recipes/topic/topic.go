package topic

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"quoll/client"
	"quoll/client/recipes/internal/hold"
)

// Topic is a topic at one path. Any number of goroutines may use it.
type Topic struct {
	c      *client.Client
	path   string
	retain int64
}

// maxRetain keeps the list of all messages below the largest reply.
const maxRetain = 10_000

// New is a topic. retain is how many messages are kept when this Topic publishes, from 1 to 10,000;
// all who publish should say the same. Who only subscribes may say 0.
func New(c *client.Client, path string, retain int) *Topic {
	return &Topic{c, path, int64(retain)}
}

// Message is one message.
type Message struct {
	Seq  int64 // 1 is the first one of a topic
	Data []byte
	Time time.Time // of publication, by the server's clock
}

// Gap is the error of an element of Subscribe that stands for messages which are not kept any more.
// The messages behind them follow.
type Gap struct {
	Missed int64 // 0: the topic was deleted and has begun again, so nobody knows
}

func (g *Gap) Error() string {
	if g.Missed == 0 {
		return "the topic has begun again"
	}
	return fmt.Sprintf("%d messages are not kept any more", g.Missed)
}

// head is what the node of a topic says.
type head struct {
	First int64 `json:"first"` // the oldest message that is kept; Last+1 if there is none
	Last  int64 `json:"last"`  // the latest one
}

// parseHead reads the node of a topic. One without data has no message yet.
func parseHead(data []byte) (head, error) {
	h := head{First: 1}
	if len(data) == 0 {
		return h, nil
	}
	if err := json.Unmarshal(data, &h); err != nil {
		return h, fmt.Errorf("%w: not the node of a topic: %w", hold.ErrLayout, err)
	}
	if h.First < 1 || h.Last < h.First-1 {
		return h, fmt.Errorf("%w: not the node of a topic: %q", hold.ErrLayout, data)
	}
	return h, nil
}

func (t *Topic) messagePath(seq int64) string {
	return hold.Join(t.path, fmt.Sprintf("m-%019d", seq))
}

// head reads the node of the topic, and makes it if it is missing.
func (t *Topic) head(ctx context.Context) (head, client.Stat, error) {
	for {
		data, stat, err := t.c.Get(ctx, t.path)
		if errors.Is(err, client.ErrNoNode) {
			if err := hold.Ensure(ctx, t.c, t.path, client.World()); err != nil {
				return head{}, client.Stat{}, err
			}
			continue
		}
		if err != nil {
			return head{}, client.Stat{}, err
		}
		h, err := parseHead(data)
		return h, stat, err
	}
}
