package queue

import (
	"fmt"
	"math"
	"time"

	"quoll/client"
	"quoll/client/recipes"
	"quoll/client/recipes/internal/hold"
)

// Option changes a queue.
type Option func(*options)

type options struct {
	common    []recipes.Option
	hold      hold.Options
	maxLen    int
	shards    int
	locks     string // path of the claims
	kind      kind
	priority  int64
	delay     time.Duration
	dead      string // path of what was delivered too often
	deadAfter int
}

// With gives options of all recipes to a queue: recipes.WithLayout, WithACL, WithLogger. kazoo's
// layout is that of its Queue; for its LockingQueue at /q the path is /q/entries, and
// WithLocks("/q/taken").
func With(opts ...recipes.Option) Option {
	return func(o *options) { o.common = append(o.common, opts...) }
}

// WithMaxLen is how many items may be in the queue, or in each shard of it: beyond that Put fails
// with recipes.ErrFull. The default is 10,000. A few more may come in when many put at once. A list
// of their names must stay below the largest reply, which is 1 MiB by default.
func WithMaxLen(n int) Option { return func(o *options) { o.maxLen = n } }

// WithShards spreads the items over n nodes, so that the queue can have n times as many. The order
// is kept within each shard only. Whoever takes looks at all shards that are there.
func WithShards(n int) Option { return func(o *options) { o.shards = n } }

// WithLocks is the path of the claims, Curator's lockPath. The default is the path of the queue
// with "-locks" behind it. All who use a queue must use the same.
func WithLocks(path string) Option { return func(o *options) { o.locks = path } }

// WithDeadLetter moves an item to the queue at path instead of delivering it, when it was delivered
// n times and not acknowledged, or has bytes that cannot be decoded.
func WithDeadLetter(n int, path string) Option {
	return func(o *options) { o.deadAfter, o.dead = n, path }
}

// WithPriority makes a queue in which lower priorities come first. p is that of what this Queue
// puts; kazoo has 0 to 999, and 100 if nothing is said. All who use a queue of Curator's layout
// must say that it has priorities.
func WithPriority(p int) Option {
	return func(o *options) { o.kind, o.priority = byPriority, int64(p) }
}

// WithDelay makes a queue whose items cannot be had before a time. What this Queue puts can be had
// after d, by the clocks of those who put and who take. The earliest item comes first. All who use
// a queue must say that it has delays. kazoo has no such queue.
func WithDelay(d time.Duration) Option {
	return func(o *options) { o.kind, o.delay = byTime, d }
}

const (
	defaultMaxLen = 10_000
	kazooPriority = 100
	kazooLowest   = 999
)

func apply(path string, opts []Option) options {
	o := options{maxLen: defaultMaxLen, locks: path + "-locks"}
	for _, opt := range opts {
		opt(&o)
	}
	o.hold = hold.Apply(o.common)
	if o.hold.Layout == hold.Kazoo && o.kind == byArrival {
		o.kind, o.priority = byPriority, kazooPriority
	}
	return o
}

// check says what no queue can be.
func (o *options) check() error {
	kazoo := o.hold.Layout == hold.Kazoo
	switch {
	case kazoo && o.kind == byTime:
		return fmt.Errorf("%w: kazoo has no delays", client.ErrBadArguments)
	case kazoo && (o.priority < 0 || o.priority > kazooLowest):
		return fmt.Errorf("%w: priority %d, kazoo has 0 to %d",
			client.ErrBadArguments, o.priority, kazooLowest)
	case o.priority < math.MinInt32 || o.priority > math.MaxInt32:
		return fmt.Errorf("%w: priority %d", client.ErrBadArguments, o.priority)
	case o.maxLen < 1 || o.shards < 0 || o.shards > maxShards || o.delay < 0:
		return fmt.Errorf("%w: MaxLen %d, %d shards, delay %v",
			client.ErrBadArguments, o.maxLen, o.shards, o.delay)
	}
	return nil
}
