package counter

import (
	"context"
	"errors"
	"iter"

	"quoll/client"
	"quoll/client/recipes"
	"quoll/client/recipes/internal/hold"
)

// Value is a value that any number of processes change. Any number of goroutines may use it.
type Value[T any] struct {
	cell
	codec recipes.Codec[T]
}

// Versioned is a value as it was read.
type Versioned[T any] struct {
	Value   T
	Version int32       // counts the writes
	Zxid    client.Zxid // of the last write; 0 stands for a value that nobody has written
}

// NewValue is a value. Its node is that of Curator's SharedValue: what the codec makes, and nothing
// else.
func NewValue[T any](
	c *client.Client, path string, codec recipes.Codec[T], opts ...recipes.Option,
) *Value[T] {
	return &Value[T]{newCell(c, path, opts), codec}
}

// Get returns the value, which may be a little old. The error is client.ErrNoNode if nobody has
// written one.
func (v *Value[T]) Get(ctx context.Context) (Versioned[T], error) {
	data, stat, err := v.client.Get(ctx, v.path)
	var now Versioned[T]
	if err == nil {
		now, err = v.decode(data, &stat)
	}
	return now, hold.Wrap("get value", v.path, err)
}

func (v *Value[T]) decode(data []byte, stat *client.Stat) (Versioned[T], error) {
	value, err := v.codec.Decode(data)
	return Versioned[T]{value, stat.Version, stat.Mzxid}, err
}

// Set writes the value, whatever was there. It is written once: only if ctx or the session ends
// while an answer is missing, the error wraps client.ErrUnknownOutcome.
func (v *Value[T]) Set(ctx context.Context, value T) error {
	data, err := v.codec.Encode(value)
	if err == nil {
		err = v.overwrite(ctx, data)
	}
	return hold.Wrap("set value", v.path, err)
}

// CAS writes the value if nobody has written since old was read, and says whether it has. A zero
// old stands for a value that is not there yet. As with Set, an error may leave it open.
func (v *Value[T]) CAS(ctx context.Context, old Versioned[T], value T) (bool, error) {
	data, err := v.codec.Encode(value)
	done := false
	if err == nil {
		done, err = v.replace(ctx, old.Zxid != 0, old.Version, data)
	}
	return done, hold.Wrap("compare and set value", v.path, err)
}

// Watch tells the value, and each that is written later. Quick changes may be left out; the last
// one is not. It waits for a value that is not there, and goes on over lost connections and
// sessions. A value that does not decode is an element with the error and its Zxid; an element
// without a Zxid is the last one: ctx has ended, or the client can have no session any more.
func (v *Value[T]) Watch(ctx context.Context) iter.Seq2[Versioned[T], error] {
	return func(yield func(Versioned[T], error) bool) {
		last := client.Zxid(0)
		for {
			data, stat, w, err := v.watch(ctx)
			if err == nil && stat.Mzxid > last {
				last = stat.Mzxid
				now, bad := v.decode(data, &stat)
				if !yield(now, hold.Wrap("value", v.path, bad)) {
					_ = w.Close()
					return
				}
			}
			if err == nil {
				_, err = w.Next(ctx)
				_ = w.Close()
			}
			if err != nil {
				if err = hold.Again(ctx, v.client, err); err != nil {
					yield(Versioned[T]{}, hold.Wrap("watch value", v.path, err))
					return
				}
			}
		}
	}
}

// watch reads the node, with a watch that fires when it has changed. The Stat is zero if it is not
// there.
func (v *Value[T]) watch(ctx context.Context) ([]byte, client.Stat, *client.Watch, error) {
	for {
		data, stat, w, err := v.client.GetW(ctx, v.path)
		if !errors.Is(err, client.ErrNoNode) {
			return data, stat, w, err
		}
		_, exists, w, err := v.client.ExistsW(ctx, v.path)
		if err != nil || !exists {
			return nil, client.Stat{}, w, err
		}
		_ = w.Close()
	}
}
