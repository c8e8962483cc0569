package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"quoll/interop/bench/bigtree"
	"quoll/interop/bench/measure"
	"quoll/interop/ensemble/members"
)

// The targets of a SNAP to a joiner.
const (
	keptShare   = 0.80 // of what the others write beside an equal hog
	treesOfRSS  = 2.3  // the joiner's memory, in the memory of a member with the tree
	leaderGrows = 64 << 20
	tick        = 2 * time.Second

	settles = 10 * time.Second // between a load and a look at the memory
	hogs    = 8 * time.Second  // how long the hog runs
)

// join measures what it costs the others of an ensemble of three that one is sent the whole tree.
// The joiner runs with the priority of the idle, as the hog that it is compared with: a loop with
// the same priority beside the two others, while the third is down.
//
//	round   hog   load 10x16 set ------------------- sets/s
//	        join  load 10x16 set -- joiner starts, empty ---- SNAP ---- serves   sets/s
func join(ctx context.Context, s settings, dir string) (missed bool, err error) {
	b, err := newJoinBench(ctx, s, dir)
	if err != nil {
		return false, err
	}
	defer b.e.Close()
	for round := range s.rounds {
		if err := b.e.Stop(b.joiner); err != nil {
			return false, err
		}
		if err := b.e.Empty(b.joiner); err != nil {
			return false, err
		}
		hogged, err := b.hog(ctx)
		if err != nil {
			return false, fmt.Errorf("beside the hog: %w", err)
		}
		joined, err := b.join(ctx)
		if err != nil {
			return false, fmt.Errorf("beside the joiner: %w", err)
		}
		b.kept = append(b.kept, joined.perSecond()/hogged.perSecond())
		fmt.Printf("round %d: hog %.0f sets/s; %.1f s until the joiner served, %.0f sets/s, "+
			"longest set %v\n", round+1, hogged.perSecond(), joined.took.Seconds(),
			joined.perSecond(), joined.latency.Max().Round(time.Millisecond))
	}
	return b.verdict(), nil
}

// joinBench is an ensemble with a big tree, and what was measured of it.
type joinBench struct {
	e              *members.Ensemble
	leader, joiner int
	others         *contender
	tree           int64 // RSS of the leader with the tree, before the load

	kept       []float64 // of each round, see keptShare
	longest    time.Duration
	joinerPeak int64
	leaderGrew int64
}

func newJoinBench(ctx context.Context, s settings, dir string) (*joinBench, error) {
	e, leader, err := startEnsemble(ctx, dir, "qqq", s.quoll)
	if err != nil {
		return nil, err
	}
	followers := e.IDs(func(m *members.Member) bool { return m.ID != leader })
	b := &joinBench{e: e, leader: leader, joiner: followers[1]}
	b.others = &contender{name: "quoll", writers: e.Addrs(followers[0], leader)}
	for _, id := range []int{followers[0], leader} {
		b.others.processes = append(b.others.processes, measure.Process(e.Pid(id)))
	}
	if err = bigtree.Grow(ctx, e.Addrs(leader)[0], s.snap); err == nil {
		err = plant(ctx, e.Addrs(leader)[0])
	}
	if err != nil {
		e.Close()
		return nil, err
	}
	time.Sleep(settles)
	if b.tree, err = measure.Process(e.Pid(leader)).RSS(); err != nil {
		e.Close()
		return nil, err
	}
	return b, nil
}

func (b *joinBench) hog(ctx context.Context) (*result, error) {
	ctx, cancel := context.WithTimeout(ctx, hogs)
	defer cancel()
	loop := exec.CommandContext(ctx, "chrt", "-i", "0", "sh", "-c", "while :; do :; done")
	if err := loop.Start(); err != nil {
		return nil, err
	}
	r, err := b.load(func(time.Duration) bool { return ctx.Err() != nil })
	_ = loop.Wait() // it was killed
	return r, err
}

// join starts the joiner, and loads the others until it serves.
func (b *joinBench) join(ctx context.Context) (*result, error) {
	leader := measure.Process(b.e.Pid(b.leader))
	before, err := leader.RSS()
	if err != nil {
		return nil, err
	}
	if err := b.e.Start(b.joiner); err != nil {
		return nil, err
	}
	pid := b.e.Pid(b.joiner)
	idle := exec.CommandContext(ctx, "chrt", "-a", "-i", "-p", "0", strconv.Itoa(pid))
	if out, err := idle.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w: %s", err, out)
	}
	leaders, joiners := measure.WatchPeak(leader), measure.WatchPeak(measure.Process(pid))
	var serves atomic.Bool
	var failed error
	var waits sync.WaitGroup
	waits.Go(func() {
		_, failed = b.e.WaitServing(ctx, b.joiner)
		serves.Store(true)
	})
	r, err := b.load(func(time.Duration) bool { return serves.Load() })
	waits.Wait()
	b.leaderGrew = max(b.leaderGrew, leaders.Stop()-before)
	b.joinerPeak = max(b.joinerPeak, joiners.Stop())
	if err == nil {
		err = failed
	}
	if err != nil {
		return nil, err
	}
	if err := b.sentSnap(); err != nil {
		return nil, err
	}
	b.longest = max(b.longest, r.latency.Max())
	return r, nil
}

// sentSnap returns an error if the leader did not send the last joiner a SNAP. The joiner says the
// same of itself, but as it runs when nobody else wants to, it may serve somebody before.
func (b *joinBench) sentSnap() error {
	said, err := os.ReadFile(b.e.Member(b.leader).LogFile)
	if err != nil {
		return err
	}
	joined := bytes.LastIndex(said, []byte("a learner has joined"))
	if joined < bytes.LastIndex(said, []byte("a learner is gone")) ||
		!bytes.Contains(said[joined:], []byte("SNAP")) {
		return errors.New("the joiner was not sent a SNAP")
	}
	return nil
}

// load sets nodes by the members that are not the joiner.
func (b *joinBench) load(over func(time.Duration) bool) (*result, error) {
	return cell{kind: set, conns: 10, depth: 16}.runUntil(context.Background(), b.others, over)
}

// verdict prints the figures beside their targets.
func (b *joinBench) verdict() (missed bool) {
	say := func(ok bool, format string, args ...any) {
		mark := "PASS"
		if !ok {
			mark, missed = "FAIL", true
		}
		fmt.Printf("  %s %s\n", mark, fmt.Sprintf(format, args...))
	}
	slices.Sort(b.kept)
	kept := b.kept[len(b.kept)/2]
	say(kept >= keptShare, "the others wrote %.2f of what they do beside a hog (%.2f to %.2f), "+
		"target >= %.2f", kept, b.kept[0], b.kept[len(b.kept)-1], keptShare)
	say(b.longest <= tick, "the longest set took %v, target <= %v",
		b.longest.Round(time.Millisecond), tick)
	say(float64(b.joinerPeak) <= treesOfRSS*float64(b.tree),
		"the joiner's memory was at most %d MiB, %.2f times that of the leader with the tree "+
			"(%d MiB), target <= %.1f", b.joinerPeak>>20, float64(b.joinerPeak)/float64(b.tree),
		b.tree>>20, treesOfRSS)
	say(b.leaderGrew <= leaderGrows, "the leader's memory grew by at most %d MiB, target <= %d",
		b.leaderGrew>>20, leaderGrows>>20)
	return missed
}
