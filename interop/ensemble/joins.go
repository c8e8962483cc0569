package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"quoll/client/wire"
	"quoll/interop/ensemble/members"
	"quoll/jute"
)

// mode is how a member is brought up to date by its leader.
type mode int

// The modes.
const (
	diffMemory     mode = iota // from committedLog
	diffLog                    // from the transaction log
	truncate                   // an end that nobody else has is cut off
	tailThenWrites             // the same, when the leader has written meanwhile: SNAP or TRUNC
	snapshot                   // the member has an empty directory
)

func (m mode) String() string {
	return [...]string{"DIFF from memory", "DIFF from the log", "TRUNC",
		"an uncommitted end, and a leader that has written", "SNAP to an empty directory"}[m]
}

// committedLog is how many transactions a leader has in memory: the least that Apache allows.
const committedLog = 500

// join is a round in which joiner comes back to leader, in a certain way, while clients work.
func (s *stage) join(ctx context.Context, leader, joiner int, m mode) error {
	first := leader
	if m == truncate || m == tailThenWrites {
		first = joiner
	}
	if err := s.lead(ctx, first); err != nil {
		return err
	}
	name := fmt.Sprintf("%v joins member %v: %v", s.Member(joiner), s.Member(leader), m)
	return s.round(ctx, name, func(ctx context.Context) error {
		var err error
		switch m {
		case diffMemory:
			err = s.joinAfter(ctx, joiner, committedLog/10)
		case diffLog:
			err = s.joinAfter(ctx, joiner, committedLog+committedLog/2)
		case snapshot:
			s.Kill(joiner)
			if err = s.Empty(joiner); err == nil {
				_, err = s.up(ctx, joiner)
			}
		case truncate, tailThenWrites:
			err = s.joinWithTail(ctx, leader, joiner, m == tailThenWrites)
		}
		if err != nil {
			return err
		}
		if now := s.Leader(ctx); now != leader {
			return fmt.Errorf("member %d leads, not %d", now, leader)
		}
		if how := s.traced(leader, joiner); how != "" && !slices.Contains(m.wants(), how) {
			return fmt.Errorf("member %d joined by %s", joiner, how)
		}
		return s.load.More(ctx, commits)
	})
}

// joinAfter kills a member and starts it when it has missed some writes.
func (s *stage) joinAfter(ctx context.Context, id int, missed int64) error {
	s.Kill(id)
	if err := s.load.More(ctx, missed); err != nil {
		return err
	}
	_, err := s.up(ctx, id)
	return err
}

// joinWithTail gives the leader, which is to join afterwards, the end of a log that nobody else
// has. The third voter lags behind the next leader, so that the latter is elected.
func (s *stage) joinWithTail(ctx context.Context, leader, joiner int, writes bool) error {
	if err := s.load.Pause(ctx); err != nil {
		return err
	}
	third := s.third(leader, joiner)
	s.Kill(third)
	if err := s.apart(ctx, joiner, 3); err != nil {
		return err
	}
	if err := s.tail(ctx, joiner, leader); err != nil {
		return err
	}
	if err := s.Start(leader, third); err != nil {
		return err
	}
	now, err := s.WaitServing(ctx, leader, third)
	if err != nil {
		return err
	}
	if now != leader {
		return fmt.Errorf("member %d leads behind the uncommitted end, not %d", now, leader)
	}
	if writes {
		if err := s.apart(ctx, leader, 3); err != nil {
			return err
		}
	}
	if _, err := s.up(ctx, joiner); err != nil {
		return err
	}
	s.load.Resume()
	return nil
}

// third is the voter that is neither.
func (s *stage) third(a, b int) int {
	return s.IDs(func(m *member) bool { return m.ID != a && m.ID != b && !m.Observer })[0]
}

// tail kills the last follower of a leader, lets the leader log a write that nobody acknowledges,
// and kills it. A leader that steps down too soon has logged nothing; then both are tried again.
func (s *stage) tail(ctx context.Context, leader, follower int) error {
	for {
		path := fmt.Sprintf("/tail-%d", s.writes)
		s.writes++
		logged, err := s.logTail(ctx, leader, follower, path)
		if err != nil {
			return err
		}
		s.Kill(leader)
		if logged || s.Logged(leader, path) {
			return nil
		}
		s.say("the leader logged nothing; again")
		if _, err := s.up(ctx, leader, follower); err != nil {
			return err
		}
		if now := s.Leader(ctx); now != leader {
			return fmt.Errorf("member %d leads, not %d", now, leader)
		}
	}
}

func (s *stage) logTail(
	ctx context.Context, leader, follower int, path string,
) (logged bool, err error) {
	dialling, cancel := members.Context(ctx)
	defer cancel()
	c, err := wire.Dial(dialling, s.Member(leader).Addr(), wire.Options{Timeout: 40 * time.Second})
	if err != nil {
		return false, fmt.Errorf("tail: %w", err)
	}
	defer c.Abort()
	s.Kill(follower)
	var asked []*wire.Future
	for i := range 3 {
		asked = append(asked, c.Send(jute.OpCreate, &jute.CreateRequest{
			Path: fmt.Appendf(nil, "%s-%d", path, i), ACL: wire.World()}))
	}
	err = s.Wait(ctx, "the end of a log", func(context.Context) bool {
		logged = s.Logged(leader, path+"-2")
		return logged || c.Err() != nil
	})
	for _, f := range asked {
		select {
		case <-f.Done():
			if h, _, e := f.Wait(ctx); e == nil && h.Err == jute.OK {
				err = fmt.Errorf("a write that only member %d has was acknowledged", leader)
			}
		default:
		}
	}
	return logged, err
}
