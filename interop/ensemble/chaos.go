package main

import (
	"context"
	"fmt"
	"time"

	"quoll/interop/ensemble/members"
)

// Times of a chaos.
const (
	chaosFor    = 20 * time.Second
	stepLongest = 1200 * time.Millisecond
)

// chaos is a round in which members go, come and stand still at moments of the dice, and a quorum
// may be gone for a while. Ours may be killed at any moment, also while they join; one of Apache's
// only when it leads, because it can lose acknowledged writes when it is killed while it joins.
func (s *stage) chaos(ctx context.Context) error {
	return s.round(ctx, fmt.Sprintf("chaos for %v", chaosFor), func(ctx context.Context) error {
		var done []string
		for until := time.Now().Add(chaosFor); time.Now().Before(until); {
			act, err := s.act(ctx)
			if err != nil {
				return fmt.Errorf("after %v: %w", done, err)
			}
			if act != "" {
				done = append(done, act)
			}
			d := time.Duration(s.random.Int64N(int64(stepLongest)))
			if err := s.load.For(ctx, d); err != nil {
				return err
			}
			if dead := s.Died(); len(dead) > 0 {
				return fmt.Errorf("after %v: %w: %v", done, members.ErrDied, dead)
			}
		}
		s.say("%v", done)
		for _, m := range s.Members {
			if m.Paused() {
				if err := s.Continue(m.ID); err != nil {
					return err
				}
			}
			if !s.Running(m.ID) {
				if err := s.Start(m.ID); err != nil {
					return err
				}
			}
		}
		if _, err := s.WaitServing(ctx, s.All()...); err != nil {
			return err
		}
		return s.load.More(ctx, commits)
	})
}

// act does one thing to a member, and says what.
func (s *stage) act(ctx context.Context) (string, error) {
	m := s.Members[s.random.IntN(len(s.Members))]
	dice := s.random.IntN(3)
	switch {
	case m.Paused():
		return fmt.Sprintf("go on %d", m.ID), s.Continue(m.ID)
	case !s.Running(m.ID):
		return fmt.Sprintf("start %d", m.ID), s.Start(m.ID)
	case m.Kind == members.Quoll && dice == 0:
		return fmt.Sprintf("pause %d", m.ID), s.Pause(m.ID)
	case m.Kind == members.Quoll && dice == 1 || s.Status(ctx, m.ID).Mode == members.ModeLeader:
		s.Kill(m.ID)
		return fmt.Sprintf("kill %d", m.ID), nil
	}
	return "", nil
}
