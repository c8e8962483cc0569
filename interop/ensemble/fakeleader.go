package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"quoll/interop/ensemble/hostile"
	"quoll/interop/voter"
	"quoll/jute"
	"quoll/quorum/config"
	"quoll/quorum/election"
)

// misledFor is how long a member has a leader that serves it nonsense. The leader's epoch is above
// the real one by aboveAll.
const (
	misledFor = 8 * time.Second
	aboveAll  = 16
)

// misled are rounds in which one of our members is alone with two that only vote, and the one that
// they elect serves nonsense: the member's memory stays bounded, it does not end, and afterwards it
// is a member as before.
func (s *stage) misled(ctx context.Context, victim int, only string) error {
	for i := range hostile.Nonsense(0) {
		n := hostile.Nonsense(s.Status(ctx, victim).Zxid.Epoch() + aboveAll)[i]
		if !strings.Contains("leader: "+n.Name, only) {
			continue
		}
		err := s.round(ctx, fmt.Sprintf("a leader that sends %s", n.Name),
			func(ctx context.Context) error { return s.mislead(ctx, victim, n) })
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *stage) mislead(ctx context.Context, victim int, n hostile.Told) error {
	if err := s.load.Pause(ctx); err != nil {
		return err
	}
	others := s.IDs(func(m *member) bool { return m.ID != victim })
	s.Kill(others...)
	served := make(chan int, len(others))
	serving, cancel := context.WithTimeout(ctx, misledFor)
	defer cancel()
	for _, id := range others { // one of them is elected
		at := fmt.Sprintf("127.0.0.1:%d", s.Member(id).Quorum)
		listener, err := net.Listen("tcp", at)
		if err != nil {
			return err
		}
		context.AfterFunc(serving, func() { listener.Close() })
		go func() { served <- hostile.Serve(serving, listener, n) }()
	}
	if err := s.vote(serving, others, n.Last); err != nil {
		return err
	}
	pid := s.Pid(victim)
	rss := memory(pid)
	most := rss
	err := s.Wait(ctx, "the nonsense", func(context.Context) bool {
		most = max(most, memory(pid))
		return serving.Err() != nil
	})
	if err != nil {
		return err
	}
	joined := 0
	for range others {
		joined += <-served
	}
	s.say("the member joined %d times; RSS %d MiB, at most %d MiB", joined, rss>>20, most>>20)
	if joined == 0 {
		return errors.New("the member never joined")
	}
	if most > rss+moreRSS+n.Takes {
		return fmt.Errorf("member %d took %d MiB more", victim, (most-rss)>>20)
	}
	if _, err := s.up(ctx, others...); err != nil {
		return err
	}
	if _, err := s.WaitServing(ctx, victim); err != nil {
		return err
	}
	s.load.Resume()
	return nil
}

// vote runs those who only vote until ctx ends. They claim a history that is newer than any.
func (s *stage) vote(ctx context.Context, ids []int, last jute.Zxid) error {
	var lines []string
	for _, m := range s.Members {
		lines = append(lines, fmt.Sprintf("server.%d=127.0.0.1:%d:%d:participant", m.ID, m.Quorum,
			m.Election))
	}
	all, err := config.ParseText(strings.Join(append(lines, "version=0"), "\n"), config.Rules{})
	if err != nil {
		return err
	}
	for _, id := range ids {
		v, err := voter.Start(jute.PeerID(id), all, election.Standing{Zxid: last,
			PeerEpoch: last.Epoch()})
		if err != nil {
			return err
		}
		go func() {
			for {
				select {
				case <-v.Elected():
				case <-ctx.Done():
					v.Stop()
					return
				}
			}
		}()
	}
	return nil
}
