package partition

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"quoll/client"
	"quoll/client/recipes"
	"quoll/client/recipes/group"
	"quoll/client/recipes/internal/hold"
	"quoll/client/recipes/lock"
)

// patience is how long the end of a loop waits for its nodes to be deleted.
const patience = 50 * time.Millisecond

// share is what belongs to one loop. Only the goroutine of the loop touches the maps; the others
// tell it what has happened.
type share struct {
	ctx      context.Context // ends with the loop
	c        *client.Client
	path     string
	id       string
	items    []string // sorted
	strategy Strategy

	views  chan group.View
	won    chan Item
	lost   chan string // the name of an item
	failed chan error  // why it cannot go on; has room for one

	members []string
	wanted  map[string]bool
	has     map[string]Item   // what is held or was, until the loop has heard of the end
	told    map[string]bool   // what was in the latest Assignment
	waits   map[string]func() // ends the wait for an item
	running sync.WaitGroup
}

// run is the loop: it waits for one thing to happen, and does what follows from it.
func (s *share) run(yield func(Assignment, error) bool) error {
	for {
		select {
		case view := <-s.views:
			s.regroup(&view)
		case it := <-s.won:
			s.win(it)
		case <-s.lost:
		case err := <-s.failed:
			return err
		case <-s.ctx.Done():
			return s.ctx.Err()
		}
		if a, changed := s.assignment(); changed && !yield(a, nil) {
			return errEnough
		}
		s.release()
		s.acquire()
	}
}

// regroup finds out what is wanted when somebody has come or gone.
func (s *share) regroup(view *group.View) {
	s.members = nil
	for _, p := range view.Members {
		s.members = append(s.members, p.ID)
	}
	slices.Sort(s.members)
	s.wanted = map[string]bool{}
	if !slices.Contains(s.members, s.id) {
		return // until it has joined again
	}
	for item, owner := range s.strategy(s.items, s.members) {
		if owner == s.id && slices.Contains(s.items, item) {
			s.wanted[item] = true
		}
	}
	for item, end := range s.waits {
		if !s.wanted[item] {
			end()
			delete(s.waits, item)
		}
	}
}

// win takes an item whose lock this member has got.
func (s *share) win(it Item) {
	if s.waits[it.Name] == nil {
		s.running.Go(func() { hold.Leave(s.ctx, it.Held) }) // not wanted any more
		return
	}
	s.waits[it.Name]()
	delete(s.waits, it.Name)
	s.has[it.Name] = it
	s.running.Go(func() {
		select {
		case <-it.Lost():
			select {
			case s.lost <- it.Name:
			case <-s.ctx.Done():
			}
		case <-s.ctx.Done():
		}
	})
}

// keeps says that an item is held and wanted.
func (s *share) keeps(it Item) bool { return s.wanted[it.Name] && it.Err() == nil }

// assignment is what this member has now, and whether that is another thing than before.
func (s *share) assignment() (a Assignment, changed bool) {
	now := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(s.has)) {
		if it := s.has[name]; s.keeps(it) {
			now[name] = true
			a.Items = append(a.Items, it)
			if !s.told[name] {
				a.Granted = append(a.Granted, name)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.told)) {
		if !now[name] {
			a.Revoked = append(a.Revoked, name)
		}
	}
	a.Members = s.members
	s.told = now
	return a, len(a.Granted)+len(a.Revoked) > 0
}

// release gives back what is not in the latest assignment: the loop has asked for the next one.
func (s *share) release() {
	for name, it := range s.has {
		if !s.told[name] {
			delete(s.has, name)
			s.running.Go(func() { hold.Leave(s.ctx, it.Held) })
		}
	}
}

// acquire begins to wait for what is wanted.
func (s *share) acquire() {
	for item := range s.wanted {
		if _, ok := s.has[item]; ok || s.waits[item] != nil {
			continue
		}
		ctx, end := context.WithCancel(s.ctx)
		s.waits[item] = end
		s.running.Go(func() { s.wait(ctx, item) })
	}
}

// wait waits for the lock of an item, and tells the loop.
func (s *share) wait(ctx context.Context, item string) {
	path := hold.Join(hold.Join(s.path, "items"), item)
	m := lock.New(s.c, path, recipes.WithData([]byte(s.id)))
	for {
		h, err := m.Lock(ctx)
		if err == nil {
			select {
			case s.won <- Item{h, item}:
			case <-ctx.Done():
				hold.Leave(ctx, h)
			}
			return
		}
		if err = hold.Again(ctx, s.c, err); err != nil {
			if ctx.Err() == nil {
				s.fail(err)
			}
			return
		}
	}
}

func (s *share) fail(err error) {
	select {
	case s.failed <- err:
	default:
	}
}

// watch tells the loop of each change of the group.
func (s *share) watch() {
	for view, err := range group.Watch(s.ctx, s.c, hold.Join(s.path, "members")) {
		if err != nil {
			s.fail(err)
			return
		}
		select {
		case s.views <- view:
		case <-s.ctx.Done():
			return
		}
	}
}
