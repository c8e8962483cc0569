package config

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"quoll/client"
	"quoll/client/recipes/internal/hold"
)

// Version is a configuration as a program uses it.
type Version[T any] struct {
	Revision Revision
	Value    T
}

// Watch tells the valid configuration, and each that becomes valid. Quick changes may be left out;
// the last one is not. Without a configuration it waits for one. It goes on over lost connections
// and sessions.
//
// decode makes a value of all keys. Its error is an element with that error and the revision: the
// configuration is bad, whoever uses the one before keeps it, and Watch goes on. An element without
// a revision is the last one: ctx has ended, or the client can have no session any more, or the
// node is no configuration.
func Watch[T any](
	ctx context.Context, c *client.Client, path string,
	decode func(map[string][]byte) (T, error),
) iter.Seq2[Version[T], error] {
	return func(yield func(Version[T], error) bool) {
		last := int64(0)
		for {
			r, values, w, err := read(ctx, c, path, last)
			if err == nil && r.Number != last {
				last = r.Number
				value, bad := decode(values)
				if bad != nil {
					bad = hold.Wrap("configuration", path,
						fmt.Errorf("revision %d: %w", r.Number, bad))
				}
				if !yield(Version[T]{r, value}, bad) {
					_ = w.Close()
					return
				}
			}
			if err == nil {
				_, err = w.Next(ctx)
				_ = w.Close()
			}
			if err != nil {
				if err = hold.Again(ctx, c, err); err != nil {
					yield(Version[T]{}, hold.Wrap("watch configuration", path, err))
					return
				}
			}
		}
	}
}

// read reads the valid configuration, with a watch that fires when there is another one. The values
// are left out if it is the last one again.
func read(
	ctx context.Context, c *client.Client, path string, last int64,
) (Revision, map[string][]byte, *client.Watch, error) {
	for {
		data, _, w, err := c.GetW(ctx, path)
		if errors.Is(err, client.ErrNoNode) {
			var exists bool
			if _, exists, w, err = c.ExistsW(ctx, path); err == nil && exists {
				_ = w.Close()
				continue
			}
		}
		if err != nil {
			return Revision{}, nil, nil, err
		}
		p, err := parsePointer(data)
		if err == nil && (p.Revision == 0 || p.Revision == last) {
			return Revision{Number: last}, nil, w, nil
		}
		var r Revision
		if err == nil {
			r, err = revision(ctx, c, path, p.Revision)
		}
		var values map[string][]byte
		if err == nil {
			values, err = load(ctx, c, hold.Join(path, p.Dir))
		}
		if err == nil {
			return r, values, w, nil
		}
		fired := !isOpen(w.Fired())
		_ = w.Close()
		if !errors.Is(err, client.ErrNoNode) || !fired {
			return Revision{}, nil, nil, err
		}
	}
}

func isOpen(ch <-chan struct{}) bool {
	select {
	case <-ch:
		return false
	default:
		return true
	}
}

// load reads all values of a directory, which never change.
func load(ctx context.Context, c *client.Client, dir string) (map[string][]byte, error) {
	names, _, err := c.Children(ctx, dir)
	if err != nil {
		return nil, err
	}
	asked := make([]*client.Future[client.Node], len(names))
	for i, name := range names {
		asked[i] = c.Async().Get(ctx, hold.Join(dir, name))
	}
	values := make(map[string][]byte, len(names))
	for i, name := range names {
		node, err := asked[i].Wait(ctx)
		if err != nil {
			return nil, err
		}
		values[name] = node.Data
	}
	return values, nil
}
