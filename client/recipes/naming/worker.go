package naming

import (
	"context"
	"errors"
	"fmt"
	"time"

	"quoll/client"
	"quoll/client/recipes"
	"quoll/client/recipes/internal/hold"
)

// maxWorkers keeps the list of all workers below the largest reply.
const maxWorkers = 10_000

// WorkerID takes a number from 0 to max-1 that no other worker of the path has, such as
// time-ordered ids need for each process. It is the lowest one that is free.
//
// A number that was released is free at once. One that was lost with its session is not free before
// that session's timeout has passed once more, because its holder may have stood still and go on
// for a moment with a number that it has lost: WorkerID waits so long if there is no other. If all
// numbers are held by sessions that live, the error is recipes.ErrFull.
func WorkerID(
	ctx context.Context, c *client.Client, path string, max int,
) (*recipes.Held, int, error) {
	if max < 1 || max > maxWorkers {
		return nil, 0, hold.Wrap("worker id", path,
			fmt.Errorf("%w: %d workers, at most %d", client.ErrBadArguments, max, maxWorkers))
	}
	h, id, err := takeID(ctx, c, path, max)
	return h, id, hold.Wrap("worker id", path, err)
}

func takeID(
	ctx context.Context, c *client.Client, path string, max int,
) (*recipes.Held, int, error) {
	seen := map[int]sighting{}
	for {
		slots, changed, err := look(ctx, c, path, max)
		if err != nil {
			return nil, 0, err
		}
		now := time.Now()
		h, id, err := takeFree(ctx, c, path, slots, seen, now)
		if h != nil || err != nil {
			_ = changed.Close()
			return h, id, err
		}
		soonest, ok := note(slots, seen, now)
		if !ok {
			_ = changed.Close()
			return nil, 0, fmt.Errorf("%w: all %d numbers are held", hold.ErrFull, max)
		}
		wait, stop := context.WithDeadline(ctx, soonest)
		_, err = changed.Next(wait) // the end of wait is as good a reason to look again
		stop()
		_ = changed.Close()
		if ctx.Err() != nil {
			return nil, 0, ctx.Err()
		}
		if err != nil && !errors.Is(err, context.DeadlineExceeded) {
			if err = hold.Again(ctx, c, err); err != nil {
				return nil, 0, err
			}
		}
	}
}

// sighting is when a number was seen for the first time as one that is lost.
type sighting struct {
	version int32 // of its node: another one means that somebody has had it since
	at      time.Time
}

// free is from when on a lost number may be taken, as far as it is known.
func (s *sighting) free(slot *slot) time.Time { return s.at.Add(slot.timeout) }

// note remembers which numbers are lost, and since when that is known. It returns the moment at
// which the first one of them is free; ok is false if none is lost.
func note(slots []slot, seen map[int]sighting, now time.Time) (soonest time.Time, ok bool) {
	for id := range slots {
		s := &slots[id]
		if s.state != lost {
			delete(seen, id)
			continue
		}
		last, known := seen[id]
		if !known || last.version != s.version {
			last = sighting{s.version, now}
			seen[id] = last
		}
		if at := last.free(s); !ok || at.Before(soonest) {
			soonest, ok = at, true
		}
	}
	return soonest, ok
}

// takeFree tries the numbers that are free, the lowest first. There is no Held if none was left.
func takeFree(
	ctx context.Context, c *client.Client, path string, slots []slot, seen map[int]sighting,
	now time.Time,
) (*recipes.Held, int, error) {
	for id := range slots {
		s := &slots[id]
		last, known := seen[id]
		waited := known && last.version == s.version && !now.Before(last.free(s))
		if s.state == held || s.state == lost && !waited {
			continue
		}
		h, err := take(ctx, c, path, id, s)
		switch {
		case err == nil:
			return h, id, nil
		case errors.Is(err, client.ErrNodeExists), errors.Is(err, client.ErrBadVersion),
			errors.Is(err, client.ErrNoNode):
			// Somebody was faster, or has deleted the node by hand.
		default:
			return nil, 0, err
		}
	}
	return nil, 0, nil
}
