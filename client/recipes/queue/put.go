package queue

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"quoll/client"
	"quoll/client/recipes/internal/hold"
)

// Put adds an item and returns the name of its node. A lost answer is settled: only if ctx or the
// session ends before that, the error wraps client.ErrUnknownOutcome, and the item may be in or
// not. The name is "" if the answer was lost and somebody has had the item already. The error is
// recipes.ErrFull if there are too many items.
func (q *Queue[T]) Put(ctx context.Context, v T) (id string, err error) {
	data, err := q.codec.Encode(v)
	if err == nil {
		id, err = q.put(ctx, [][]byte{data})
	}
	return id, hold.Wrap("put into queue", q.path, err)
}

// What one Multi of PutAll has at most. Servers take 1 MiB.
const (
	multiBytes = 512 << 10
	multiItems = 500
)

// PutAll adds items in their order, many in one Multi. It is not atomic: if it fails, the error
// says how many of them are in.
func (q *Queue[T]) PutAll(ctx context.Context, vs ...T) error {
	var batch [][]byte
	size, done := 0, 0
	for i, v := range vs {
		data, err := q.codec.Encode(v)
		full := size+len(data) > multiBytes || len(batch) == multiItems
		if err == nil && full && len(batch) > 0 {
			if _, err = q.put(ctx, batch); err == nil {
				batch, size, done = nil, 0, i
			}
		}
		if err != nil {
			return q.partly(done, len(vs), err)
		}
		batch, size = append(batch, data), size+len(data)+len(q.path)+overhead
	}
	if len(batch) == 0 {
		return nil
	}
	if _, err := q.put(ctx, batch); err != nil {
		return q.partly(done, len(vs), err)
	}
	return nil
}

// overhead is what an item takes in a Multi besides its data and the path, about.
const overhead = 100

func (s *store) partly(done, all int, err error) error {
	return hold.Wrap("put into queue", s.path, fmt.Errorf("%d of %d are in: %w", done, all, err))
}

// put adds items to one shard, all of them or none.
func (s *store) put(ctx context.Context, values [][]byte) (id string, err error) {
	if err := s.o.check(); err != nil {
		return "", err
	}
	for {
		dir, err := s.room(ctx, len(values))
		if err != nil {
			return "", err
		}
		path := hold.Join(dir, s.o.prefix(time.Now()))
		var ops []client.Op
		for _, v := range values {
			ops = append(ops, client.OpCreate(path, s.o.encode(v), client.Sequential,
				client.WithACL(s.o.hold.ACL...)))
		}
		results, receipt, err := hold.Once(ctx, s.spec("", ops...))
		switch {
		case errors.Is(err, client.ErrNoNode):
			if err := hold.Ensure(ctx, s.client, dir, s.o.hold.ACL); err != nil {
				return "", err
			}
		case err != nil:
			return "", err
		case results != nil:
			return hold.Name(results[0].Path), nil
		default:
			return s.made(ctx, dir, receipt.Czxid)
		}
	}
}

// room finds a shard with room for n items.
func (s *store) room(ctx context.Context, n int) (dir string, err error) {
	shards := max(1, s.o.shards)
	first := rand.IntN(shards)
	for i := range shards {
		dir = s.path
		if s.o.shards > 0 {
			dir = hold.Join(s.path, fmt.Sprintf("%s%02d", shardName, (first+i)%shards))
		}
		stat, _, err := s.client.Exists(ctx, dir)
		if err != nil {
			return "", err
		}
		if int(stat.NumChildren)+n <= s.o.maxLen {
			return dir, nil
		}
	}
	return "", fmt.Errorf("%w: at most %d items", hold.ErrFull, shards*s.o.maxLen)
}

// made finds the first item that was made at a zxid, the newest first.
func (s *store) made(ctx context.Context, dir string, at client.Zxid) (id string, err error) {
	names, _, err := s.children(ctx, dir, false)
	if err != nil {
		return "", nil // the item is in, which is what matters
	}
	entries, err := s.entries(dir, names)
	if err != nil {
		return "", nil
	}
	slices.SortFunc(entries, func(a, b entry) int { return int(b.number - a.number) })
	for i := range entries {
		stat, found, err := s.client.Exists(ctx, entries[i].path())
		if err != nil || found && stat.Czxid < at {
			break
		}
		if found && stat.Czxid == at {
			id = entries[i].name
		}
	}
	return id, nil
}
