package sim

import (
	"io"
	"slices"

	"quoll/internal/sim/client"
	"quoll/internal/sim/history"
	"quoll/internal/sim/ledger"
	"quoll/internal/sim/nemesis"
	"quoll/internal/sim/pipe"
	"quoll/internal/sim/world"
	"quoll/jute"
)

// Result is the outcome of a seed.
type Result struct {
	Seed       uint64
	Violations []string
	Trace      uint64 // equal in every run of the seed
	Counts     *world.Counts
	Txns       int // in the log at the end
	Requests   int
	Lives      int // how often the server was started
	Faults     int // that happened
	Ticks      int // of virtual time
	History    *history.History
}

// quietMillis is how long the end may take: sessions that were left must expire within it.
const quietMillis = 20_000

// Options fix what a seed would draw.
type Options struct {
	// Nodes is how many servers vote; 0: the seed draws. 1 is a server alone.
	Nodes int
	// First ends a campaign with the first seed that fails.
	First bool
}

// Run plays one seed. It writes what happens to tell, which may be nil.
func Run(seed uint64, o Options, tell io.Writer) *Result {
	w := newRun(seed, o, tell)
	w.play()
	r := &Result{
		Seed: seed, Violations: w.Broken, Trace: uint64(w.Trace), Counts: w.Counts,
		Txns: w.logged(), Lives: w.nodes.lives(), History: &w.history,
	}
	r.Ticks = int(w.Now / 1000 / w.plan.server.Times.TickMillis)
	for _, class := range []string{
		"fault", "partition", "crash at", "crash before call", "crash after call", "failing call",
	} {
		r.Faults += w.Counts.Sum(class)
	}
	for _, c := range w.history.Conns {
		r.Requests += len(c.Sent)
	}
	if len(r.Violations) == 0 {
		w.outcome()
		for _, v := range history.Check(&w.history) {
			r.Violations = append(r.Violations, v.String())
		}
	}
	return r
}

// run is the play of one seed. Every choice comes from its world.
type run struct {
	*world.World
	plan    plan
	net     *pipe.Net
	nodes   cluster
	nemesis *nemesis.Nemesis // nil: there is one node

	clients []*client.Client
	setting *client.Setting
	history history.History
	tapes   map[int]*history.Tape    // of each link
	born    map[jute.SessionID]int32 // timeouts, ms, of the sessions that were ever created
	ledger  *ledger.Ledger
	rolled  int // at the end: the roll-overs that a bound has taken into account
}

func newRun(seed uint64, o Options, tell io.Writer) *run {
	w := &run{World: world.New(seed, tell)}
	w.plan = drawPlan(w.Rand)
	w.plan.join(seed, o)
	w.prepare()
	return w
}

// prepare makes what the plan asks for.
func (w *run) prepare() {
	w.tapes, w.born = map[int]*history.Tape{}, map[jute.SessionID]int32{}
	w.plan.count(w.Counts)
	w.net = pipe.New(w.World, w.plan.network.Rules)
	w.assemble()
	w.ledger = ledger.New(ledger.Config{
		Nodes: w.plan.nodes, Alone: w.plan.server.Peers == nil, Begin: w.plan.server.Begin,
		Quorum: w.plan.quorum, Front: w.plan.front(),
	})
	s := &w.plan.server
	w.setting = &client.Setting{
		World: w.World, Dial: w.dial,
		Ensemble: s.Peers != nil, Enforced: len(s.Enforce) > 0,
		Requests: w.plan.requests, MinTimeout: minTimeout,
		MaxFrame: s.Limits.MaxFrame, Crowd: w.plan.crowd,
		Cuts: w.plan.cuts, SlowReaders: w.plan.slow, XidsAnew: w.plan.xidsAnew,
	}
	if s.Words {
		w.setting.AskWord = w.askWord
	}
	if w.plan.quota {
		w.setting.QuotaLimit = w.plan.quotaLimit()
	}
	w.history = history.History{
		Begin:    s.Begin,
		Orphaned: map[jute.SessionID]bool{}, Lost: map[jute.SessionID]bool{},
		Rules: history.Rules{
			Options: s.Model, Enforce: s.Enforce, Eager: s.Eager,
			Throttled:  s.Throttle.MaxRequests > 0,
			DropsStale: s.Throttle.MaxRequests > 0 && s.Throttle.DropStale,
			MaxFrame:   s.Limits.MaxFrame, LargeBytes: int(s.LargeBytes), NoDigest: s.NoDigest,
			MaxSessions: s.MaxSessions, FewWatches: s.MaxWatches > 0,
			MinTimeout: minTimeout, MaxTimeout: maxTimeout,
			Ensemble: s.Peers != nil, Front: w.plan.front(), QuorumSync: w.plan.quorumSync(),
		},
	}
}

// play is the whole run: faults, then quiet, then the end.
func (w *run) play() {
	w.Note("plan %+v", w.plan)
	w.nodes.begin()
	for i := range w.plan.clients {
		c := client.New(w.setting, i)
		w.clients = append(w.clients, c)
		w.After(w.Between(0, 50_000), c.Connect)
	}
	if w.plan.quota {
		w.clients[0].SetUpQuota()
	}
	if w.plan.crowd > 0 {
		w.clients[0].SetUpCrowd()
	}
	w.nodes.plague()
	w.net.Plague()
	if w.plan.network.partitions {
		w.nemesis.Plague()
	}
	w.RunUntil(w.plan.millis*1000, nil)
	w.heal()
	if len(w.Broken) > 0 {
		return
	}
	w.end()
}

// heal ends all faults and waits until everything is answered and everyone is connected.
func (w *run) heal() {
	w.Note("no more faults")
	w.setting.Requests = 0
	w.plan.server.SlowWalk = 1 // initLimit may be too short for a SNAP that takes longer
	w.nodes.heal()
	w.net.Heal()
	for _, c := range w.clients {
		c.Quiet()
	}
	w.healCore()
	// Twice the longest timeout, for sessions that were left to expire.
	w.RunUntil(w.Now+2*maxTimeout*1000+1_000_000, nil)
	settled := func() bool {
		return w.nodes.quiet() &&
			!slices.ContainsFunc(w.clients, func(c *client.Client) bool { return !c.Settled() })
	}
	w.RunUntil(w.Now+quietMillis*1000, settled)
	if len(w.Broken) == 0 && !settled() {
		w.Violate("not everything is answered and connected %d ms after the last fault",
			quietMillis)
		for _, c := range w.clients {
			if !c.Settled() {
				w.Violate("%v", c)
			}
		}
	}
}
