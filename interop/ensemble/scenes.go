package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"quoll/interop/ensemble/members"
)

// play is one round on a stage.
type play func(ctx context.Context, s *stage) error

// scene is an ensemble, and the rounds that are played on it one after the other.
type scene struct {
	name       string
	mixture    string
	weightless int   // the id of a voter without weight; 0: none
	tap        bool  // packets go through taps
	spent      spent // epochs begin near the end of their zxids
	wedged     bool  // nothing is committed at the end
	reports    bool  // what is lost is said and not counted
	plays      []play
}

// Rounds as values.

func joins(leader, joiner int, m mode) play {
	return func(ctx context.Context, s *stage) error { return s.join(ctx, leader, joiner, m) }
}

func storms(id int, longest time.Duration) play {
	return func(ctx context.Context, s *stage) error { return s.storm(ctx, id, 8, longest) }
}

func packets(id int, empty bool) play {
	return func(ctx context.Context, s *stage) error { return s.atMoments(ctx, id, empty) }
}

// reported plays rounds in which one of Apache's servers is killed while it joins. It may lose
// acknowledged writes there (ZOOKEEPER-4643, -4646): that is said, with the logs that have them,
// and is no failure of the run. The ensemble ends with it.
func reported(p play) play {
	return func(ctx context.Context, s *stage) error {
		if err := p(ctx, s); err != nil {
			s.say("reported, not counted: %v", err)
		}
		return nil
	}
}

func needs(leader, id int) play {
	return func(ctx context.Context, s *stage) error { return s.needed(ctx, leader, id) }
}

func killsLeader(leader int) play {
	return func(ctx context.Context, s *stage) error {
		if err := s.lead(ctx, leader); err != nil {
			return err
		}
		return s.kill(ctx, leader)
	}
}

func leadsAlone(leader int) play {
	return func(ctx context.Context, s *stage) error {
		if err := s.lead(ctx, leader); err != nil {
			return err
		}
		return s.alone(ctx, leader)
	}
}

func standsStill(leader int, d time.Duration) play {
	return func(ctx context.Context, s *stage) error {
		if err := s.lead(ctx, leader); err != nil {
			return err
		}
		return s.stands(ctx, leader, d)
	}
}

func unreadablesUnder(leader, through int) play {
	return func(ctx context.Context, s *stage) error {
		if err := s.lead(ctx, leader); err != nil {
			return err
		}
		return s.unreadables(ctx, through)
	}
}

// joining is how long one of our servers may take from its start to its first reply, about.
const joining = 600 * time.Millisecond

// shortScenes are the part of make interop.
func shortScenes() []scene {
	return []scene{
		{name: "our observer", mixture: "aaaQ", plays: []play{
			joins(3, 4, diffLog), joins(3, 4, snapshot), storms(4, joining),
		}},
		{name: "one of ours with two of Apache's", mixture: "qaa", plays: []play{
			needs(3, 1), joins(3, 1, truncate), joins(3, 1, snapshot),
			unreadablesUnder(3, 1), killsLeader(3),
			joins(1, 3, diffLog), joins(1, 3, truncate), joins(1, 3, snapshot), killsLeader(1),
		}},
		{name: "two of ours with one of Apache's", mixture: "qqa", plays: []play{
			joins(3, 1, diffLog), joins(1, 3, diffMemory), joins(1, 2, truncate), leadsAlone(1),
		}},
	}
}

// allScenes are the 30 rounds of make interop-ensemble.
func allScenes() []scene {
	return []scene{
		{name: "our observer", mixture: "aaaQ", plays: []play{
			joins(3, 4, diffMemory), joins(3, 4, diffLog), joins(3, 4, snapshot),
			storms(4, joining),
		}},
		{name: "ours votes without weight", mixture: "qaa", weightless: 1, plays: []play{
			joins(3, 1, diffLog), joins(3, 1, snapshot), storms(1, joining),
		}},
		{name: "one of ours with two of Apache's", mixture: "qaa", plays: []play{
			needs(3, 1), joins(3, 1, diffMemory), joins(3, 1, diffLog), joins(3, 1, truncate),
			joins(3, 1, snapshot), unreadablesUnder(3, 1), killsLeader(3), storms(1, joining),
			joins(1, 3, diffMemory), joins(1, 3, diffLog), joins(1, 3, truncate),
			joins(1, 3, snapshot), unreadablesUnder(1, 3), killsLeader(1),
			standsStill(1, 4*time.Second),
		}},
		{name: "Apache's observer under ours", mixture: "qqaA", plays: []play{
			joins(1, 4, diffMemory), joins(1, 4, diffLog), joins(1, 4, snapshot),
			killsLeader(1),
		}},
		{name: "Apache's is killed while it joins ours", mixture: "qqa", tap: true, reports: true,
			plays: []play{
				func(ctx context.Context, s *stage) error { return s.lead(ctx, 1) },
				reported(packets(3, false)), reported(packets(3, true)),
			}},
		{name: "zxids that run out", mixture: "qaa", spent: apacheSpent, plays: []play{
			func(ctx context.Context, s *stage) error { return s.rollsOver(ctx) },
		}},
		{name: "zxids that run out under ours", mixture: "aqq", spent: quollSpent, plays: []play{
			func(ctx context.Context, s *stage) error { return s.rollsOver(ctx) },
		}},
		{name: "two of ours with one of Apache's", mixture: "qqa", plays: []play{
			joins(3, 1, diffLog), joins(3, 1, tailThenWrites), killsLeader(3),
			joins(1, 3, tailThenWrites), joins(1, 2, truncate), joins(1, 2, snapshot),
			storms(2, joining), killsLeader(1), leadsAlone(1), leadsAlone(3),
		}},
	}
}

// perform plays scenes, each on an ensemble of its own.
func perform(ctx context.Context, s settings, all []scene) error {
	begun := time.Now()
	rounds := 0
	for i, sc := range all {
		fmt.Printf("\n%s: %s\n", sc.mixture, sc.name)
		st, err := newStage(ctx, s, sc, filepath.Join(s.dir, fmt.Sprintf("%d-%s", i, sc.mixture)))
		if err != nil {
			return err
		}
		err = st.playAll(ctx, sc)
		rounds += st.rounds
		st.close()
		if err != nil {
			return fmt.Errorf("%s: %w", sc.mixture, err)
		}
		if !s.keep {
			if err := os.RemoveAll(st.dir); err != nil {
				return err
			}
		}
	}
	fmt.Printf("\nensemble: %d rounds in %.0f s: 0 acknowledged writes lost, 0 sessions lost, "+
		"0 watch events missed, no read went back, the trees and digests are equal\n",
		rounds, time.Since(begun).Seconds())
	return nil
}

func (s *stage) playAll(ctx context.Context, sc scene) error {
	if _, err := s.up(ctx, s.All()...); err != nil {
		return err
	}
	for _, p := range sc.plays {
		if err := p(ctx, s); err != nil {
			return err
		}
	}
	if sc.wedged || sc.reports {
		return nil
	}
	return s.onDisk(ctx)
}

// given is the scene of the flags: rounds of kills, joins, or the wedge.
func given(s settings) scene {
	sc := scene{name: "as given", mixture: cmp.Or(s.mixture, "aaa")}
	switch s.what {
	case "joins":
		for _, pair := range [][2]int{{3, 1}, {1, 3}} {
			for m := diffMemory; m <= snapshot; m++ {
				sc.plays = append(sc.plays, joins(pair[0], pair[1], m))
			}
		}
	case "wedge":
		sc.wedged = true
		sc.plays = append(sc.plays, func(ctx context.Context, s *stage) error {
			return s.wedge(ctx)
		})
	case "storm":
		for i, letter := range s.mixture {
			if strings.ContainsRune("qQ", letter) {
				sc.plays = append(sc.plays, storms(i+1, joining))
			}
		}
	case "rollover":
		sc.spent = apacheSpent
		if strings.HasSuffix(sc.mixture, "q") {
			sc.spent = quollSpent
		}
		for range s.rounds {
			sc.plays = append(sc.plays, func(ctx context.Context, s *stage) error {
				return s.rollsOver(ctx)
			})
		}
	case "chaos":
		for range s.rounds {
			sc.plays = append(sc.plays, func(ctx context.Context, s *stage) error {
				return s.chaos(ctx)
			})
		}
	case "packets":
		sc.tap = true
		id := strings.IndexAny(sc.mixture, "qQ") + 1
		sc.plays = append(sc.plays, packets(max(id, 1), false), packets(max(id, 1), true))
	default:
		sc.plays = append(sc.plays, func(ctx context.Context, st *stage) error {
			return st.kills(ctx, s.rounds)
		})
	}
	return sc
}

// specs are those of a scene's members.
func (sc scene) specs() ([]members.Spec, error) {
	all, err := members.ParseSpecs(sc.mixture)
	if err == nil && sc.weightless > 0 {
		all[sc.weightless-1].Weightless = true
	}
	for i := range all {
		if sc.spent != 0 {
			all[i].Props = sc.spent.props()
		}
	}
	return all, err
}
