package sim

import (
	"fmt"
	"math/rand/v2"
	"time"

	"quoll/internal/model"
	"quoll/internal/replica/logwriter"
	"quoll/internal/sim/node"
	"quoll/internal/sim/pipe"
	"quoll/internal/sim/requests"
	"quoll/internal/sim/world"
	"quoll/jute"
	"quoll/persistence"
	"quoll/processor/throttle"
)

// Timeouts are so short that sessions expire within a run.
const (
	minTimeout = 100
	maxTimeout = 2000
)

// plan is what a seed decides before anything happens: every class of faults is off in half of the
// runs, and limits are hostile.
type plan struct {
	nodes    int
	clients  int
	requests int   // in all, before the end begins
	millis   int64 // how long the faults go on
	server   node.Setting
	network  network
	quota    bool
	crowd    int  // children of one node, more than any other has
	cuts     bool // clients cut their connections
	slow     bool // clients do not read
	xidsAnew bool // some clients begin their xids anew on each connection
}

// network is what the network of a run does.
type network struct {
	pipe.Rules
	partitions bool
}

// draw makes the choices of a plan.
type draw struct{ *rand.Rand }

func (d draw) pick(values ...int64) int64 { return values[d.IntN(len(values))] }
func (d draw) coin() bool                 { return d.IntN(2) == 0 }
func (d draw) once(in int) bool           { return d.IntN(in) == 0 }

func drawPlan(rng *rand.Rand) plan {
	d := draw{rng}
	p := plan{nodes: 1, clients: 1 + d.IntN(5), requests: 60 + d.IntN(600)}
	s := &p.server
	s.Times = node.Times{
		TickMillis: 50, IntervalMillis: 12, MinTimeout: minTimeout, MaxTimeout: maxTimeout,
	}
	s.Lanes, s.Rest = 1+d.IntN(3), 1
	p.millis = d.pick(1000, 2000, 4000)
	s.Eager, p.quota = d.once(8), d.once(3)
	s.Store = node.Store{Gzip: d.once(8), TwoDirs: d.once(4), NoLastZxid: d.once(6)}
	s.Model = model.Options{
		ExtendedTypes: !d.once(4), SuperDigest: model.DigestID([]byte(requests.SuperProof)),
		EnforceQuota: p.quota, Reconfig: d.once(4),
		MaxMultiOps: int(d.pick(0, 0, 0, 3, 20)),
	}
	if d.once(12) {
		s.Enforce = []string{"digest"}
	}
	p.limits(d)
	p.faults(d)
	s.Store.Log = persistence.LogOptions{
		Growth: persistence.Growth{
			PreAllocBytes: d.pick(0, 512, 8192), ZeroAheadBytes: d.pick(0, 256, 4096),
		},
		SizeLimitBytes: d.pick(0, 0, 700, 3000),
	}
	if d.once(5) {
		s.Throttle = throttle.Rules{
			MaxRequests: int(d.pick(1, 3)), DropStale: d.coin(), StaleConnectionCheck: d.coin(),
			StaleLatencyCheck: d.coin(), OpWaitMillis: d.pick(0, 1, 20),
		}
	}
	if s.CloseTxn = !d.once(6); !s.CloseTxn {
		// Without the paths a replay cannot know of an ephemeral that a fuzzy snapshot missed, and
		// its parent's pzxid stays behind, as in ZooKeeper.
		s.Limits.SnapCount = 1 << 40
	}
	p.odd(d)
	if s.SlowWalk = d.pick(1, 1, 5, 20); p.crowd > 0 {
		s.SlowWalk = 1
	}
	if d.once(8) {
		s.MaxWatches = int(d.pick(1, 5, 20))
	}
	if d.once(8) {
		s.LargeBytes = d.pick(80, 200)
	}
	s.Limits.BulkBytes = int(d.pick(60, 200, 64<<10))
	s.Limits.Receive, s.Limits.KernelTells = int(d.pick(200, 2000, 1<<20)), d.coin()
	if d.coin() {
		s.Store.Log.Watermark = persistence.Lag
	}
	p.network.Break, p.network.OneWay = d.coin(), d.coin()
	if d.once(6) { // a server ends an epoch when this counter is reached
		s.Begin = jute.Zxid(d.pick(0, 0, 3)<<32 | 0xff000000 - d.pick(1, 20, 60, 150))
	}
	if s.ChunkNames = 2; p.crowd > 0 {
		s.ChunkNames = 100
	}
	return p
}

func (p *plan) limits(d draw) {
	l := &p.server.Limits
	l.SnapCount, l.ApplyBatch = d.pick(3, 3, 7, 50, 1000), int(d.pick(1, 2, 16))
	l.InFlight, l.InFlightBytes = int(d.pick(1, 2, 5, 100)), int(d.pick(64, 1000, 1<<20))
	l.OutputPause, l.Outstanding = int(d.pick(200, 2000, 1<<20)), d.pick(1, 4, 1000)
	l.BatchRequests, l.BatchBytes = int(d.pick(1, 3, 256)), int(d.pick(100, 2000, 64<<10))
	l.MaxFrame = int(d.pick(700, 4000))
	p.network.WindowBytes = int(d.pick(64, 512, 16<<10))
	l.OutputCap = int(d.pick(2000, 1<<20))
	l.ReapCheckMillis, l.ReapMaxPerMinute = d.pick(100, 1000), d.pick(0, 600, 10_000)
}

func (p *plan) faults(d draw) {
	f := &p.server.Faults
	f.Kill, f.Power, f.CrashFS, f.CrashEffect = d.coin(), d.coin(), d.coin(), d.coin()
	f.DiskErrors, f.SlowFlush, f.Pauses = d.coin(), d.coin(), d.coin()
	f.Drift, f.WallJumps = d.coin(), d.coin()
	p.cuts, p.slow = d.coin(), d.coin()
	f.ShortReads = d.coin()
	p.network.ShortReads = f.ShortReads
	p.network.Refuse = d.coin()
	f.FailSnapshots, f.Rot, f.Orphans = d.coin(), d.coin(), d.coin()
}

// odd draws settings that few operators use.
func (p *plan) odd(d draw) {
	s := &p.server
	if d.once(10) {
		s.MaxSessions = p.clients + d.IntN(2)
	}
	s.NoDigest = d.once(10)
	if d.once(6) {
		s.Store.Gather = logwriter.Gathering{
			Delay: time.Duration(1+d.IntN(20)) * time.Millisecond,
			Poll:  time.Duration(1+d.IntN(10)) * time.Millisecond,
			Most:  d.IntN(3) * 5,
		}
	}
	s.Words = d.coin()
	if d.once(10) { // no flush at all: the power must not fail
		s.Store.Log.NoSync = true
		s.Faults.Power = false
	}
	if d.once(6) && s.CloseTxn {
		s.Limits.SnapCount, s.Limits.SnapBytes = 1000, int64(1+d.IntN(3))*700
	}
	if d.once(25) {
		p.crowd = 1025 + d.IntN(200)
		p.requests = min(p.requests, 150)
		s.Model.MaxMultiOps, s.Enforce = 0, nil
		s.Limits.MaxFrame, s.Limits.OutputCap, p.network.WindowBytes = 4000, 1<<20, 16<<10
	}
}

// count counts the settings that are on.
func (p *plan) count(counts *world.Counts) {
	server := &p.server
	for _, s := range []struct {
		name string
		set  bool
	}{
		{"enableEagerACLCheck", server.Eager},
		{"flushDelay", server.Store.Gather.Delay > 0},
		{"forceSync=no", server.Store.Log.NoSync},
		{"maxMultiOps", server.Model.MaxMultiOps > 0},
		{"maxSessions", server.MaxSessions > 0},
		{"no digest", server.NoDigest},
		{"no last zxid in snapshots", server.Store.NoLastZxid},
		{"snapSizeLimit", server.Limits.SnapBytes > 0},
		{"two directories", server.Store.TwoDirs},
		{"four-letter words", server.Words},
		{"sync.quorum", p.quorumSync()},
		{"a node of many children", p.crowd > 0},
		{"an epoch that is nearly used up", server.Begin > 0 || p.front() > 0},
	} {
		if s.set {
			counts.Add("setting", s.name)
		}
	}
}

func (p *plan) quotaLimit() string { return fmt.Sprintf(model.LimitText, 40, 6) }
