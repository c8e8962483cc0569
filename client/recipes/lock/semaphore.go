package lock

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"quoll/client"
	"quoll/client/recipes"
	"quoll/client/recipes/internal/hold"
	"quoll/client/recipes/internal/line"
)

// Semaphore is a number of leases that all who share a path have together. Whoever wants some waits
// in a line; the first one in it makes nodes for its leases, and waits until there are no more than
// n of all.
type Semaphore struct {
	line   line.Line // of those who want leases
	path   string
	leases string // the node above all leases
	n      int
}

// The names below the path of a semaphore.
const (
	waitersName = "locks"
	leasesName  = "leases"
	leaseMark   = "lease-"
)

// NewSemaphore is a semaphore of n leases. Its nodes are those of Curator's
// InterProcessSemaphoreV2; n is stored besides, and all who share the path must have the same.
func NewSemaphore(
	c *client.Client, path string, n int, opts ...recipes.Option,
) *Semaphore {
	o := hold.Apply(opts)
	return &Semaphore{
		line: line.Line{
			Client: c, Path: hold.Join(path, waitersName), Kind: line.Lock(o.Layout), Opts: o,
		},
		path: path, leases: hold.Join(path, leasesName), n: n,
	}
}

// Acquire waits until this process has k leases, all at one moment, and in the order of the calls:
// a call for many is not overtaken by calls for few. The Held is all of them together. If ctx ends
// before, or the session may have ended (recipes.ErrLost), it has none. If the path is that of a
// semaphore with another n, the error is client.ErrBadArguments.
func (s *Semaphore) Acquire(ctx context.Context, k int) (*recipes.Held, error) {
	h, err := s.acquire(ctx, k)
	return h, hold.Wrap("acquire", s.path, hold.Lost(err))
}

func (s *Semaphore) acquire(ctx context.Context, k int) (*recipes.Held, error) {
	if k < 1 || k > s.n {
		return nil, fmt.Errorf("%w: %d leases of %d", client.ErrBadArguments, k, s.n)
	}
	if s.line.Opts.Layout != hold.Curator {
		return nil, fmt.Errorf("%w: there are only Curator's semaphores", hold.ErrLayout)
	}
	turn, err := s.line.Take(ctx)
	if err != nil {
		return nil, err
	}
	defer hold.Leave(ctx, turn)
	first, stop := hold.Until(ctx, turn)
	defer stop()
	h, err := s.take(first, turn, k)
	if err != nil && turn.Err() != nil {
		err = turn.Err()
	}
	return h, err
}

// take makes the nodes of k leases and waits until there is room for them. ctx ends with turn.
func (s *Semaphore) take(
	ctx context.Context, turn *recipes.Held, k int,
) (*recipes.Held, error) {
	if err := s.agree(ctx, turn); err != nil {
		return nil, err
	}
	h, err := s.make(ctx, turn, k)
	if err != nil {
		return nil, err
	}
	if err := s.wait(ctx, h); err != nil {
		hold.Leave(ctx, h)
		if lost := h.Err(); lost != nil && ctx.Err() == nil {
			err = lost
		}
		return nil, err
	}
	return h, nil
}

// agree stores n at the path, or says that somebody has stored another one. The node is there: turn
// is below it.
func (s *Semaphore) agree(ctx context.Context, turn *recipes.Held) error {
	c := s.line.Client
	for {
		data, stat, err := c.Get(ctx, s.path)
		if err != nil {
			return err
		}
		if len(data) > 0 {
			n, err := strconv.Atoi(string(data))
			if err != nil {
				return fmt.Errorf("%w: %q is no number of leases", hold.ErrLayout, data)
			}
			if n != s.n {
				return fmt.Errorf("%w: there are %d leases, not %d", client.ErrBadArguments, n, s.n)
			}
			return nil
		}
		_, err = c.Multi(ctx, turn.Check(),
			client.OpSet(s.path, []byte(strconv.Itoa(s.n)), stat.Version))
		if err != nil && !errors.Is(err, client.ErrBadVersion) &&
			!errors.Is(err, client.ErrConnectionLoss) {
			return err
		}
	}
}

// make makes the nodes of k leases, if turn is still held.
func (s *Semaphore) make(
	ctx context.Context, turn *recipes.Held, k int,
) (*recipes.Held, error) {
	c, o := s.line.Client, &s.line.Opts
	for {
		if err := hold.Parents(ctx, c, s.leases, o.ACL); err != nil {
			return nil, err
		}
		h, err := hold.Make(ctx, &hold.Spec{
			Client: c, Dir: s.leases, Fixed: true, Prefix: o.Layout.Prefix(), Mark: leaseMark,
			Count: k, Data: o.Data, ACL: o.ACL, Logger: o.Logger,
			Beside: []client.Op{turn.Check()},
		})
		if !errors.Is(err, client.ErrNoNode) {
			return h, err
		}
		// Either turn is gone, or the container of the leases, because it was empty.
		_, exists, err := c.Exists(ctx, turn.Path())
		if err != nil {
			return nil, err
		}
		if !exists {
			return nil, fmt.Errorf("%w: the node is gone", hold.ErrLost)
		}
	}
}

// wait waits until there are at most n leases, those of h included. Only the first one of the line
// is here, so a lease that is given back wakes one waiter.
func (s *Semaphore) wait(ctx context.Context, h *recipes.Held) error {
	ctx, stop := hold.Until(ctx, h)
	defer stop()
	for {
		names, _, changed, err := s.line.Client.ChildrenW(ctx, s.leases)
		if err != nil {
			return err
		}
		if !slices.Contains(names, hold.Name(h.Path())) {
			// Without our own there is room, but not for us: guard may not have heard of it yet.
			_ = changed.Close()
			return fmt.Errorf("%w: the node is gone", hold.ErrLost)
		}
		if len(names) <= s.n {
			_ = changed.Close()
			return h.Err()
		}
		_, err = changed.Next(ctx)
		_ = changed.Close()
		if err != nil {
			return err
		}
	}
}
