package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"quoll/interop/tap"
	"quoll/jute/ensemble"
)

// moment is a place in the talk between a learner and its leader.
type moment string

// The moments, in their order.
const (
	hello         moment = "the learner's first packet"
	leaderInfo    moment = "LEADERINFO"
	ackEpoch      moment = "ACKEPOCH"
	plan          moment = "DIFF, TRUNC or SNAP"
	syncProposal  moment = "a PROPOSAL in front of NEWLEADER"
	syncCommit    moment = "a COMMIT in front of NEWLEADER"
	newLeader     moment = "NEWLEADER"
	newLeaderAck  moment = "the ACK of NEWLEADER"
	upToDate      moment = "UPTODATE"
	upToDateAck   moment = "the ACK of UPTODATE"
	proposal      moment = "a PROPOSAL or INFORM"
	proposalAck   moment = "the ACK of a PROPOSAL"
	commit        moment = "a COMMIT"
	ping          moment = "a PING"
	pingAnswer    moment = "the answer to a PING"
	somethingElse moment = "another packet"
)

// moments are all that a member is killed at.
//
// read-only: a list.
var moments = []moment{hello, leaderInfo, ackEpoch, plan, syncProposal, syncCommit, newLeader,
	newLeaderAck, upToDate, upToDateAck, proposal, proposalAck, commit, ping, pingAnswer}

// talk tells where a connection is.
type talk struct {
	newLeader, upToDate bool
	acks                int
}

// next is the moment of the next packet.
func (t *talk) next(p tap.Packet) moment {
	switch p.Type {
	case ensemble.PacketFollowerInfo, ensemble.PacketObserverInfo:
		return hello
	case ensemble.PacketLeaderInfo:
		return leaderInfo
	case ensemble.PacketAckEpoch:
		return ackEpoch
	case ensemble.PacketDiff, ensemble.PacketTrunc, ensemble.PacketSnap:
		return plan
	case ensemble.PacketNewLeader:
		t.newLeader = true
		return newLeader
	case ensemble.PacketUpToDate:
		t.upToDate = true
		return upToDate
	case ensemble.PacketAck:
		t.acks++
		return []moment{newLeaderAck, upToDateAck, proposalAck}[min(t.acks, 3)-1]
	case ensemble.PacketPing:
		if p.ToLearner {
			return ping
		}
		return pingAnswer
	}
	return t.history(p)
}

// history is the moment of a transaction or its commit.
func (t *talk) history(p tap.Packet) moment {
	switch p.Type {
	case ensemble.PacketProposal, ensemble.PacketInform:
		if t.upToDate {
			return proposal
		}
		return syncProposal
	case ensemble.PacketCommit:
		if t.upToDate {
			return commit
		}
		return syncCommit
	}
	return somethingElse
}

// comesWithin bounds the wait for a moment, which not every talk has.
const comesWithin = 12 * time.Second

// atMoments is a round in which a member is killed at each moment of its joining, once each. With
// empty it has an empty directory each time.
func (s *stage) atMoments(ctx context.Context, id int, empty bool) error {
	name := fmt.Sprintf("kill -9 of member %v at each packet of its joining", s.Member(id))
	if empty {
		name += ", with an empty directory"
	}
	return s.round(ctx, name, func(ctx context.Context) error {
		for _, m := range moments {
			s.Kill(id)
			if err := s.load.More(ctx, commits/4); err != nil {
				return err
			}
			if empty {
				if err := s.Empty(id); err != nil {
					return err
				}
			}
			if err := s.atMoment(ctx, id, m); err != nil {
				return err
			}
		}
		if _, err := s.up(ctx, id); err != nil {
			return err
		}
		return s.load.More(ctx, commits)
	})
}

func (s *stage) atMoment(ctx context.Context, id int, at moment) error {
	var mu sync.Mutex
	talks := map[int]*talk{}
	reached := make(chan tap.Packet, 1)
	s.OnPacket(func(p tap.Packet) {
		if p.Learner != int64(id) {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		if talks[p.Conn] == nil {
			talks[p.Conn] = &talk{}
		}
		if talks[p.Conn].next(p) != at {
			return
		}
		select {
		case reached <- p:
			s.Signal9(id)
		default:
		}
	})
	defer s.OnPacket(nil)
	if err := s.Start(id); err != nil {
		return err
	}
	timer := time.NewTimer(comesWithin)
	defer timer.Stop()
	select {
	case p := <-reached:
		s.say("killed at %s: %v", at, p)
	case <-timer.C:
		s.say("%s did not come", at)
	case <-ctx.Done():
	}
	s.Kill(id)
	return ctx.Err()
}
