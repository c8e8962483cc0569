package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"
)

// workBefore and workAfter are how long clients work before and after a fault.
const (
	workBefore = 1500 * time.Millisecond
	workAfter  = 1500 * time.Millisecond
	commits    = 100 // writes that must be acknowledged after a fault, before the next one
)

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

// kills are rounds in which the leader and the others in turn are killed under load.
func (s *stage) kills(ctx context.Context, rounds int) error {
	for round := range rounds {
		victim := s.Leader(ctx)
		if round%2 == 1 {
			others := s.IDs(func(m *member) bool { return m.ID != victim })
			victim = others[s.random.IntN(len(others))]
		}
		if err := s.kill(ctx, victim); err != nil {
			return err
		}
	}
	return nil
}

// kill is a round in which a member is killed, the others commit, and it is started again.
func (s *stage) kill(ctx context.Context, id int) error {
	name := fmt.Sprintf("kill -9 of member %v, which is the %s", s.Member(id),
		s.Status(ctx, id).Mode)
	return s.round(ctx, name, func(ctx context.Context) error {
		s.Kill(id)
		if err := s.load.More(ctx, commits); err != nil {
			return err
		}
		if _, err := s.up(ctx, id); err != nil {
			return err
		}
		return s.load.More(ctx, commits)
	})
}

// storm is a round in which a member is killed again and again, at any moment of its joining.
func (s *stage) storm(ctx context.Context, id, times int, longest time.Duration) error {
	name := fmt.Sprintf("kill -9 of member %v, %d times while it joins", s.Member(id), times)
	return s.round(ctx, name, func(ctx context.Context) error {
		for i := range times {
			s.Kill(id)
			if err := s.Start(id); err != nil {
				return err
			}
			// Equal steps, so that every part of the way is met.
			lives := longest * time.Duration(i+1) / time.Duration(times)
			if err := s.load.For(ctx, lives); err != nil {
				return err
			}
		}
		s.Kill(id)
		if err := s.load.More(ctx, commits); err != nil {
			return err
		}
		if _, err := s.up(ctx, id); err != nil {
			return err
		}
		return s.load.More(ctx, commits)
	})
}

// needed is a round in which a member's acknowledgements are needed: the other follower is down.
func (s *stage) needed(ctx context.Context, leader, id int) error {
	if err := s.lead(ctx, leader); err != nil {
		return err
	}
	name := fmt.Sprintf("nothing is committed without member %v under member %v", s.Member(id),
		s.Member(leader))
	return s.round(ctx, name, func(ctx context.Context) error {
		third := s.third(leader, id)
		s.Kill(third)
		if err := s.load.More(ctx, 5*commits); err != nil {
			return err
		}
		_, err := s.up(ctx, third)
		return err
	})
}

// stands is a round in which a member stands still for a while.
func (s *stage) stands(ctx context.Context, id int, d time.Duration) error {
	name := fmt.Sprintf("member %v, which is the %s, stands still for %v", s.Member(id),
		s.Status(ctx, id).Mode, d)
	return s.round(ctx, name, func(ctx context.Context) error {
		if err := s.Pause(id); err != nil {
			return err
		}
		if err := s.load.For(ctx, d); err != nil {
			return err
		}
		if err := s.Continue(id); err != nil {
			return err
		}
		if err := s.load.More(ctx, commits); err != nil {
			return err
		}
		_, err := s.WaitServing(ctx, s.All()...)
		return err
	})
}

// alone is a round in which a leader's followers stand still, so that nothing may be acknowledged,
// and then all are killed. The others come back first, and the old leader joins them.
func (s *stage) alone(ctx context.Context, leader int) error {
	name := fmt.Sprintf("member %v leads alone, then all are killed", s.Member(leader))
	return s.round(ctx, name, func(ctx context.Context) error {
		others := s.IDs(func(m *member) bool { return m.ID != leader && !m.Observer })
		for _, id := range others {
			if err := s.Pause(id); err != nil {
				return err
			}
		}
		// What was acknowledged before may still be on its way to the clients.
		if err := s.load.For(ctx, 300*time.Millisecond); err != nil {
			return err
		}
		before := s.load.Acknowledged()
		if err := s.load.For(ctx, 700*time.Millisecond); err != nil {
			return err
		}
		if n := s.load.Acknowledged() - before; n > 0 {
			return fmt.Errorf("%d writes were acknowledged without a quorum", n)
		}
		s.Kill(s.Up()...)
		s.Kill(others...)
		if _, err := s.up(ctx, others...); err != nil {
			return err
		}
		if err := s.load.More(ctx, commits); err != nil {
			return err
		}
		var rest []int
		for _, id := range s.All() {
			if !s.Running(id) {
				rest = append(rest, id)
			}
		}
		if _, err := s.up(ctx, rest...); err != nil {
			return err
		}
		return s.load.More(ctx, commits)
	})
}

// perEpoch is how many transactions an epoch has in the rounds of rollsOver.
const perEpoch = 2000

// spent is the counter at which a leader ends its reign; 0: nobody comes to it.
type spent int64

// Apache's leader uses all zxids. Ours leaves some for the sessions that end meanwhile.
const (
	apacheSpent spent = math.MaxUint32
	quollSpent  spent = 0xff000000
)

// props let each epoch begin a little below. All members must have the same.
func (s spent) props() map[string]string {
	return map[string]string{"zookeeper.testingonly.initialZxid": fmt.Sprint(s - perEpoch)}
}

// rollsOver is a round in which the zxids of an epoch run out, several times.
func (s *stage) rollsOver(ctx context.Context) error {
	return s.round(ctx, "zxids run out", func(ctx context.Context) error {
		leader, err := s.WaitServing(ctx, s.All()...)
		if err != nil {
			return err
		}
		was := s.Status(ctx, leader).Zxid.Epoch()
		for range 3 {
			if err := s.load.More(ctx, perEpoch); err != nil {
				return err
			}
		}
		if leader, err = s.WaitServing(ctx, s.All()...); err != nil {
			return err
		}
		is := s.Status(ctx, leader).Zxid.Epoch()
		s.say("epoch %d, it was %d; member %v leads", is, was, s.Member(leader))
		if is < was+3 {
			return errors.New("no zxids ran out")
		}
		return nil
	})
}

// unreadables is a round of unreadable writes through a member.
func (s *stage) unreadables(ctx context.Context, through int) error {
	name := fmt.Sprintf("unreadable writes through member %v", s.Member(through))
	return s.round(ctx, name, func(ctx context.Context) error {
		return s.unreadableWrites(ctx, through)
	})
}
