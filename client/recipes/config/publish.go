package config

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"quoll/client"
	"quoll/client/recipes/internal/hold"
)

// oneMulti is how many bytes of keys and values go into one Multi. Servers take 1 MiB.
const oneMulti = 512 << 10

// Publish makes a set of values the valid configuration, all of them at one moment. Who publishes
// last wins; each publication is a revision of its own. An unknown outcome is settled: it is
// published once, or the error says why not. Only if ctx or the session ends before, the error
// wraps client.ErrUnknownOutcome.
//
// A key is the name of a node. What is larger than a Multi is written before, where nobody looks;
// if that is interrupted, a directory data-<uuid> is left over that no revision names.
func Publish(
	ctx context.Context, c *client.Client, path string, values map[string][]byte, comment string,
) (Revision, error) {
	r, err := publish(ctx, c, path, values, comment)
	return r, hold.Wrap("publish configuration", path, err)
}

func publish(
	ctx context.Context, c *client.Client, path string, values map[string][]byte, comment string,
) (Revision, error) {
	dir := dataPrefix + hold.UUID()
	ops := []client.Op{client.OpCreate(hold.Join(path, dir), nil)}
	bytes := 0

	for _, key := range slices.Sorted(maps.Keys(values)) {
		if key == "" || strings.Contains(key, "/") {
			return Revision{}, fmt.Errorf("%w: %q is not a name of a node",
				client.ErrBadArguments, key)
		}
		size := len(path) + len(dir) + len(key) + len(values[key]) + 100 // 100: the rest of an Op
		if bytes += size; bytes > oneMulti {
			if err := prepare(ctx, c, path, ops); err != nil {
				return Revision{}, err
			}
			ops, bytes = nil, size
		}
		ops = append(ops, client.OpCreate(hold.Join(path, dir+"/"+key), values[key]))
	}

	return point(ctx, c, path, record{Dir: dir, Comment: comment, Time: time.Now()}, ops)
}

// prepare writes a part of the values.
func prepare(
	ctx context.Context, c *client.Client, path string, ops []client.Op,
) error {
	for {
		_, err := c.Multi(ctx, ops...)
		switch {
		case errors.Is(err, client.ErrNoNode):
			if err := hold.Ensure(ctx, c, path, client.World()); err != nil {
				return err
			}
		case errors.Is(err, client.ErrConnectionLoss) && ctx.Err() == nil:
		case errors.Is(err, client.ErrNodeExists):
			// The directory is of this call alone: an earlier attempt has arrived.
			return nil
		default:
			return err
		}
	}
}

// point makes a directory valid, and with it the operations that fill it.
func point(
	ctx context.Context, c *client.Client, path string, r record, ops []client.Op,
) (Revision, error) {
	text, err := json.Marshal(r)
	if err != nil {
		return Revision{}, err
	}
	for {
		data, stat, err := c.Get(ctx, path)
		if errors.Is(err, client.ErrNoNode) {
			if err := hold.Ensure(ctx, c, path, client.World()); err != nil {
				return Revision{}, err
			}
			continue
		}
		var last pointer
		if err == nil {
			last, err = parsePointer(data)
		}
		if err != nil {
			return Revision{}, err
		}
		next := Revision{
			Number: last.Revision + 1, Comment: r.Comment, Time: r.Time, dir: r.Dir,
		}
		done, err := tryPoint(ctx, c, path, next, text, stat.Version, ops)
		if done || err != nil {
			return next, err
		}
	}
}

// tryPoint makes a revision valid unless there is another one by now.
func tryPoint(
	ctx context.Context, c *client.Client, path string, next Revision, text []byte,
	version int32, ops []client.Op,
) (done bool, err error) {
	pointing, err := json.Marshal(pointer{next.Number, next.dir})
	if err != nil {
		return false, err
	}
	_, err = c.Multi(ctx, append([]client.Op{
		client.OpSet(path, pointing, version),
		client.OpCreate(revisionPath(path, next.Number), text),
	}, ops...)...)
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, client.ErrBadVersion):
		return false, nil
	case !errors.Is(err, client.ErrConnectionLoss) || ctx.Err() != nil:
		return false, err
	}
	// The record of the revision says whose it is, if there is one.
	if err := c.Sync(ctx, path); err != nil {
		return false, fmt.Errorf("%w: %w", client.ErrUnknownOutcome, err)
	}
	data, _, err := c.Get(ctx, revisionPath(path, next.Number))
	if errors.Is(err, client.ErrNoNode) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("%w: %w", client.ErrUnknownOutcome, err)
	}
	return string(data) == string(text), nil
}

// Rollback publishes the values of an earlier revision again, as a new one.
func Rollback(
	ctx context.Context, c *client.Client, path string, to int64,
) (Revision, error) {
	old, err := revision(ctx, c, path, to)
	if err != nil {
		return Revision{}, hold.Wrap("roll back configuration", path, err)
	}
	r, err := point(ctx, c, path, record{
		Dir: old.dir, Comment: fmt.Sprintf("revision %d again: %s", to, old.Comment),
		Time: time.Now(),
	}, nil)
	return r, hold.Wrap("roll back configuration", path, err)
}
