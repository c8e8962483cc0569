package naming

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"quoll/client"
	"quoll/client/recipes"
	"quoll/client/recipes/internal/hold"
)

// slot is what is known of one number.
type slot struct {
	state   state
	version int32 // of its node, if it has one
	timeout time.Duration
}

// state is what has become of a number. Its node says whether it was released; whether it is held
// the ephemeral one beside it says.
type state uint8

const (
	unused   state = iota // it has no node
	released              // by who had it
	lost                  // who had it has lost its session
	held
)

const (
	slotPrefix = "id-"
	slotDigits = 10
	freeWord   = "free"
)

func slotName(id int) string { return fmt.Sprintf("%s%0*d", slotPrefix, slotDigits, id) }

// look reads the state of all numbers, with a watch that fires when somebody takes or frees one.
func look(
	ctx context.Context, c *client.Client, path string, max int,
) ([]slot, *client.Watch, error) {
	for {
		names, _, changed, err := c.ChildrenW(ctx, path)
		if errors.Is(err, client.ErrNoNode) {
			if err := hold.Parents(ctx, c, path, client.World()); err != nil {
				return nil, nil, err
			}
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		slots, err := read(ctx, c, path, states(names, max))
		if err != nil {
			_ = changed.Close()
			return nil, nil, err
		}
		return slots, changed, nil
	}
}

// states makes slots of a listing. Those that have a node and no holder are lost, until their node
// says that they are released.
func states(names []string, max int) []slot {
	slots := make([]slot, max)
	for _, name := range names {
		rest, ok := strings.CutPrefix(name, slotPrefix)
		if !ok || len(rest) < slotDigits {
			continue
		}
		id, err := strconv.Atoi(rest[:slotDigits])
		if err != nil || id < 0 || id >= max {
			continue
		}
		if len(rest) > slotDigits {
			slots[id].state = held
		} else if slots[id].state == unused {
			slots[id].state = lost
		}
	}
	return slots
}

// read asks the nodes of all numbers that nobody holds.
func read(ctx context.Context, c *client.Client, path string, slots []slot) ([]slot, error) {
	asked := make([]*client.Future[client.Node], len(slots))
	for id := range slots {
		if slots[id].state == lost {
			asked[id] = c.Async().Get(ctx, hold.Join(path, slotName(id)))
		}
	}
	for id, f := range asked {
		if f == nil {
			continue
		}
		node, err := f.Wait(ctx)
		if errors.Is(err, client.ErrNoNode) {
			slots[id].state = unused // deleted by hand
			continue
		}
		if err != nil {
			return nil, err
		}
		timeout, word, _ := strings.Cut(string(node.Data), " ")
		ms, err := strconv.ParseInt(timeout, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("%w: %q is no number of WorkerID", hold.ErrLayout, node.Data)
		}
		slots[id].version = node.Stat.Version
		slots[id].timeout = time.Duration(ms) * time.Millisecond
		if word == freeWord {
			slots[id].state = released
		}
	}
	return slots, nil
}

// take takes a number, if nothing has become of it since it was looked at. Its node counts who has
// had it, so what an older look has found out about it cannot be used on a newer holder.
func take(
	ctx context.Context, c *client.Client, path string, id int, s *slot,
) (*recipes.Held, error) {
	session, err := hold.Session(ctx, c)
	if err != nil {
		return nil, err
	}
	ms := strconv.FormatInt(session.Timeout().Milliseconds(), 10)
	name := slotName(id)
	node := hold.Join(path, name)
	spec := hold.Spec{
		Client: c, Dir: path, Fixed: true, Prefix: name + "-" + hold.UUID(), ACL: client.World(),
		Logger: hold.Apply(nil).Logger,
		Beside: []client.Op{client.OpSet(node, []byte(ms), s.version)},
		Behind: []client.Op{client.OpSet(node, []byte(ms+" "+freeWord), s.version+1)},
	}
	if s.state == unused {
		spec.Beside[0] = client.OpCreate(node, []byte(ms))
		spec.Behind[0] = client.OpSet(node, []byte(ms+" "+freeWord), 0)
	}
	return hold.Make(ctx, &spec)
}
