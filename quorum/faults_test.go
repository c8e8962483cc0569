package quorum_test

import (
	"flag"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"quoll/internal/sim/pipe"
	"quoll/jute"
)

// storm is a run with faults, then a run without, in which everything must come right.
type storm struct {
	*cluster
	over bool // no faults any more
}

// drawn makes the cluster of a seed.
func drawn(seed uint64) *storm {
	s := &storm{}
	c := newCluster(seed, pipe.Rules{}, 1, 0) // only for its chance
	rules := pipe.Rules{
		ShortReads: c.Chance(2), Unheard: c.Chance(3), Refuse: c.Chance(3),
	}
	voters := []int{1, 3, 3, 3, 5}[c.Rand.IntN(5)]
	s.cluster = newCluster(seed, rules, voters, c.Rand.IntN(3))
	s.zab.ForceSnapshotSync = c.Chance(5)
	s.zab.CommitLogCount = 1 + c.Rand.IntN(30)
	if c.Chance(6) {
		s.zab.InitialZxid = math.MaxUint32 - c.Between(20, 200)
	}
	return s
}

// blow plans faults, and what clients do meanwhile.
func (s *storm) blow() {
	s.After(s.Between(10*ms, 1000*ms), func() {
		if !s.over {
			s.fault()
			s.blow()
		}
	})
}

func (s *storm) clients() {
	s.After(s.Between(ms, 60*ms), func() {
		if s.over {
			return
		}
		n := s.nodes[s.Rand.IntN(len(s.nodes))]
		for range 1 + s.Rand.IntN(4) {
			s.write(n)
		}
		if n.alive && s.Chance(5) {
			n.sync()
			n.revalidate()
		}
		s.clients()
	})
}

// fault does something bad to somebody, for a while.
func (s *storm) fault() {
	n := s.nodes[s.Rand.IntN(len(s.nodes))]
	other := s.nodes[s.Rand.IntN(len(s.nodes))]
	if l := s.leader(); l != nil && s.Chance(2) {
		n = l
	}
	while := s.Between(20*ms, 2500*ms)
	kind := s.Rand.IntN(10)
	s.Counts.Add("fault", fmt.Sprint(kind))
	switch kind {
	case 0, 1:
		s.crashed(n, while)
	case 2:
		for _, n := range s.nodes { // the power fails
			s.crashed(n, while+s.Between(0, 500*ms))
		}
	case 3:
		s.apart([]jute.PeerID{n.id}, while)
	case 4:
		var some []jute.PeerID
		for _, n := range s.nodes {
			if s.Chance(2) {
				some = append(some, n.id)
			}
		}
		s.apart(some, while)
	case 5:
		from, to := address(n.id, 0).Addr(), address(other.id, 0).Addr()
		s.say("nothing comes from %d to %d", n.id, other.id)
		s.net.Block(from, to)
		s.After(while, func() { s.net.Unblock(from, to) })
	case 6:
		if n.alive && (n.quorum.Break(s.Rand.IntN(3)) || n.votes.Break(s.Rand.IntN(3))) {
			s.say("a connection of %d breaks", n.id)
		}
	case 7:
		s.say("the disk of %d stands still", n.id)
		n.stalls = true
		s.After(while/4, func() { s.goOn(n) })
	case 8:
		n.snapshot()
	case 9:
		s.say("%d stands still", n.id)
		n.stands = true
		s.After(while, func() { s.goOn(n) })
	}
}

// goOn ends that a disk or a process stands still.
func (s *storm) goOn(n *node) {
	n.stalls, n.stands = false, false
	if n.alive {
		n.flush()
		n.goOn()
	}
}

func (s *storm) crashed(n *node, while int64) {
	if !n.alive {
		return
	}
	n.crash()
	s.After(while, func() {
		if !n.alive {
			n.start()
		}
	})
}

// apart cuts some servers off from all others.
func (s *storm) apart(some []jute.PeerID, while int64) {
	s.say("%v are cut off", some)
	change := func(blocked bool) {
		in := map[jute.PeerID]bool{}
		for _, id := range some {
			in[id] = true
		}
		for _, a := range s.nodes {
			for _, b := range s.nodes {
				if in[a.id] && !in[b.id] {
					s.cut(a.id, b.id, blocked)
				}
			}
		}
	}
	change(true)
	s.After(while, func() { change(false) })
}

// heal ends all faults, and everybody runs.
func (s *storm) heal() {
	s.say("no more faults")
	s.over = true
	s.net.Heal()
	for _, n := range s.nodes {
		s.goOn(n)
		if !n.alive {
			n.start()
		}
	}
}

// wait fails the run unless something holds in time.
func (s *storm) wait(d time.Duration, what string, holds func() bool) {
	if len(s.Broken) == 0 && !s.until(d, holds) && len(s.Broken) == 0 {
		s.Violate("not within %v: %s", d, what)
	}
}

// run is the whole run of a seed.
func (s *storm) run(length time.Duration) {
	s.start()
	s.blow()
	s.clients()
	s.cluster.run(length)
	s.heal()
	s.cluster.run(2 * s.zab.SyncLimit) // what is half open ends
	s.wait(7*time.Second, "all serve", s.serve)
	for epoch := int64(0); len(s.Broken) == 0 && epoch != s.leader().chain.epoch; {
		epoch = s.leader().chain.epoch
		s.atLast()
		// What was written to an epoch that was used up is lost with it.
		s.wait(3*time.Second, "all serve after a roll-over", s.serve)
	}
}

// atLast writes at each server, which is to arrive everywhere.
func (s *storm) atLast() {
	epoch, want := s.leader().chain.epoch, len(s.oracle.committed)+len(s.nodes)
	for _, n := range s.nodes {
		s.write(n)
		n.sync()
	}
	s.wait(3*time.Second, "all have what was written at the end", func() bool {
		for _, n := range s.nodes {
			if n.chain.syncs > 0 {
				return false
			}
		}
		rolled := s.leader() != nil && s.leader().chain.epoch != epoch
		return rolled || s.equal() && len(s.oracle.committed) >= want
	})
}

var (
	seeds = flag.Uint64("quorum.seeds", 30, "how many seeds TestFaults runs")
	from  = flag.Uint64("quorum.from", 0, "the first of them")
	tell  = flag.Bool("quorum.tell", false, "print what happens")
)

// storming is how long faults last.
const storming = 15 * time.Second

// TestFaults runs storms. Some are run twice, and must be the same.
func TestFaults(t *testing.T) {
	total := drawn(0).Counts
	committed := 0
	for seed := *from; seed < *from+*seeds; seed++ {
		s := drawn(seed)
		if *tell {
			s.log = os.Stdout
		}
		s.run(storming)
		require.Empty(t, s.Broken, "seed %d\n%s", seed, s.standing())
		if seed%20 == 0 {
			again := drawn(seed)
			again.run(storming)
			require.Equal(t, s.Trace, again.Trace, "seed %d is not the same twice", seed)
		}
		total.Merge(s.Counts)
		committed += len(s.oracle.committed)
	}
	t.Logf("%d transactions", committed)
	total.Print(testWriter{t})
	for _, kind := range []string{"DIFF", "TRUNC", "SNAP", "INFORM"} {
		if *seeds < 30 {
			break // too few to reach everything
		}
		require.Positive(t, total.Get("packet", kind), kind)
	}
}

// TestSeedsThatFoundSomething plays again what was wrong once:
//
//	3      a dial that had worked stood for the next one, which was never made
//	21877  both followers waited for a reign that could not stand without one of them
func TestSeedsThatFoundSomething(t *testing.T) {
	for _, seed := range []uint64{3, 21877} {
		s := drawn(seed)
		s.run(storming)
		require.Empty(t, s.Broken, "seed %d\n%s", seed, s.standing())
	}
}

type testWriter struct{ t *testing.T }

func (w testWriter) Write(p []byte) (int, error) {
	w.t.Log(strings.TrimSuffix(string(p), "\n"))
	return len(p), nil
}

// standing is how everybody stands.
func (c *cluster) standing() string {
	out := fmt.Sprintf("%d committed\n", len(c.oracle.committed))
	for _, n := range c.nodes {
		out += fmt.Sprintf("%d: alive %v, tree %d of %s, disk %s, serves %v, %+v, %v\n", n.id, n.alive,
			len(n.chain.tree), zname(last(n.chain.tree)), zname(n.disk.last()),
			n.chain.serves, n.peer.Status(), n.ended)
	}
	return out
}
