package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"quoll/interop/ensemble/hostile"
)

// Bounds of an attack.
const (
	attackFor  = 3 * time.Second
	moreRSS    = 96 << 20 // bytes above what the member took before
	moreOpen   = 40       // descriptors above those it had before, when the attack is over
	closeAfter = 30 * time.Second
)

// attacked are rounds in which one of our members is attacked on its ports while clients work: the
// ensemble goes on to commit, the member's memory stays bounded, and its descriptors come back.
func (s *stage) attacked(ctx context.Context, victim int, only string) error {
	for _, a := range hostile.Attacks() {
		if !strings.Contains(a.Name, only) {
			continue
		}
		if a.Leader {
			if err := s.lead(ctx, victim); err != nil {
				return err
			}
		}
		err := s.round(ctx, fmt.Sprintf("member %v attacked: %s", s.Member(victim), a.Name),
			func(ctx context.Context) error { return s.attack(ctx, victim, a) })
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *stage) attack(ctx context.Context, victim int, a hostile.Attack) error {
	m, peer := s.Member(victim), s.Member(victim%len(s.Members)+1)
	t := hostile.Target{
		Election: fmt.Sprintf("127.0.0.1:%d", m.Election), ID: int64(m.ID),
		Quorum: fmt.Sprintf("127.0.0.1:%d", m.Quorum), Peer: int64(peer.ID),
	}
	pid := s.Pid(victim)
	rss, open := memory(pid), descriptors(pid)
	attacking, cancel := context.WithTimeout(ctx, attackFor)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- a.Do(attacking, t, s.random) }()
	most := rss
	err := s.Wait(ctx, "the attack", func(context.Context) bool {
		most = max(most, memory(pid))
		return attacking.Err() != nil
	})
	if err := errors.Join(err, <-ended, s.load.More(ctx, commits)); err != nil {
		return err
	}
	s.say("RSS %d MiB, at most %d MiB", rss>>20, most>>20)
	if most > rss+moreRSS {
		return fmt.Errorf("member %d took %d MiB more", victim, (most-rss)>>20)
	}
	closing, cancel := context.WithTimeout(ctx, closeAfter)
	defer cancel()
	return s.Wait(closing, "descriptors", func(context.Context) bool {
		return descriptors(pid) <= open+moreOpen
	})
}

// electionAttacked is a round in which strangers vote at every member while a leader is killed.
func (s *stage) electionAttacked(ctx context.Context) error {
	leader := s.Leader(ctx)
	name := fmt.Sprintf("kill -9 of member %v while strangers vote", s.Member(leader))
	return s.round(ctx, name, func(ctx context.Context) error {
		attacking, cancel := context.WithCancel(ctx)
		defer cancel()
		var all sync.WaitGroup
		for _, m := range s.Members {
			t := hostile.Target{Election: fmt.Sprintf("127.0.0.1:%d", m.Election)}
			random := rand.New(rand.NewPCG(s.random.Uint64(), 0))
			all.Go(func() { _ = hostile.StrangeVotes().Do(attacking, t, random) })
		}
		s.Kill(leader)
		err := s.load.More(ctx, commits)
		if err == nil {
			_, err = s.up(ctx, leader)
		}
		cancel()
		all.Wait()
		return err
	})
}

// memory is the RSS of a process in bytes.
func memory(pid int) int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	fields := bytes.Fields(text)
	if err != nil || len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.Atoi(string(fields[1]))
	return pages * os.Getpagesize()
}

func descriptors(pid int) int {
	all, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		return 0
	}
	return len(all)
}

// attackScenes are all attacks on a follower and on a leader.
func attackScenes(mixture, only string) []scene {
	return []scene{{name: "attacks", mixture: cmp.Or(mixture, "qqq"), plays: []play{
		func(ctx context.Context, s *stage) error { return s.attacked(ctx, 1, only) },
		func(ctx context.Context, s *stage) error { return s.misled(ctx, 1, only) },
		func(ctx context.Context, s *stage) error { return s.electionAttacked(ctx) },
		func(ctx context.Context, s *stage) error { return s.kill(ctx, s.Leader(ctx)) },
	}}}
}
