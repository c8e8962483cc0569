package task

import (
	"context"
	"errors"
	"slices"

	"quoll/client"
	"quoll/client/recipes"
	"quoll/client/recipes/group"
	"quoll/client/recipes/internal/hold"
)

// Worker is one who does tasks.
type Worker struct {
	*group.Member // Leave ends it; what it has claimed it keeps
	tasks         *Tasks
	id            string
}

// Join makes a worker, which others see in Workers. The id must be of nobody else.
func (t *Tasks) Join(ctx context.Context, id string, data []byte) (*Worker, error) {
	m, err := group.Join(ctx, t.c, hold.Join(t.path, "workers"), id, data)
	if err != nil {
		return nil, err
	}
	return &Worker{m, t, id}, nil
}

// Claim is a task that a worker holds. It ends with Finish, or with Release: then, and when it is
// lost, another worker gets the task.
type Claim struct {
	*recipes.Held
	ID   string
	Data []byte
	Left []byte // what the worker before has told of its progress, if there was one

	tasks  *Tasks
	worker string
}

// Claim waits until there is a task that nobody has claimed, and claims it: the first one by the
// order of ids. If ctx ends before, or the session may have ended (recipes.ErrLost), it has none.
//
// Each task that comes or is given back wakes all workers that wait, and one of them gets it: for
// some hundreds of workers.
func (w *Worker) Claim(ctx context.Context) (*Claim, error) {
	cl, err := w.claim(ctx)
	return cl, hold.Wrap("claim", w.tasks.path, err)
}

func (w *Worker) claim(ctx context.Context) (*Claim, error) {
	ctx, stop, err := hold.WithSession(ctx, w.tasks.c)
	if err != nil {
		return nil, err
	}
	defer stop()
	for {
		cl, err := w.tryClaim(ctx)
		if cl != nil || err != nil {
			if err != nil && ctx.Err() != nil {
				err = context.Cause(ctx)
			}
			return cl, err
		}
	}
}

// tryClaim claims a task; if there is none, it waits for one change.
func (w *Worker) tryClaim(ctx context.Context) (*Claim, error) {
	t := w.tasks
	open, _, more, err := t.c.ChildrenW(ctx, t.openDir())
	if err != nil {
		return nil, t.missing(ctx, err)
	}
	defer more.Close()
	claimed, _, freed, err := t.c.ChildrenW(ctx, t.claimsDir())
	if err != nil {
		return nil, t.missing(ctx, err)
	}
	defer freed.Close()
	taken := map[string]bool{}
	for _, id := range claimed {
		taken[id] = true
	}
	slices.Sort(open)
	for _, id := range open {
		if taken[id] {
			continue
		}
		cl, err := w.take(ctx, id)
		if !errors.Is(err, client.ErrNodeExists) && !errors.Is(err, client.ErrNoNode) {
			return cl, err
		}
		// Another worker was faster, or has even finished it.
	}
	select {
	case <-more.Fired():
	case <-freed.Fired():
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return nil, nil
}

// missing makes the nodes above all others, if err says that they are not there.
func (t *Tasks) missing(ctx context.Context, err error) error {
	if errors.Is(err, client.ErrNoNode) {
		return t.ensure(ctx)
	}
	return err
}

// take claims one task.
func (w *Worker) take(ctx context.Context, id string) (*Claim, error) {
	t := w.tasks
	h, err := hold.Make(ctx, &hold.Spec{
		Client: t.c, Dir: t.openPath(id), Fixed: true, Prefix: "claim-" + hold.UUID(),
		Shared: t.claimPath(id), Data: []byte(w.id), ACL: client.World(),
		Logger: hold.Apply(nil).Logger,
	})
	if err != nil {
		return nil, err
	}
	task, err := t.get(ctx, id)
	if err != nil {
		hold.Leave(ctx, h)
		return nil, err
	}
	return &Claim{
		Held: h, ID: id, Data: task.Data, Left: task.Progress, tasks: t, worker: w.id,
	}, nil
}
