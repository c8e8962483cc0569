package server

import (
	"sync"
	"time"

	"go.uber.org/zap"

	"quoll/internal/replica"
	"quoll/internal/replica/inbox"
	"quoll/internal/server/roles"
	"quoll/processor/lane"
	"quoll/processor/mail"
	"quoll/quorum/effects"
	"quoll/quorum/election"
)

// core runs the replica on a goroutine of its own. Everything but the inbox belongs to it.
type core struct {
	replica  *replica.Replica
	clock    clock
	log      *logWriter
	snapshot func(*replica.SnapshotJob)
	serving  func(lane.Service)
	outside  outside      // nil: the server is alone, and its peer asks for nothing of this
	roles    *roles.Watch // what is said of the server's role; nil: it is alone
	logger   *zap.Logger
	// published is called with the replica after each tick; may be nil.
	published func(*replica.Replica)
	// stepping is called with the time of each step, before it; may be nil.
	stepping func(replica.Now)

	mu     sync.Mutex    // guards the four fields below
	inbox  inbox.Inbox   // the events since the last step
	linked int           // bytes of packets in it
	room   *sync.Cond    // there is room for packets again, or over is set
	over   bool          // the core takes nothing any more
	signal chan struct{} // holds one value when something is in the inbox
	done   chan struct{} // closed when run must stop
	ended  chan struct{} // closed by run at its end
}

// outside carries out what a peer wants of other servers, and its jobs (replica.Hands).
type outside interface {
	Links([]effects.LinkOp)
	Send([]effects.Outgoing)
	Votes(*election.LinkEffects)
	Job(effects.Job)
}

func newCore(c clock, logger *zap.Logger) *core {
	k := &core{
		clock: c, logger: logger,
		signal: make(chan struct{}, 1), done: make(chan struct{}), ended: make(chan struct{}),
	}
	k.room = sync.NewCond(&k.mu)
	return k
}

// Submit takes a lane's batch (lane.Core).
func (c *core) Submit(_ *lane.Lane, b *mail.Batch) {
	c.mu.Lock()
	c.inbox.Submit(b)
	c.mu.Unlock()
	c.poke()
}

// durable takes the log writer's report.
func (c *core) durable(ticket effects.Ticket) {
	c.mu.Lock()
	c.inbox.Durable(ticket)
	c.mu.Unlock()
	c.poke()
}

// maxLinked is how many bytes of packets may wait for the core. More are left to the connections.
const maxLinked = 16 << 20

// vote takes an event of the election port.
func (c *core) vote(ev election.LinkEvent) {
	c.mu.Lock()
	c.inbox.Vote(ev)
	c.mu.Unlock()
	c.poke()
}

// link takes an event of the quorum port. It waits while too many packets are in the inbox.
func (c *core) link(ev effects.LinkEvent) {
	c.mu.Lock()
	for len(ev.Data) > 0 && c.linked > maxLinked && !c.over {
		c.room.Wait()
	}
	c.inbox.Link(ev)
	c.linked += len(ev.Data)
	c.mu.Unlock()
	c.poke()
}

// peerTick tells the peer of an ensemble the time.
func (c *core) peerTick() {
	c.mu.Lock()
	c.inbox.PeerTick()
	c.mu.Unlock()
	c.poke()
}

// jobDone takes a job's report.
func (c *core) jobDone(done replica.JobDone) {
	c.mu.Lock()
	c.inbox.JobDone(done)
	c.mu.Unlock()
	c.poke()
}

func (c *core) tick() {
	c.mu.Lock()
	c.inbox.Tick()
	c.mu.Unlock()
	c.poke()
}

func (c *core) poke() {
	select {
	case c.signal <- struct{}{}:
	default:
	}
}

// run steps the replica whenever there is something in the inbox, until stop.
func (c *core) run() {
	defer close(c.ended)
	for {
		select {
		case <-c.signal:
			c.step()
		case <-c.done:
			return
		}
	}
}

func (c *core) step() {
	ev := c.take()
	if c.stepping != nil {
		c.stepping(ev.Now)
	}
	effects := c.replica.Step(&ev)
	c.mu.Lock()
	c.inbox.Recycle(ev.Batches)
	c.mu.Unlock()
	effects.CarryOut(c)
	if ev.Tick && c.published != nil {
		c.published(c.replica)
	}
	if c.outside != nil && (ev.PeerTick || effects.Serving != nil) {
		c.roles.Look(c.replica.Status(), time.Now())
	}
}

// take empties the inbox, and sets the time of the step.
func (c *core) take() replica.Events {
	c.mu.Lock()
	ev := c.inbox.Take()
	if c.linked > 0 {
		c.linked = 0
		c.room.Broadcast()
	}
	c.mu.Unlock()
	ev.Now = c.clock.now()
	return ev
}

// Serving implements replica.Hands.
func (c *core) Serving(now lane.Service) { c.serving(now) }

// Links implements replica.Hands.
func (c *core) Links(ops []effects.LinkOp) { c.outside.Links(ops) }

// Send implements replica.Hands.
func (c *core) Send(out []effects.Outgoing) { c.outside.Send(out) }

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

// Again implements replica.Hands.
func (c *core) Again() { c.poke() }

// Late implements replica.Hands.
func (c *core) Late(millis int64) {
	c.logger.Warn("the process stood still; session deadlines were extended",
		zap.Int64("millis", millis))
}

// Ended implements replica.Hands.
func (c *core) Ended(why error) { c.roles.Ended(why) }

// Gone implements replica.Hands.
func (c *core) Gone(why error) { c.roles.Gone(why) }

// Newer implements replica.Hands.
func (c *core) Newer(n *election.NewerConfig) {
	c.logger.Warn("another server has a newer configuration, which is ignored",
		zap.Int64("server", int64(n.Peer)), zap.Int64("version", n.Version))
}

func (c *core) stop() {
	close(c.done)
	<-c.ended
	c.mu.Lock()
	c.over = true
	c.room.Broadcast()
	c.mu.Unlock()
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
