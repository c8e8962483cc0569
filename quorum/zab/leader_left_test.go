package zab

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"quoll/jute"
)

// TestSyncAtALeaderThatWasLeft: most voters leave a leader that does not hear of it, and what they
// commit under another one is seen by its own clients no more. With sync.quorum it answers no sync
// then, and its learners none either; without, what a client reads behind its sync is stale, as in
// Apache.
func TestSyncAtALeaderThatWasLeft(t *testing.T) {
	for _, quorumSync := range []bool{false, true} {
		counts := map[string]int{}
		for seed := range uint64(60) {
			for name, n := range playLeft(t, seed, quorumSync).counts {
				counts[name] += n
			}
		}
		t.Log(counts)
		require.NotZero(t, counts["commits behind its back"])
		require.Equal(t, quorumSync, counts["stale sync"] == 0)
		require.Equal(t, quorumSync, counts["sync by a quorum"] > 0)
	}
}

func playLeft(t *testing.T, seed uint64, quorumSync bool) *sim {
	s := newSim(t, seed, 3, 2)
	if s.chance(50) {
		s = newSim(t, seed, 5, 1)
	}
	s.quorumSync, s.lean = quorumSync, true
	if *simTell {
		s.log = os.Stdout
	}
	for i := 1; i < len(s.nodes) && s.chance(30); i++ {
		s.nodes[len(s.nodes)-i].isApache = true // the first two can lead
	}
	old := s.nodes[0]
	old.lead()
	s.named = old
	for (s.counts["synced"] < 3 || !s.calm()) && !s.lost {
		if s.step(false); s.chance(3) && s.counts["synced"] < 3 {
			s.nodes[s.rand.IntN(len(s.nodes))].client()
		}
	}
	left := old.isLeft()
	for range 3000 {
		s.goesOn(old, left)
	}
	for _, p := range s.pipes {
		for i := range p.still {
			p.torn[i], p.still[i] = p.torn[i] || p.still[i], false
		}
	}
	s.named = s.nodes[1]
	s.calmsDown(40_000)
	return s
}

// isLeft lets a leader lose all voters that it can spare no more, and some more learners. It does
// not hear of that. Those who have left are returned; the second node is one of them.
func (n *simNode) isLeft() map[*simNode]bool {
	s, left := n.s, map[*simNode]bool{}
	for i, other := range s.nodes[1:] {
		if i < len(s.voters)/2+1 || s.chance(30) {
			left[other] = true
		}
	}
	for _, p := range s.pipes {
		if i := p.end(n); p.open[0] && p.open[1] && left[p.ends[1-i]] {
			p.items, p.torn[1-i], p.still[i] = [2][]any{}, true, true
		}
	}
	return left
}

// goesOn makes one thing happen while two servers lead.
func (s *sim) goesOn(old *simNode, left map[*simNode]bool) {
	n := s.nodes[s.rand.IntN(len(s.nodes))]
	switch k := s.rand.IntN(100); {
	case k < 60:
		s.move()
	case k < 75:
		n.flush(1 + s.rand.IntN(3))
	case k < 80:
		if len(n.jobs) > 0 {
			n.finish(s.rand.IntN(len(n.jobs)), false)
		}
	case k < 83:
		s.now += time.Duration(s.rand.IntN(5)) * time.Millisecond
		n.tick()
	case n.looks() && left[n]:
		if heir := s.nodes[1]; n == heir {
			n.lead()
		} else if heir.leader != nil {
			n.dial(heir)
		}
	case left[n] && s.texts < 60:
		had := len(s.committed)
		n.client()
		if old.leader != nil && s.nodes[1].served && had > len(old.tree.entries) {
			s.counts["commits behind its back"]++
		}
	case !left[n] && n.served:
		n.sync()
	}
}

// sync is a client that sends nothing but a sync.
func (n *simNode) sync() {
	asked := n.s.sync()
	switch {
	case n.leader != nil && !n.leader.Sync():
		n.shows(asked)
		return
	case n.learner != nil:
		n.learner.Sync()
	case n.apache != nil:
		n.apache.asks(jute.OpSync, 0)
	}
	n.asked = append(n.asked, asked)
	n.take(nil)
}
