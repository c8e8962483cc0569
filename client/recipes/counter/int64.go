package counter

import (
	"context"
	"fmt"

	"quoll/client"
	"quoll/client/recipes"
	"quoll/client/recipes/internal/hold"
)

// Int64 is a number that any number of processes change. Any number of goroutines may use it.
type Int64 struct{ cell }

// NewInt64 is a number. Its node is that of Curator's DistributedAtomicLong, or of its SharedCount
// if it is there already with four bytes; or with kazoo's layout that of kazoo's Counter. A number
// that nobody has written is 0.
func NewInt64(c *client.Client, path string, opts ...recipes.Option) *Int64 {
	return &Int64{newCell(c, path, opts)}
}

// Get returns the number. As every read of ZooKeeper's it may be a little old; what Add(ctx, 0)
// returns is not.
func (n *Int64) Get(ctx context.Context) (int64, error) {
	now, err := n.read(ctx)
	var value int64
	if err == nil {
		value, _, err = n.decode(&now)
	}
	return value, hold.Wrap("get counter", n.path, err)
}

// Add adds delta, once, and returns the sum. Only if ctx or the session ends while an answer is
// missing, the error wraps client.ErrUnknownOutcome, and delta may have been added or not. A sum
// that does not fit is client.ErrBadArguments, and nothing is added.
func (n *Int64) Add(ctx context.Context, delta int64) (int64, error) {
	var sum int64
	_, err := n.change(ctx, func(old *state) ([]byte, bool, error) {
		value, form, err := n.decode(old)
		if err != nil {
			return nil, false, err
		}
		sum = value + delta
		if sum > value != (delta > 0) && delta != 0 {
			return nil, false, fmt.Errorf("%w: %d + %d overflows", client.ErrBadArguments,
				value, delta)
		}
		data, err := form.encode(sum)
		return data, true, err
	})
	if err != nil {
		return 0, hold.Wrap("add to counter", n.path, err)
	}
	return sum, nil
}

// CAS makes the number next if it is old, and says whether it was. As with Add, an error may leave
// it open.
func (n *Int64) CAS(ctx context.Context, old, next int64) (bool, error) {
	swapped, err := n.change(ctx, func(now *state) ([]byte, bool, error) {
		value, form, err := n.decode(now)
		if err != nil || value != old {
			return nil, false, err
		}
		data, err := form.encode(next)
		return data, true, err
	})
	return swapped, hold.Wrap("compare and set counter", n.path, err)
}
