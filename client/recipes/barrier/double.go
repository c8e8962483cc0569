package barrier

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"quoll/client"
	"quoll/client/recipes"
	"quoll/client/recipes/internal/hold"
)

// Double is one member of a double barrier: of those who begin something together, and end it
// together. It may enter again after it has left.
type Double struct {
	client *client.Client
	path   string
	n      int
	opts   hold.Options

	mu       sync.Mutex
	entering bool
	held     *recipes.Held // nil while outside
	round    []string      // names of those with whom it has entered
}

// NewDouble is a member of a double barrier of n. id is what others see of it. Its nodes are those
// of Curator's DistributedDoubleBarrier and of kazoo's DoubleBarrier. If such members take part,
// each phase needs a path of its own: kazoo's say that a phase is over when the first one leaves.
func NewDouble(c *client.Client, path string, n int, id string, opts ...recipes.Option) *Double {
	o := hold.Apply(opts)
	o.Data = []byte(id)
	return &Double{client: c, path: path, n: n, opts: o}
}

// Enter waits until n members are there at the same moment, and returns to each of those n. Whoever
// comes while they are inside waits until all of them have left.
//
// The Held is the member's place: if it is lost, the others may leave without this one. To release
// it is to leave without waiting.
func (d *Double) Enter(ctx context.Context) (*recipes.Held, error) {
	if err := d.mayEnter(); err != nil {
		return nil, hold.Wrap("enter barrier", d.path, err)
	}
	h, round, err := d.enter(ctx)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.entering, d.held, d.round = false, h, round
	return h, hold.Wrap("enter barrier", d.path, err)
}

// mayEnter says whether the member is outside, and notes that it enters.
func (d *Double) mayEnter() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.n < 1:
		return fmt.Errorf("%w: a barrier of %d", client.ErrBadArguments, d.n)
	case d.entering || d.held != nil && d.held.Err() == nil:
		return fmt.Errorf("%w: it has entered, or is about to", client.ErrBadArguments)
	}
	d.entering = true
	return nil
}

// Leave waits until all who have entered with this member leave too, or are lost. After any error
// it has left; recipes.ErrLost says that it had been lost before, or that its session may have
// ended while it waited for the others.
func (d *Double) Leave(ctx context.Context) error {
	d.mu.Lock()
	h, round := d.held, d.round
	d.held, d.round = nil, nil
	d.mu.Unlock()
	if h == nil {
		return hold.Wrap("leave barrier", d.path,
			fmt.Errorf("%w: it is not inside", client.ErrBadArguments))
	}
	err := d.leave(ctx, h, round)
	if err != nil {
		hold.Leave(ctx, h)
	}
	return hold.Wrap("leave barrier", d.path, err)
}

// enter returns the member's place, and the names of those with whom it has entered.
func (d *Double) enter(ctx context.Context) (*recipes.Held, []string, error) {
	for {
		if err := d.awaitEnd(ctx); err != nil {
			return nil, nil, err
		}
		h, err := d.appear(ctx)
		if err != nil {
			return nil, nil, err
		}
		round, err := d.awaitBegin(ctx, h)
		if err == nil {
			return h, round, nil
		}
		if err != errOthers {
			hold.Leave(ctx, h)
			return nil, nil, err
		}
	}
}

// appear makes the node of the member.
func (d *Double) appear(ctx context.Context) (*recipes.Held, error) {
	name := hold.UUID()
	if d.opts.Layout == hold.Kazoo {
		name = strings.ReplaceAll(name, "-", "")
	}
	return hold.Make(ctx, &hold.Spec{
		Client: d.client, Dir: d.path, Prefix: name, Data: d.opts.Data, ACL: d.opts.ACL,
		Logger: d.opts.Logger,
	})
}

// awaitEnd waits until no phase of others is under way. A node that appeared meanwhile would be one
// more that Curator's members wait for when they leave.
func (d *Double) awaitEnd(ctx context.Context) error {
	for {
		p, err := d.look(ctx)
		if err != nil || !p.begun || p.round == nil || p.over() {
			return err
		}
		if err := hold.Gone(ctx, d.client, hold.Join(d.path, p.present()[0])); err != nil {
			return err
		}
	}
}

// errOthers: a phase has begun, of others, and the node is gone.
var errOthers = errors.New("a phase of others")

// awaitBegin waits until a phase has begun of which h is, and returns the names of all who are.
func (d *Double) awaitBegin(ctx context.Context, h *recipes.Held) ([]string, error) {
	wait, stop := hold.Until(ctx, h)
	defer stop()
	name := hold.Name(h.Path())
	for {
		p, err := d.look(wait)
		switch {
		case h.Err() != nil:
			return nil, h.Err()
		case err != nil:
			return nil, hold.Lost(err)
		case !slices.Contains(p.members, name):
			return nil, fmt.Errorf("%w: the node is gone", hold.ErrLost)
		case p.begun && p.round == nil: // Curator and kazoo let in whoever comes
			return p.members, nil
		case p.begun && slices.Contains(p.round, name):
			return p.round, nil
		case p.begun && p.over():
			err = d.sweep(wait, h, &p)
		case p.begun:
			err = d.stepBack(ctx, h, &p) // not with wait, which ends when it has succeeded
		case len(p.members) >= d.n:
			err = d.begin(wait, &p)
		default:
			err = d.awaitReady(wait)
		}
		if err == errOthers {
			return nil, err
		}
		if err != nil {
			return nil, hold.Lost(errors.Join(err, h.Err()))
		}
	}
}

// awaitReady waits until a phase may have begun. Whoever makes the members n begins it, so that
// nobody else has to hear of each member that comes.
func (d *Double) awaitReady(ctx context.Context) error {
	// A watch misses a phase that begins and ends while there is no connection.
	_, reconnected := d.client.Status()
	_, found, w, err := d.client.ExistsW(ctx, d.readyPath())
	if err != nil {
		return err
	}
	defer w.Close()
	if found {
		return nil
	}
	select {
	case <-w.Fired():
	case <-reconnected:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// begin begins a phase of n of those who are there, if all of them still are.
func (d *Double) begin(ctx context.Context, p *phase) error {
	round := p.members[:d.n]
	text, err := json.Marshal(round)
	if err != nil {
		return err
	}
	own, stat, err := d.client.Get(ctx, d.path)
	if err != nil || stat.Version != p.version {
		return overtaken(err)
	}
	ops := []client.Op{
		client.OpSet(d.path, own, p.version), // each phase has a version of its own, for sweep
		client.OpCreate(d.readyPath(), text, client.WithACL(d.opts.ACL...)),
	}
	for _, name := range round {
		ops = append(ops, client.OpCheck(hold.Join(d.path, name), client.AnyVersion))
	}
	_, err = d.client.Multi(ctx, ops...)
	return overtaken(err)
}

// stepBack takes the member's node away from a phase of others. The next phase, which may be one of
// this member, has another version.
func (d *Double) stepBack(ctx context.Context, h *recipes.Held, p *phase) error {
	err := hold.Finish(ctx, h, client.OpCheck(d.path, p.version))
	if err == nil {
		return errOthers
	}
	return overtaken(err)
}

// sweep deletes what is left of a phase whose members are all lost.
func (d *Double) sweep(ctx context.Context, h *recipes.Held, p *phase) error {
	_, err := d.client.Multi(ctx, h.Check(), client.OpCheck(d.path, p.version),
		client.OpDelete(d.readyPath(), client.AnyVersion))
	return overtaken(err)
}

// overtaken takes errors away that only say that one has to look again.
func overtaken(err error) error {
	for _, of := range []error{
		client.ErrBadVersion, client.ErrNoNode, client.ErrNodeExists, client.ErrConnectionLoss,
	} {
		if errors.Is(err, of) {
			return nil
		}
	}
	return err
}

// leave lets the first one by name wait for all others, and the others for the first one, so that
// each departure wakes one member until the last.
func (d *Double) leave(ctx context.Context, h *recipes.Held, round []string) error {
	own := hold.Name(h.Path())
	inside, stop := hold.Until(ctx, h)
	defer stop()
	for wait := inside; ; {
		p, err := d.look(wait)
		if err != nil {
			return hold.Lost(errors.Join(err, context.Cause(wait)))
		}
		p.round = round
		others := slices.DeleteFunc(p.present(), func(name string) bool { return name == own })
		switch {
		case wait == ctx && len(others) == 0:
			return nil
		case len(others) == 0:
			return d.lastLeaves(ctx, h)
		case wait == inside && own < others[0]:
			err = hold.Gone(wait, d.client, hold.Join(d.path, others[len(others)-1]))
		case wait == inside:
			if err = h.Err(); err == nil {
				err = h.Release(ctx)
			}
			wait = ctx
		default:
			err = hold.Gone(wait, d.client, hold.Join(d.path, others[0]))
		}
		if err != nil {
			return err
		}
	}
}

// lastLeaves ends the phase in the moment in which its last member leaves.
func (d *Double) lastLeaves(ctx context.Context, h *recipes.Held) error {
	err := hold.Finish(ctx, h, client.OpDelete(d.readyPath(), client.AnyVersion))
	if errors.Is(err, client.ErrNoNode) { // kazoo deletes it first
		return h.Release(ctx)
	}
	return hold.Lost(err)
}

func (d *Double) readyPath() string { return hold.Join(d.path, readyName) }
