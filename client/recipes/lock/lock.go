package lock

import (
	"context"

	"quoll/client"
	"quoll/client/recipes"
	"quoll/client/recipes/internal/hold"
	"quoll/client/recipes/internal/line"
)

// Mutex is a lock. It knows where it is, not who holds it.
type Mutex struct {
	line   line.Line
	simple bool // one node that all wait for, instead of a line
	shared bool // many may hold it at once
}

// New is an exclusive lock: whoever comes first gets it first, and a release wakes one waiter.
// Its nodes are those of Curator's InterProcessMutex, or of kazoo's Lock.
func New(c *client.Client, path string, opts ...recipes.Option) *Mutex {
	o := hold.Apply(opts)
	return &Mutex{line: line.Line{Client: c, Path: path, Kind: line.Lock(o.Layout), Opts: o}}
}

// Lock waits until the lock is held. If ctx ends before, or the session may have ended (ErrLost),
// it is not held and its node is given up.
func (m *Mutex) Lock(ctx context.Context) (*recipes.Held, error) {
	take := m.line.Take
	if m.simple {
		take = m.takeSimple
	}
	h, err := take(ctx)
	return h, hold.Wrap("lock", m.line.Path, err)
}

// TryLock takes the lock if nobody has it. Otherwise the error is ErrBusy.
func (m *Mutex) TryLock(ctx context.Context) (*recipes.Held, error) {
	try := m.line.Try
	if m.simple {
		try = m.trySimple
	}
	h, err := try(ctx)
	return h, hold.Wrap("try lock", m.line.Path, err)
}
