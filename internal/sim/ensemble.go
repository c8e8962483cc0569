package sim

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"quoll/internal/sim/client"
	"quoll/internal/sim/nemesis"
	"quoll/internal/sim/node"
	"quoll/jute"
	"quoll/persistence"
	"quoll/quorum"
	"quoll/quorum/config"
	"quoll/quorum/ports"
)

// join makes an ensemble of a plan, if the seed draws one or the options ask for it.
func (p *plan) join(seed uint64, o Options) {
	d := draw{rand.New(rand.NewPCG(seed, 0x51ed270b0a1f3c55))}
	voters := o.Nodes
	if voters == 0 {
		voters = int(d.pick(1, 3, 3, 3, 3, 3, 5, 5, 7))
		if voters == 1 && d.coin() {
			return
		}
	} else if voters == 1 {
		return
	}
	observers := int(d.pick(0, 0, 0, 1, 2))
	p.nodes = voters + observers
	p.server.Peers = p.peers(d, voters)
	p.server.Model.Config = []byte(p.server.Peers.Members.String())
	p.soften(d)
	p.millis = d.pick(8000, 10_000, 12_000)
	p.server.Rest = d.pick(1, 2, 2, 4) * int64((voters+1)/2)
	p.clients, p.requests = 1+d.IntN(6), 100+d.IntN(400)
	p.network.partitions = !d.once(4)
	p.network.UnheardCall = d.coin()
	p.xidsAnew = d.coin()
	if d.once(6) { // epochs are soon used up
		p.spend(0xff000000 - d.pick(20, 60, 150))
	}
	// A REQUEST that waits behind a sync cannot be told from a later one of the same name.
	p.server.Peers.Zab.QuorumSync = d.coin() && !p.xidsAnew
}

// spend makes every epoch begin behind a counter.
func (p *plan) spend(front int64) {
	p.server.Peers.Zab.InitialZxid, p.server.Store.Log.Order.Begin = front, front
}

// front is the counter in front of an epoch's first one.
func (p *plan) front() uint32 {
	if p.server.Peers == nil {
		return 0
	}
	return uint32(p.server.Peers.Zab.InitialZxid)
}

// quorumSync says whether a sync asks a quorum. A server alone is one.
func (p *plan) quorumSync() bool {
	return p.server.Peers != nil && p.server.Peers.Zab.QuorumSync
}

// soften takes back what a member of an ensemble does not have, or has in another way.
func (p *plan) soften(d draw) {
	s := &p.server
	s.Begin, s.Faults.Orphans, s.MaxSessions, s.Model.Reconfig = 0, false, 0, false
	s.Store.Log.NoSync = false
	s.CloseTxn = true // a SNAP is fuzzy, too
	p.crowd, s.ChunkNames, s.Throttle.MaxRequests = 0, 2, 0
	p.network.WindowBytes = int(d.pick(512, 16<<10))
	s.Limits.SnapCount = d.pick(3, 7, 20, 50, 1000)
	s.Store.Log.PreAllocBytes = min(s.Store.Log.PreAllocBytes, 4096)
	if d.coin() {
		s.Store.Log.Watermark = persistence.Lag
	}
}

// peers draws the members, their limits and their times.
func (p *plan) peers(d draw, voters int) *node.Peers {
	lines := []string{"version=0"}
	for i := range p.nodes {
		role := "participant"
		if i >= voters {
			role = "observer"
		}
		lines = append(lines, fmt.Sprintf("server.%d=10.1.0.%d:%d:%d:%s;10.1.0.%d:%d", i+1, i+1,
			node.QuorumPort, node.ElectionPort, role, i+1, node.ClientPort))
	}
	members, err := config.ParseText(strings.Join(lines, "\n"), config.Rules{})
	if err != nil {
		panic(err)
	}
	tick := time.Duration(p.server.Times.TickMillis) * time.Millisecond
	limits := ports.Settings{
		InitLimit: time.Duration(d.pick(10, 20)) * tick,
		SyncLimit: time.Duration(d.pick(2, 4, 8)) * tick,
		MaxPacket: 1 << 20,
	}
	return &node.Peers{
		Members: members, Ports: limits, TickMillis: 10,
		Zab: quorum.Zab{
			Text: []byte(members.String()), Tick: tick,
			InitLimit: limits.InitLimit, SyncLimit: limits.SyncLimit, MaxPacket: limits.MaxPacket,
			Window:             int(d.pick(300, 4000, 4<<20)),
			CommitLogCount:     int(d.pick(1, 3, 20, 500)),
			SnapshotSizeFactor: []float64{0.33, 5, 100}[d.IntN(3)],
			ForceSnapshotSync:  d.once(10),
		},
	}
}

// quorum says whether nodes, one bit each, can commit.
func (p *plan) quorum(nodes uint64) bool {
	if p.server.Peers == nil {
		return nodes&1 != 0
	}
	return p.server.Peers.Members.Quorum(func(id jute.PeerID) bool { return nodes>>(id-1)&1 != 0 })
}

// assembleNemesis makes what cuts the network between servers.
func (w *run) assembleNemesis() {
	c := nemesis.Config{World: w.World, Net: w.net, Leader: w.leads}
	for _, n := range w.nodes {
		c.Hosts = append(c.Hosts, n.Host())
	}
	w.nemesis = nemesis.New(c)
}

// leads is the place of a node that leads, -1 when none does.
func (w *run) leads() int {
	return slices.IndexFunc(w.nodes, func(n *node.Node) bool { return n.Up() && n.IsLeader() })
}

// coreMicros is how long a quorum may need to serve again when nothing is wrong any more.
const coreMicros = 10_000_000

// healCore ends the partitions. At times some servers stay cut off for a while: the others, a
// quorum, must serve without them.
func (w *run) healCore() {
	if w.plan.server.Peers == nil {
		return
	}
	var left []int
	out := uint64(0)
	if w.Chance(2) {
		for _, i := range w.Rand.Perm(len(w.nodes)) {
			if more := out | 1<<i; w.plan.quorum(^more) && !w.Chance(3) {
				out, left = more, append(left, i)
			}
		}
	}
	w.Note("healed but for %v", left)
	w.nemesis.Heal(left)
	core := func() bool {
		for i, n := range w.nodes {
			if out>>i&1 == 0 && !(n.Up() && n.Status().Stands) {
				return false
			}
		}
		return !slices.ContainsFunc(w.clients, func(c *client.Client) bool { return !c.Settled() })
	}
	w.waitFor("a quorum serves", coreMicros, core)
	if len(left) > 0 {
		w.Counts.Add("end", "a quorum serves without the rest")
	}
	w.nemesis.Join()
}
