package task

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"quoll/client"
	"quoll/client/recipes/internal/hold"
)

// Progress replaces what is told of the progress. The next worker gets it, if this one is lost. The
// error is recipes.ErrLost if the task is not this worker's any more: then nothing was written.
func (cl *Claim) Progress(ctx context.Context, progress []byte) error {
	path := cl.tasks.progressPath(cl.ID)
	for {
		// Only this worker writes the node, so the same write may come twice.
		_, err := cl.tasks.c.Multi(ctx, cl.Check(), client.OpSet(path, progress, client.AnyVersion))
		if failedAt(err) == 1 && errors.Is(err, client.ErrNoNode) {
			_, err = cl.tasks.c.Multi(ctx, cl.Check(), client.OpCreate(path, progress))
			if failedAt(err) == 1 && errors.Is(err, client.ErrNodeExists) {
				continue
			}
		}
		switch {
		case errors.Is(err, client.ErrConnectionLoss) && cl.Err() == nil && ctx.Err() == nil:
			continue
		case failedAt(err) == 0 && errors.Is(err, client.ErrNoNode), err != nil && cl.Err() != nil:
			err = fmt.Errorf("%w: %w", hold.ErrLost, err)
		}
		return hold.Wrap("progress", path, hold.LostWrite(err))
	}
}

// failedAt is the operation that has made a Multi fail, -1 if it was none of them.
func failedAt(err error) int {
	var failed *client.MultiError
	if errors.As(err, &failed) {
		return failed.Index
	}
	return -1
}

// Finish ends the task with an outcome, and with it the claim. A lost answer is settled. The error
// is recipes.ErrLost if the task is not this worker's any more: then the outcome was not written.
// Only if ctx or the session ends before that is known, it wraps client.ErrUnknownOutcome.
func (cl *Claim) Finish(ctx context.Context, result []byte) error {
	err := cl.finish(ctx, result)
	if err == nil {
		hold.Leave(ctx, cl.Held) // its nodes are gone already
	}
	return hold.Wrap("finish", cl.tasks.openPath(cl.ID), hold.LostWrite(err))
}

func (cl *Claim) finish(ctx context.Context, result []byte) error {
	t := cl.tasks
	text, err := json.Marshal(outcome{
		Claim: hold.Name(cl.Path()), Worker: cl.worker, Time: time.Now(), Outcome: result,
	})
	if err != nil {
		return err
	}
	progress := client.OpDelete(t.progressPath(cl.ID), client.AnyVersion)
	ops := []client.Op{
		client.OpDelete(cl.Path(), client.AnyVersion), // as good as a Check
		client.OpDelete(t.claimPath(cl.ID), client.AnyVersion),
		client.OpCreate(t.donePath(cl.ID), text),
	}
	last := client.OpDelete(t.openPath(cl.ID), client.AnyVersion)
	for reported := true; ; {
		all := append(ops[:len(ops):len(ops)], last)
		if reported {
			all = append(ops[:len(ops):len(ops)], progress, last)
		}
		_, err := t.c.Multi(ctx, all...)
		switch {
		case err == nil:
			return nil
		case failedAt(err) == len(ops) && reported && errors.Is(err, client.ErrNoNode):
			reported = false
		case failedAt(err) == 0 && errors.Is(err, client.ErrNoNode):
			return cl.settle(ctx, text)
		case !errors.Is(err, client.ErrConnectionLoss) || ctx.Err() != nil:
			return err
		}
	}
}

// settle says whether the outcome is this one's, when the claim is gone.
func (cl *Claim) settle(ctx context.Context, text []byte) error {
	data, _, err := cl.tasks.c.Get(ctx, cl.tasks.donePath(cl.ID))
	switch {
	case err == nil && string(data) == string(text):
		return nil
	case err == nil, errors.Is(err, client.ErrNoNode):
		return fmt.Errorf("%w: another worker has the task, or has had it", hold.ErrLost)
	}
	return fmt.Errorf("%w: %w", client.ErrUnknownOutcome, err)
}
