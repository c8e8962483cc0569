package main

import (
	"context"
	"fmt"
	"time"
)

// workBefore and workAfter are how long clients work before and after a fault.
const (
	workBefore = 1500 * time.Millisecond
	workAfter  = 1500 * time.Millisecond
	commits    = 100 // writes that must be acknowledged after a fault, before the next one
)

// kills are rounds in which the leader and followers in turn are killed under load.
func (s *stage) kills(ctx context.Context, rounds int) error {
	if _, err := s.up(ctx, s.All()...); err != nil {
		return err
	}
	for round := range rounds {
		leader := s.Leader(ctx)
		victim := leader
		if round%2 == 1 {
			followers := s.IDs(func(m *member) bool { return m.ID != leader })
			victim = followers[s.random.IntN(len(followers))]
		}
		err := s.round(ctx, fmt.Sprintf("kill -9 of member %v under load", s.Member(victim)),
			func(ctx context.Context) error { return s.killed(ctx, victim) })
		if err != nil {
			return err
		}
	}
	return nil
}

// killed kills a member, sees the others commit, and starts it again.
func (s *stage) killed(ctx context.Context, id int) error {
	s.Kill(id)
	if err := s.load.More(ctx, commits); err != nil {
		return err
	}
	if _, err := s.up(ctx, id); err != nil {
		return err
	}
	return s.load.More(ctx, commits)
}

// round plays one round: a load, what happens to it, and the verdict.
func (s *stage) round(ctx context.Context, name string, play func(context.Context) error) error {
	s.say("== round: %s", name)
	if err := s.startLoad(ctx); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	err := s.load.For(ctx, workBefore)
	if err == nil {
		err = play(ctx)
	}
	if err == nil {
		err = s.load.For(ctx, workAfter)
	}
	if err == nil {
		err = s.verify(ctx)
	}
	s.endLoad()
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// joins are rounds in which members join each leader in each way.
func (s *stage) joins(ctx context.Context) error {
	if _, err := s.up(ctx, s.All()...); err != nil {
		return err
	}
	for _, pair := range [][2]int{{3, 1}, {1, 3}} {
		for m := diffMemory; m <= snapshot; m++ {
			if err := s.join(ctx, pair[0], pair[1], m); err != nil {
				return err
			}
		}
	}
	return nil
}
