package server

import (
	"time"

	"go.uber.org/zap"

	"quoll/internal/replica"
	"quoll/internal/server/roles"
	"quoll/internal/server/stepper"
	"quoll/processor/lane"
	"quoll/quorum/effects"
	"quoll/quorum/election"
)

// core is what a step of the replica works with. It belongs to whoever steps (stepper.Stepper).
type core struct {
	*stepper.Stepper
	replica  *replica.Replica
	log      *logWriter
	snapshot func(*replica.SnapshotJob)
	serving  func(lane.Service)
	outside  outside      // nil: the server is alone, and its peer asks for nothing of this
	roles    *roles.Watch // what is said of the server's role; nil: it is alone
	logger   *zap.Logger
	calm     bool // few events come; of the present step
	// published is called with the replica after each tick; may be nil.
	published func(*replica.Replica)
	// stepping is called with the time of each step, before it; may be nil.
	stepping func(replica.Now)
}

// outside carries out what a peer wants of other servers, and its jobs (replica.Hands).
type outside interface {
	Links([]effects.LinkOp)
	Send(out []effects.Outgoing, calm bool)
	Votes(*election.LinkEffects)
	Job(effects.Job)
}

func newCore(c clock, logger *zap.Logger) *core {
	k := &core{logger: logger}
	k.Stepper = stepper.New(stepper.Config{Now: c.now, Step: k.step})
	return k
}

func (c *core) step(ev *replica.Events, calm bool) {
	c.calm = calm
	if c.stepping != nil {
		c.stepping(ev.Now)
	}
	effects := c.replica.Step(ev)
	effects.CarryOut(c)
	if ev.Tick && c.published != nil {
		c.published(c.replica)
	}
	if c.outside != nil && (ev.PeerTick || effects.Serving != nil) {
		c.roles.Look(c.replica.Status(), time.Now())
	}
}

// Serving implements replica.Hands.
func (c *core) Serving(now lane.Service) { c.serving(now) }

// Links implements replica.Hands.
func (c *core) Links(ops []effects.LinkOp) { c.outside.Links(ops) }

// Send implements replica.Hands.
func (c *core) Send(out []effects.Outgoing) { c.outside.Send(out, c.calm) }

// Votes implements replica.Hands.
func (c *core) Votes(votes *election.LinkEffects) { c.outside.Votes(votes) }

// Job implements replica.Hands.
func (c *core) Job(job effects.Job) { c.outside.Job(job) }

// Disk implements replica.Hands.
func (c *core) Disk(ops []replica.DiskOp) {
	if c.roles != nil {
		c.roles.Logs(ops)
	}
	c.log.put(ops)
}

// Snapshot implements replica.Hands.
func (c *core) Snapshot(job *replica.SnapshotJob) { c.snapshot(job) }

// Late implements replica.Hands.
func (c *core) Late(millis int64) {
	c.logger.Warn("the process stood still; session deadlines were extended",
		zap.Int64("millis", millis))
}

// Ended implements replica.Hands.
func (c *core) Ended(why error) { c.roles.Ended(why) }

// Gone implements replica.Hands.
func (c *core) Gone(why error) { c.roles.Gone(why, time.Now()) }

// Newer implements replica.Hands.
func (c *core) Newer(n *election.NewerConfig) {
	c.logger.Warn("another server has a newer configuration, which is ignored",
		zap.Int64("server", int64(n.Peer)), zap.Int64("version", n.Version))
}

// clock reads time for the core and the lanes.
type clock struct {
	start time.Time
}

func newClock() clock { return clock{start: time.Now()} }

// monoMillis is the monotonic clock. It starts above zero, so that 0 can mean "not read yet".
func (c clock) monoMillis() int64 { return time.Since(c.start).Milliseconds() + 1 }

func (c clock) now() replica.Now {
	return replica.Now{MonoMillis: c.monoMillis(), WallMillis: time.Now().UnixMilli()}
}
