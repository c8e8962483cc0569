package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"quoll/client/wire"
	"quoll/interop/ensemble/load"
	"quoll/interop/ensemble/members"
	"quoll/jute"
)

// stage is one ensemble on which rounds are played.
type stage struct {
	*members.Ensemble
	settings settings
	dir      string
	random   *rand.Rand
	load     *load.Load // nil between rounds
	root     string     // of the load
	rounds   int
	begun    time.Time
	writes   int // of apart
}

func newStage(ctx context.Context, s settings, sc scene, dir string) (*stage, error) {
	specs, err := sc.specs()
	if err != nil {
		return nil, err
	}
	props := map[string]string{
		"zookeeper.commitLogCount":     fmt.Sprint(committedLog),
		"zookeeper.snapshotSizeFactor": "0", // no log is too long for a DIFF
	}
	e, err := members.New(ctx, members.Options{
		Dir: dir, Binary: s.quoll, Tap: s.tap || sc.tap, Props: props,
	}, specs)
	if err != nil {
		return nil, err
	}
	return &stage{Ensemble: e, settings: s, dir: dir, begun: time.Now(),
		random: rand.New(rand.NewPCG(s.seed, 0))}, nil
}

func (s *stage) close() {
	s.endLoad()
	s.Close()
}

// say reports what happens, with the time since the start.
func (s *stage) say(format string, args ...any) {
	fmt.Printf("%7.2fs  %s\n", time.Since(s.begun).Seconds(), fmt.Sprintf(format, args...))
}

// targets are all members, as clients see them.
func (s *stage) targets() (all []load.Target) {
	for _, m := range s.Members {
		ours := m.Kind == members.Quoll
		all = append(all, load.Target{ID: m.ID, Addr: m.Addr(), Exact: ours, Lags: !ours,
			RestartXids: ours || s.settings.kazoo})
	}
	return all
}

// startLoad sets clients to work on all members.
func (s *stage) startLoad(ctx context.Context) (err error) {
	s.rounds++
	s.root = fmt.Sprintf("/round-%d", s.rounds)
	s.load, err = load.Start(ctx, load.Options{
		Root: s.root, Targets: s.targets(), Writers: 3, Movers: 1, Watchers: 2, Sitters: 2,
		Leavers: 1,
		Seed:    s.settings.seed + uint64(s.rounds),
	})
	return err
}

func (s *stage) endLoad() {
	if s.load != nil {
		s.load.Close()
		s.load = nil
	}
}

// up starts members and waits until they serve.
func (s *stage) up(ctx context.Context, ids ...int) (leader int, err error) {
	if err := s.Start(ids...); err != nil {
		return 0, err
	}
	leader, err = s.WaitServing(ctx, ids...)
	if err == nil {
		s.say("members %v serve; %v leads", ids, s.Member(leader))
	}
	return leader, err
}

// apart makes nodes through one member, beside the load. Each try has a name of its own.
func (s *stage) apart(ctx context.Context, through, n int) error {
	ctx, cancel := members.Context(ctx)
	defer cancel()
	for n > 0 {
		c, err := wire.Dial(ctx, s.Member(through).Addr(), wire.Options{})
		if err != nil {
			if ctx.Err() != nil {
				return fmt.Errorf("writing through member %d: %w", through, err)
			}
			continue
		}
		n -= s.create(ctx, c, n)
		// An expired session would be a write at a time of its own.
		_ = c.Close(ctx)
	}
	return nil
}

// create makes up to n nodes and says how many were acknowledged.
func (s *stage) create(ctx context.Context, c *wire.Conn, n int) (made int) {
	var all []*wire.Future
	for range n {
		s.writes++
		all = append(all, c.Send(jute.OpCreate2, &jute.CreateRequest{
			Path: fmt.Appendf(nil, "/apart-%d", s.writes), ACL: wire.World()}))
	}
	for _, f := range all {
		if _, err := f.Into(ctx, nil); err == nil {
			made++
		}
	}
	return made
}

// lead makes a voter of three the leader: it and one other get writes that the third does not have,
// and then it stands for election with the third.
func (s *stage) lead(ctx context.Context, id int) error {
	if s.Leader(ctx) == id {
		return nil
	}
	var others []int
	for _, o := range s.Up() {
		if o != id && !s.Member(o).Observer {
			others = append(others, o)
		}
	}
	if len(others) != 2 {
		return fmt.Errorf("lead: %d other voters run", len(others))
	}
	with, third := others[0], others[1]
	s.Kill(third)
	if _, err := s.WaitServing(ctx, id, with); err != nil {
		return err
	}
	if err := s.apart(ctx, id, 3); err != nil {
		return err
	}
	s.Kill(with)
	if err := s.Start(third); err != nil {
		return err
	}
	leader, err := s.WaitServing(ctx, id, third)
	if err != nil {
		return err
	}
	if leader != id {
		return fmt.Errorf("lead: member %d leads, not %d", leader, id)
	}
	_, err = s.up(ctx, with)
	return err
}
