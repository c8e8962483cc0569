package sim

import (
	"fmt"
	"math/rand/v2"
	"time"

	"quoll/internal/model"
	"quoll/internal/replica/logwriter"
	"quoll/internal/sim/requests"
	"quoll/internal/sim/world"
	"quoll/persistence"
	"quoll/processor/throttle"
)

// Constants of every run. Timeouts are so short that sessions expire within a run.
const (
	tickMillis     = 50
	intervalMillis = 12
	minTimeout     = 100
	maxTimeout     = 2000
)

// plan is what a seed decides before anything happens: every class of faults is off in half of the
// runs, and limits are hostile.
type plan struct {
	clients  int
	requests int   // in all, before the end begins
	lanes    int   // event loops
	millis   int64 // how long the faults go on
	model    model.Options
	enforce  []string
	eager    bool
	quota    bool
	limits   limits
	faults   faults
	store    store
	throttle throttle.Rules
	// closeTxn: a closeSession names the ephemerals that go with it.
	closeTxn   bool
	slowWalk   int64 // how many times longer a snapshot takes
	maxWatches int   // 0: no limit
	largeBytes int64
	// maxSessions is Sessions.MaxCount; 0: no limit.
	maxSessions int
	noDigest    bool
	words       bool // four-letter words are answered
	crowd       int  // children of one node, more than any other has
}

// store is how the data lies on disk.
type store struct {
	log     persistence.LogOptions
	gzip    bool
	twoDirs bool
	gather  logwriter.Gathering // flushDelay and what goes with it
	// noLastZxid: snapshots do not say how far their walk has seen.
	noLastZxid bool
}

// limits are the constants that servers leave large and simulations make small.
type limits struct {
	snapCount     int64
	snapBytes     int64 // snapSizeLimitInKb; 0: no limit
	applyBatch    int
	inFlight      int
	inFlightBytes int
	outputPause   int // pending output at which a connection is not read from
	outstanding   int64
	batchRequests int
	batchBytes    int
	bulkBytes     int // the size from which requests take turns
	maxFrame      int
	window        int // bytes that the network takes before its client reads
	receive       int // bytes that the kernel takes before the server reads
	// kernelTells: the server can ask when the last byte of a connection came.
	kernelTells      bool
	outputCap        int
	reapCheckMillis  int64
	reapMaxPerMinute int64
}

// faults says which classes can happen.
type faults struct {
	kill, power   bool // timed ends of the process
	crashFS       bool // in the middle of a call of the disk
	crashEffect   bool // between two effects
	diskErrors    bool
	slowFlush     bool
	pauses        bool
	drift         bool
	wallJumps     bool
	cuts          bool
	slowReaders   bool
	shortReads    bool
	refusedOpens  bool
	failSnapshots bool
	rot, orphans  bool // what becomes of files while the server is down
}

func drawPlan(rng *rand.Rand) plan {
	pick := func(values ...int64) int64 { return values[rng.IntN(len(values))] }
	coin := func() bool { return rng.IntN(2) == 0 }
	p := plan{
		clients:  1 + rng.IntN(5),
		requests: 60 + rng.IntN(600),
		lanes:    1 + rng.IntN(3),
		millis:   pick(1000, 2000, 4000),
		eager:    rng.IntN(8) == 0,
		quota:    rng.IntN(3) == 0,
	}
	p.store = store{gzip: rng.IntN(8) == 0, twoDirs: rng.IntN(4) == 0, noLastZxid: rng.IntN(6) == 0}
	p.model = model.Options{
		ExtendedTypes: rng.IntN(4) > 0, SuperDigest: model.DigestID([]byte(requests.SuperProof)),
		EnforceQuota: p.quota, Reconfig: rng.IntN(4) == 0,
		MaxMultiOps: int(pick(0, 0, 0, 3, 20)),
	}
	if rng.IntN(12) == 0 {
		p.enforce = []string{"digest"}
	}
	p.limits = limits{
		snapCount: pick(3, 3, 7, 50, 1000), applyBatch: int(pick(1, 2, 16)),
		inFlight: int(pick(1, 2, 5, 100)), inFlightBytes: int(pick(64, 1000, 1<<20)),
		outputPause: int(pick(200, 2000, 1<<20)), outstanding: pick(1, 4, 1000),
		batchRequests: int(pick(1, 3, 256)), batchBytes: int(pick(100, 2000, 64<<10)),
		maxFrame: int(pick(700, 4000)), window: int(pick(64, 512, 16<<10)),
		outputCap:       int(pick(2000, 1<<20)),
		reapCheckMillis: pick(100, 1000), reapMaxPerMinute: pick(0, 600, 10_000),
	}
	p.faults = faults{
		kill: coin(), power: coin(), crashFS: coin(), crashEffect: coin(), diskErrors: coin(),
		slowFlush: coin(), pauses: coin(), drift: coin(), wallJumps: coin(), cuts: coin(),
		slowReaders: coin(), shortReads: coin(), refusedOpens: coin(), failSnapshots: coin(),
		rot: coin(), orphans: coin(),
	}
	p.store.log = persistence.LogOptions{
		PreAllocBytes: pick(0, 512, 8192), ZeroAheadBytes: pick(0, 256, 4096),
		SizeLimitBytes: pick(0, 0, 700, 3000),
	}
	if rng.IntN(5) == 0 {
		p.throttle = throttle.Rules{
			MaxRequests: int(pick(1, 3)), DropStale: coin(), StaleConnectionCheck: coin(),
			StaleLatencyCheck: coin(), OpWaitMillis: pick(0, 1, 20),
		}
	}
	if p.closeTxn = rng.IntN(6) > 0; !p.closeTxn {
		// Without the paths a replay cannot know of an ephemeral that a fuzzy snapshot missed, and
		// its parent's pzxid stays behind; so it is in ZooKeeper.
		p.limits.snapCount = 1 << 40
	}
	p.odd(rng)
	if p.slowWalk = pick(1, 1, 5, 20); p.crowd > 0 {
		p.slowWalk = 1
	}
	if rng.IntN(8) == 0 {
		p.maxWatches = int(pick(1, 5, 20))
	}
	if rng.IntN(8) == 0 {
		p.largeBytes = pick(80, 200)
	}
	p.limits.bulkBytes = int(pick(60, 200, 64<<10))
	p.limits.receive, p.limits.kernelTells = int(pick(200, 2000, 1<<20)), coin()
	if coin() {
		p.store.log.Watermark = persistence.Lag
	}
	return p
}

// odd draws what few operators set.
func (p *plan) odd(rng *rand.Rand) {
	if rng.IntN(10) == 0 {
		p.maxSessions = p.clients + rng.IntN(2)
	}
	p.noDigest = rng.IntN(10) == 0
	if rng.IntN(6) == 0 {
		p.store.gather = logwriter.Gathering{
			Delay: time.Duration(1+rng.IntN(20)) * time.Millisecond,
			Poll:  time.Duration(1+rng.IntN(10)) * time.Millisecond,
			Most:  rng.IntN(3) * 5,
		}
	}
	p.words = rng.IntN(2) == 0
	if rng.IntN(10) == 0 { // no flush at all: the power must not fail
		p.store.log.NoSync = true
		p.faults.power = false
	}
	if rng.IntN(6) == 0 && p.closeTxn {
		p.limits.snapCount, p.limits.snapBytes = 1000, int64(1+rng.IntN(3))*700
	}
	if rng.IntN(25) == 0 {
		p.crowd = 1025 + rng.IntN(200)
		p.requests = min(p.requests, 150)
		p.model.MaxMultiOps, p.enforce = 0, nil
		p.limits.maxFrame, p.limits.outputCap, p.limits.window = 4000, 1<<20, 16<<10
	}
}

// count notes what is set.
func (p *plan) count(counts *world.Counts) {
	for _, s := range []struct {
		name string
		set  bool
	}{
		{"enableEagerACLCheck", p.eager},
		{"flushDelay", p.store.gather.Delay > 0},
		{"forceSync=no", p.store.log.NoSync},
		{"maxMultiOps", p.model.MaxMultiOps > 0},
		{"maxSessions", p.maxSessions > 0},
		{"no digest", p.noDigest},
		{"no last zxid in snapshots", p.store.noLastZxid},
		{"snapSizeLimit", p.limits.snapBytes > 0},
		{"two directories", p.store.twoDirs},
		{"four-letter words", p.words},
		{"a node of many children", p.crowd > 0},
	} {
		if s.set {
			counts.Add("setting", s.name)
		}
	}
}

// chunkNames is after how many names a listing gives the lock back.
func (p *plan) chunkNames() int {
	if p.crowd > 0 {
		return 100
	}
	return 2
}

func (p *plan) quotaLimit() string { return fmt.Sprintf(model.LimitText, 40, 6) }
