package election

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"quoll/internal/sim/world"
	"quoll/jute"
	"quoll/quorum/config"
)

var (
	simSeeds = flag.Int("election.seeds", 300, "how many seeds of elections")
	simFrom  = flag.Uint64("election.from", 1, "the first of them")
	simTell  = flag.Bool("election.tell", false, "tell each, event by event")
)

// converges bounds the time from the last fault to a leader whom all follow.
const converges = 5000 * ms

// draw makes an ensemble: 1, 3, 5 or 7 voters, perhaps with weights and in groups, perhaps with
// observers.
func draw(seed uint64) *sim {
	rand := world.New(seed, nil).Rand
	voters := []int{1, 3, 3, 3, 5, 5, 7}[rand.IntN(7)]
	var sids []jute.PeerID
	for i := range voters {
		sids = append(sids, jute.PeerID(2*i+1))
	}
	lines := []string{"version=0"}
	for _, sid := range sids {
		lines = append(lines, fmt.Sprintf("server.%d=host%d:2888:3888", sid, sid))
	}
	switch {
	case voters == 7 && rand.IntN(2) == 0:
		lines = append(lines, "group.1=1:3:5", "group.2=7:9:11", "group.3=13")
	case voters > 1 && rand.IntN(4) == 0:
		lines = append(lines, "group.1="+strings.Trim(strings.ReplaceAll(fmt.Sprint(sids), " ", ":"), "[]"))
	}
	if len(lines) > voters+1 {
		for _, sid := range sids {
			weight := rand.IntN(3)
			if sid%6 == 1 {
				weight = 1 // 1, 7 and 13: each group has some
			}
			lines = append(lines, fmt.Sprintf("weight.%d=%d", sid, weight))
		}
	}
	ensemble, err := config.ParseText(strings.Join(lines, "\n"), config.Rules{})
	if err != nil {
		panic(err)
	}
	all := slices.Clone(sids)
	for i := range rand.IntN(3) {
		all = append(all, jute.PeerID(4*i+2))
	}
	slices.Sort(all)
	s := newSim(seed, ensemble, all)
	fastest := []int64{100, 100, 1000, 20_000}[s.Rand.IntN(4)]
	s.latency = func() int64 { return s.Between(fastest, 4*fastest) }
	s.slow, s.short = s.Chance(4), s.Chance(2)
	s.writes = s.Chance(2)
	for _, n := range s.nodes {
		n.standing = Standing{Zxid: jute.Zxid(1<<32 + s.Rand.Int64N(4)), PeerEpoch: 1}
		n.accepted = 1 + s.Rand.Int64N(2)
	}
	return s
}

// fault is one thing that goes wrong, or right again.
func (s *sim) fault() {
	n, o := s.nodes[s.Rand.IntN(len(s.nodes))], s.nodes[s.Rand.IntN(len(s.nodes))]
	name := ""
	switch s.Rand.IntN(12) {
	case 0:
		if n.alive {
			name = "kill"
			n.kill()
		}
	case 1:
		if n.alive {
			name = "crash"
			n.crash()
		}
	case 2, 3, 4:
		if !n.alive {
			name = "start"
			n.start()
		}
	case 5:
		name = "cut both ways"
		s.cuts[[2]jute.PeerID{n.sid, o.sid}] = true
		s.cuts[[2]jute.PeerID{o.sid, n.sid}] = true
	case 6:
		name = "cut one way"
		s.cuts[[2]jute.PeerID{n.sid, o.sid}] = true
	case 7, 8:
		name = "heal"
		delete(s.cuts, [2]jute.PeerID{n.sid, o.sid})
		delete(s.cuts, [2]jute.PeerID{o.sid, n.sid})
	case 9:
		if n.alive {
			name = "pause"
			n.paused = max(n.paused, s.Now+s.Between(10*ms, 2000*ms))
		}
	case 10:
		name = "an end is forgotten"
		if len(n.ends) > 0 && n.ends[0].open {
			n.ends[0].open, n.ends[0].out = false, nil
			n.event(n.life, LinkEvent{Kind: Closed, Link: n.ends[0].link})
		}
	case 11:
		if n.alive && o.alive && n != o {
			name = "a double dial"
			s.double(n, o)
		}
	}
	if name != "" {
		s.Counts.Add("fault", name)
		s.say("-- %s: %d, %d", name, n.sid, o.sid)
	}
}

// double dials a server in the name of another one, which knows nothing of it; as if it had dialled
// and forgotten. It says hello, perhaps something old or wild, and goes.
func (s *sim) double(from, to *node) {
	if s.isCut(from, to) || s.isCut(to, from) {
		return
	}
	here, there := from.connect(to)
	here.node, from.ends = &node{s: s, sid: from.sid, puppet: true}, from.ends[:len(from.ends)-1]
	to.event(to.life, LinkEvent{Kind: Accepted, Link: there.link})
	here.send(item{data: appendHello(nil, from.sid, ports(fmt.Sprintf("host%d:3888", from.sid))[0])})
	if casts := s.oracle.casts[from.sid]; len(casts) > 0 && s.Chance(2) {
		s.oracle.trusted = false
		old := casts[s.Rand.IntN(len(casts))]
		here.send(item{data: appendFrame(nil, &old)})
	}
	if s.Chance(3) {
		wild := make([]byte, 1+s.Rand.IntN(60))
		for i := range wild {
			wild[i] = byte(s.Rand.IntN(3) * s.Rand.IntN(128))
		}
		s.oracle.trusted = false
		here.send(item{data: wild})
	}
	here.close()
}

// play runs one seed: faults, then none, and everyone must follow one leader in time.
func play(s *sim) {
	for _, n := range s.nodes {
		if s.Chance(5) {
			continue
		}
		s.After(s.Rand.Int64N(300*ms), func() {
			if !n.alive {
				n.start()
			}
		})
	}
	end := s.Between(500*ms, 20_000*ms)
	pause := s.Between(20*ms, 2000*ms)
	for s.Now < end {
		s.RunUntil(s.Now+s.Rand.Int64N(pause)+1, nil)
		s.fault()
	}
	for _, n := range s.nodes {
		s.RunUntil(n.paused, nil)
	}
	s.say("-- no faults any more")
	clear(s.cuts)
	for _, n := range s.nodes {
		if !n.alive {
			n.start()
		}
	}
	healed := s.Now
	s.RunUntil(healed+converges, nil)
	leader, why := s.settledOn()
	if why != "" {
		s.Violate("%d ms after the last fault %s", converges/ms, why)
		return
	}
	before := s.sent
	s.RunUntil(s.Now+2000*ms, nil)
	if now, why := s.settledOn(); now != leader {
		s.Violate("the leader changed without a fault: %s", why)
	}
	if s.sent > before {
		s.Violate("%d notifications although all is settled", s.sent-before)
	}
}

// TestElectionsFromSeeds: at most one leader an epoch, elected by a quorum; and a leader whom all
// follow within five seconds of the last fault.
func TestElectionsFromSeeds(t *testing.T) {
	counts := world.NewCounts()
	elected, reigns := 0, 0
	for i := range uint64(*simSeeds) {
		seed := *simFrom + i
		s := draw(seed)
		if *simTell {
			s.log = os.Stdout
		}
		play(s)
		for _, broken := range s.Broken {
			t.Errorf("seed %d: %s", seed, broken)
		}
		if i%100 == 0 {
			twin := draw(seed)
			play(twin)
			require.Equal(t, s.Trace, twin.Trace, "seed %d, played twice", seed)
		}
		counts.Merge(s.Counts)
		elected, reigns = elected+s.oracle.elects, reigns+s.oracle.reign
	}
	t.Logf("%d elected, %d reigns", elected, reigns)
	if testing.Verbose() {
		counts.Print(os.Stdout)
	}
	for _, name := range []string{"kill", "crash", "start", "cut both ways", "cut one way", "heal",
		"pause", "an end is forgotten", "a double dial"} {
		require.Positive(t, counts.Get("fault", name), name)
	}
}
