package partition

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"quoll/client"
	"quoll/client/recipes"
	"quoll/client/recipes/group"
	"quoll/client/recipes/internal/hold"
)

// Item is an item that this member has. It is lost alone, or with the session.
type Item struct {
	*recipes.Held
	Name string
}

// Assignment is what this member has from now on.
type Assignment struct {
	Items   []Item   // in the order of their names
	Granted []string // in Items, and not in the assignment before
	Revoked []string // in the assignment before, and not in Items
	Members []string // who is there, as far as this member knows
}

// Join makes a member and tells its items, each time that they change. All members should know of
// the same items, and use the same strategy.
//
// Items that are revoked are given to another member when the loop asks for the next element: until
// then it stops to work with them. As long as it does not ask, nobody has them. A member that is
// gone is missed when its session has ended. An item that is lost (Item.Lost) is in Revoked too,
// but another member may have it already: writes need Item.Check.
//
// When the loop ends, all items are released and the membership too. Join goes on over lost
// connections and sessions. When ctx ends, or the client can have no session any more, the last
// element has the error.
func Join(
	ctx context.Context, c *client.Client, path, id string, items []string, strategy Strategy,
) iter.Seq2[Assignment, error] {
	return func(yield func(Assignment, error) bool) {
		items := slices.Clone(items)
		slices.Sort(items)
		err := check(items)
		if err == nil {
			err = join(ctx, c, path, id, items, strategy, yield)
		}
		if err != nil {
			yield(Assignment{}, hold.Wrap("partition", path, err))
		}
	}
}

func check(items []string) error {
	for i, item := range items {
		if item == "" || strings.Contains(item, "/") || i > 0 && item == items[i-1] {
			return fmt.Errorf("%w: item %q is not a name of a node, or is there twice",
				client.ErrBadArguments, item)
		}
	}
	return nil
}

// errEnough: the loop has ended.
var errEnough = errors.New("enough")

// join runs the loop. Its error says why it has not begun; how it has ended the loop has heard.
func join(
	ctx context.Context, c *client.Client, path, id string, items []string, strategy Strategy,
	yield func(Assignment, error) bool,
) error {
	m, err := group.Join(ctx, c, hold.Join(path, "members"), id, nil)
	for err != nil {
		if err = hold.Again(ctx, c, err); err != nil {
			return err
		}
		m, err = group.Join(ctx, c, hold.Join(path, "members"), id, nil)
	}
	inner, stop := context.WithCancel(ctx)
	s := &share{
		ctx: inner, c: c, path: path, id: id, items: items, strategy: strategy,
		views: make(chan group.View), won: make(chan Item), lost: make(chan string),
		failed: make(chan error, 1), has: map[string]Item{}, waits: map[string]func(){},
		told: map[string]bool{},
	}
	s.running.Go(s.watch)
	if err = s.run(yield); err != errEnough {
		// The loop hears of it before anybody else gets the items.
		a := Assignment{Revoked: slices.Sorted(maps.Keys(s.told)), Members: s.members}
		yield(a, hold.Wrap("partition", path, err))
	}
	stop()
	s.running.Wait()
	for _, it := range s.has {
		hold.Leave(ctx, it.Held)
	}
	leave, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	_ = m.Leave(leave) // goes on in the background
	return nil
}
