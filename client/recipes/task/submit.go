package task

import (
	"bytes"
	"context"
	"errors"

	"quoll/client"
	"quoll/client/recipes/internal/hold"
)

// Submit adds a task. If there is one with this id, waiting, claimed or done, the error is
// client.ErrNodeExists: a dispatcher that does not know how far it had come before a crash submits
// all its tasks again under the same ids. A lost answer is settled.
func (t *Tasks) Submit(ctx context.Context, id string, data []byte) error {
	err := checkID(id)
	if err == nil {
		err = t.submit(ctx, id, data)
	}
	return hold.Wrap("submit", t.openPath(id), err)
}

func (t *Tasks) submit(ctx context.Context, id string, data []byte) error {
	done := t.donePath(id)
	for asked := false; ; {
		// The first two say that it is not done: no operation checks that there is no node.
		_, err := t.c.Multi(ctx,
			client.OpCreate(done, nil), client.OpDelete(done, client.AnyVersion),
			client.OpCreate(t.openPath(id), data))
		switch {
		case errors.Is(err, client.ErrNoNode):
			if err := t.ensure(ctx); err != nil {
				return err
			}
		case errors.Is(err, client.ErrNodeExists) && asked:
			return t.submitted(ctx, id, data, err)
		case errors.Is(err, client.ErrUnknownOutcome) && !hold.Ended(err) && ctx.Err() == nil:
			asked = true
		default:
			return err
		}
	}
}

// submitted says whether a task that is there may be the one whose submission was not answered. Two
// dispatchers that submit the same data under one id at the same moment both take it for theirs.
func (t *Tasks) submitted(ctx context.Context, id string, data []byte, exists error) error {
	task, err := t.get(ctx, id)
	if err != nil {
		return err
	}
	if task.State == Done || bytes.Equal(task.Data, data) {
		return nil
	}
	return exists
}

// Wait waits until a task is done and returns it. If there is none with this id, or it is forgotten
// meanwhile, the error is client.ErrNoNode. It goes on over lost connections and sessions.
func (t *Tasks) Wait(ctx context.Context, id string) (Task, error) {
	for {
		_, done, w, err := t.c.ExistsW(ctx, t.donePath(id))
		var task Task
		if err == nil {
			task, err = t.get(ctx, id)
			if err == nil && task.State != Done && !done {
				_, err = w.Next(ctx)
			}
			_ = w.Close()
		}
		if err == nil && task.State == Done {
			return task, nil
		}
		if err != nil {
			if err = hold.Again(ctx, t.c, err); err != nil {
				return Task{}, hold.Wrap("wait for task", t.openPath(id), err)
			}
		}
	}
}

// Forget removes what is known of a task that is done; its id may be used again. A task that is not
// done is client.ErrNoNode.
func (t *Tasks) Forget(ctx context.Context, id string) error {
	for asked := false; ; {
		err := t.c.Delete(ctx, t.donePath(id), client.AnyVersion)
		switch {
		case errors.Is(err, client.ErrNoNode) && asked:
			return nil
		case errors.Is(err, client.ErrConnectionLoss) && ctx.Err() == nil:
			asked = true
		default:
			return hold.Wrap("forget", t.donePath(id), err)
		}
	}
}
