package queue

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"quoll/client"
	"quoll/client/recipes/internal/hold"
)

// next offers items to try, in their order, until try has got one. It waits while there is none.
func (s *store) next(
	ctx context.Context, try func(ctx context.Context, e *entry) (got bool, err error),
) error {
	if err := s.o.check(); err != nil {
		return err
	}
	ctx, stop, err := hold.WithSession(ctx, s.client)
	if err != nil {
		return err
	}
	defer stop()
	if s.o.kind != byArrival {
		s.forget() // an item that is to come earlier may be there by now
	}
	for {
		for e, ok := s.pop(); ok; e, ok = s.pop() {
			if got, err := try(ctx, &e); got || err != nil {
				return s.cause(ctx, err)
			}
		}
		if err := s.list(ctx); err != nil {
			return s.cause(ctx, err)
		}
	}
}

// cause says with an error why ctx has ended, if that is why.
func (s *store) cause(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		err = fmt.Errorf("%w: %w", context.Cause(ctx), err)
	}
	return hold.Lost(err)
}

// pop is the next item that was listed.
func (s *store) pop() (e entry, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.listed) == 0 {
		return e, false
	}
	e, s.listed = s.listed[0], s.listed[1:]
	return e, true
}

func (s *store) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listed = nil
}

// list lists the items that can be had. If there are none it waits until that may have changed.
func (s *store) list(ctx context.Context) error {
	found, err := s.look(ctx, nil)
	if err != nil {
		return err
	}
	if len(found) == 0 {
		// Once more, with watches.
		w := &waiting{}
		defer w.close()
		if found, err = s.look(ctx, w); err != nil {
			return err
		}
		if len(found) == 0 {
			return w.wait(ctx)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listed = found
	return nil
}

// look lists the items that can be had, in their order. With w it sets watches for others.
func (s *store) look(ctx context.Context, w *waiting) ([]entry, error) {
	watch := w != nil
	dirs, more, err := s.dirs(ctx, watch)
	if err != nil {
		return nil, err
	}
	w.add(more)
	var all []entry
	for _, dir := range dirs {
		names, changed, err := s.children(ctx, dir, watch)
		if err != nil {
			return nil, err
		}
		w.add(changed)
		entries, err := s.entries(dir, names)
		if err != nil {
			return nil, err
		}
		all = append(all, entries...)
	}
	if s.o.kind == byTime {
		all = w.due(all, time.Now().UnixMilli())
	}
	if len(all) == 0 {
		return nil, nil
	}
	claims, freed, err := s.children(ctx, s.o.locks, watch)
	if err != nil {
		return nil, err
	}
	w.add(freed)
	claimed := make(map[string]bool, len(claims))
	for _, name := range claims {
		claimed[name] = true
	}
	all = slices.DeleteFunc(all, func(e entry) bool { return claimed[s.claim(&e)] })
	slices.SortStableFunc(all, before)
	return all, nil
}

// entries are the items among the children of a node.
func (s *store) entries(dir string, names []string) ([]entry, error) {
	list := make([]entry, 0, len(names))
	for _, name := range names {
		e, ok := s.o.parse(dir, name)
		if !ok {
			return nil, fmt.Errorf("%w: %q is no item of such a queue", hold.ErrLayout, name)
		}
		list = append(list, e)
	}
	return list, nil
}

// claim is the name of the node that claims an item.
func (s *store) claim(e *entry) string {
	if s.o.shards == 0 {
		return e.name
	}
	return e.dir[strings.LastIndexByte(e.dir, '/')+1:] + "-" + e.name
}

// waiting is what somebody waits for who has found nothing.
type waiting struct {
	watches []*client.Watch
	earlier time.Duration // until the first item can be had; 0 if there is none
}

func (w *waiting) add(watch *client.Watch) {
	if watch != nil {
		w.watches = append(w.watches, watch)
	}
}

// due takes those away that cannot be had yet, and notes when the first one can.
func (w *waiting) due(entries []entry, now int64) []entry {
	first := int64(0)
	entries = slices.DeleteFunc(entries, func(e entry) bool {
		if e.rank > now && (first == 0 || e.rank < first) {
			first = e.rank
		}
		return e.rank > now
	})
	if w != nil && first > 0 {
		w.earlier = time.Duration(first-now) * time.Millisecond
	}
	return entries
}

// wait waits for one of the watches, or for the time.
func (w *waiting) wait(ctx context.Context) error {
	either, stop := context.WithCancel(ctx)
	if w.earlier > 0 {
		either, stop = context.WithTimeout(ctx, w.earlier)
	}
	defer stop()
	var waiters sync.WaitGroup
	for _, watch := range w.watches {
		waiters.Go(func() {
			select {
			case <-watch.Fired():
				stop()
			case <-either.Done():
			}
		})
	}
	<-either.Done()
	waiters.Wait()
	return ctx.Err()
}

func (w *waiting) close() {
	for _, watch := range w.watches {
		_ = watch.Close()
	}
}
