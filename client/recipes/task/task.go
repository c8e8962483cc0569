package task

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"quoll/client"
	"quoll/client/recipes/group"
	"quoll/client/recipes/internal/hold"
)

// Tasks is the tasks at one path. Any number of goroutines may use it.
type Tasks struct {
	c    *client.Client
	path string
}

// New is the tasks at a path.
func New(c *client.Client, path string) *Tasks { return &Tasks{c, path} }

// State is what has become of a task.
type State uint8

// The states.
const (
	Waiting State = iota // for a worker
	Claimed              // a worker is at it
	Done
)

func (s State) String() string { return [...]string{"Waiting", "Claimed", "Done"}[s] }

// Task is a task, as it is at one moment.
type Task struct {
	ID       string
	State    State
	Data     []byte // as submitted; nil when it is done
	Worker   string // that has claimed it, or has finished it
	Progress []byte // what a worker has told last; it stays when the worker is lost
	Outcome  []byte // when it is done
	Time     time.Time
}

// outcome is what the node of a finished task says.
type outcome struct {
	Claim   string    `json:"claim"` // the name of the node of the claim
	Worker  string    `json:"worker"`
	Time    time.Time `json:"time"` // by the worker's clock
	Outcome []byte    `json:"outcome"`
}

func (t *Tasks) openDir() string   { return hold.Join(t.path, "open") }
func (t *Tasks) claimsDir() string { return hold.Join(t.path, "claims") }
func (t *Tasks) doneDir() string   { return hold.Join(t.path, "done") }

func (t *Tasks) openPath(id string) string     { return hold.Join(t.openDir(), id) }
func (t *Tasks) progressPath(id string) string { return hold.Join(t.openPath(id), "progress") }
func (t *Tasks) claimPath(id string) string    { return hold.Join(t.claimsDir(), id) }
func (t *Tasks) donePath(id string) string     { return hold.Join(t.doneDir(), id) }

// ensure makes the nodes above all others.
func (t *Tasks) ensure(ctx context.Context) error {
	for _, dir := range []string{t.openDir(), t.claimsDir(), t.doneDir()} {
		if err := hold.Ensure(ctx, t.c, dir, client.World()); err != nil {
			return err
		}
	}
	return nil
}

// checkID says whether an id can be the name of a node.
func checkID(id string) error {
	if id == "" || strings.Contains(id, "/") {
		return fmt.Errorf("%w: %q is not a name of a node", client.ErrBadArguments, id)
	}
	return nil
}

// Get returns a task. If there is none with this id, the error is client.ErrNoNode.
func (t *Tasks) Get(ctx context.Context, id string) (Task, error) {
	task, err := t.get(ctx, id)
	return task, hold.Wrap("task", t.openPath(id), err)
}

func (t *Tasks) get(ctx context.Context, id string) (Task, error) {
	if err := checkID(id); err != nil {
		return Task{}, err
	}
	// One request, so that a task which is finished meanwhile is not missing.
	results, err := t.c.ReadMulti(ctx, client.ReadData(t.donePath(id)),
		client.ReadData(t.openPath(id)), client.ReadData(t.claimPath(id)),
		client.ReadData(t.progressPath(id)))
	if err != nil {
		return Task{}, err
	}
	for _, r := range results {
		if r.Err != nil && !errors.Is(r.Err, client.ErrNoNode) {
			return Task{}, r.Err
		}
	}
	done, open, claim, progress := results[0], results[1], results[2], results[3]
	task := Task{ID: id}
	switch {
	case done.Err == nil:
		return task, task.finished(done.Data)
	case open.Err != nil:
		return task, open.Err
	}
	task.Data, task.Progress = open.Data, progress.Data
	task.Time = time.UnixMilli(open.Stat.Ctime)
	if claim.Err == nil {
		task.State, task.Worker, task.Time = Claimed, string(claim.Data),
			time.UnixMilli(claim.Stat.Ctime)
	}
	return task, nil
}

// finished fills in what is known of a task that is done.
func (task *Task) finished(data []byte) error {
	var o outcome
	if err := json.Unmarshal(data, &o); err != nil {
		return fmt.Errorf("%w: no outcome of a task: %w", hold.ErrLayout, err)
	}
	task.State, task.Worker, task.Outcome, task.Time = Done, o.Worker, o.Outcome, o.Time
	return nil
}

// All returns all tasks that were not forgotten, in the order of their ids: what a dispatcher reads
// that was started again. Each one is as it was at a moment during the call.
func (t *Tasks) All(ctx context.Context) ([]Task, error) {
	list, err := t.all(ctx)
	return list, hold.Wrap("tasks", t.path, err)
}

func (t *Tasks) all(ctx context.Context) ([]Task, error) {
	if err := t.ensure(ctx); err != nil {
		return nil, err
	}
	var ids []string
	for _, dir := range []string{t.openDir(), t.doneDir()} {
		names, _, err := t.c.Children(ctx, dir)
		if err != nil {
			return nil, err
		}
		ids = append(ids, names...)
	}
	slices.Sort(ids)
	var list []Task
	for _, id := range slices.Compact(ids) {
		task, err := t.get(ctx, id)
		if errors.Is(err, client.ErrNoNode) {
			continue // forgotten meanwhile
		}
		if err != nil {
			return nil, err
		}
		list = append(list, task)
	}
	return list, nil
}

// Workers returns the workers that are there, whether or not they have a task. The data of each is
// what it has said of itself.
func (t *Tasks) Workers(ctx context.Context) ([]group.Peer, error) {
	view, err := group.Members(ctx, t.c, hold.Join(t.path, "workers"))
	return view.Members, err
}
